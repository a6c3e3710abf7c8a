/* Transposed convolution of a volume [D, H, W, C] → [D', H', W', filters]; the work is in ../conv_transposed.c. */
#include "../layer_list.h"

#include "../conv_transposed.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_transposed_shape(l, 3);
}

static const gy_layer_sample samples[] = {
    {.yaml = "conv3d_transposed: {filters: 2, kernel: 2, stride: 2, activation: tanh}",
     .in = {4, {2, 3, 2, 3}}},
    {.yaml = "conv3d_transposed: {filters: 3, kernel: 3x2x1, stride: 1x2x3, padding: valid}",
     .in = {4, {2, 2, 3, 2}}},
    {.yaml = "conv3d_transposed: {filters: 2, kernel: 3, padding: 1x0x1, stride: 2x1x1, "
             "activation: gelu}",
     .in = {4, {3, 2, 2, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv3d_transposed = {
    .kind = {"conv3d_transposed", "transposed convolution of a volume, which makes it finer",
             gy_conv_transposed_rows, sizeof(gy_conv_transposed_settings)},
    .has_params = true,
    .shape = shape,
    .forward = gy_conv_transposed_layer_forward,
    .backward = gy_conv_transposed_layer_backward,
    .samples = samples,
};
