/* Transposed convolution of an image [H, W, C] → [H', W', filters]; the work is in ../conv_transposed.c. */
#include "../layer_list.h"

#include "../conv_transposed.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_transposed_shape(l, 2);
}

static const gy_layer_sample samples[] = {
    {.yaml = "conv2d_transposed: {filters: 3, kernel: 3, activation: silu}", .in = {3, {4, 3, 2}}},
    {.yaml = "conv2d_transposed: {filters: 3, kernel: 3x2, stride: 2x3, activation: relu}",
     .in = {3, {3, 2, 4}}},
    {.yaml = "conv2d_transposed: {filters: 2, kernel: 4, stride: 2, padding: 1, bias: false}",
     .in = {3, {3, 4, 3}}},
    {.yaml = "conv2d_transposed: {filters: 16, kernel: 2, stride: 2, padding: valid}",
     .in = {3, {3, 2, 17}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv2d_transposed = {
    .kind = {"conv2d_transposed", "transposed convolution of an image, which makes it finer",
             gy_conv_transposed_rows, sizeof(gy_conv_transposed_settings)},
    .has_params = true,
    .shape = shape,
    .forward = gy_conv_transposed_layer_forward,
    .backward = gy_conv_transposed_layer_backward,
    .samples = samples,
};
