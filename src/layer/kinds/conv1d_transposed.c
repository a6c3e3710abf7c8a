/* Transposed convolution of a sequence [T, C] → [T', filters]; the work is in ../conv_transposed.c. */
#include "../layer_list.h"

#include "../conv_transposed.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_transposed_shape(l, 1);
}

static const gy_layer_sample samples[] = {
    {.yaml = "conv1d_transposed: {filters: 3, kernel: 3, stride: 2, activation: tanh}",
     .in = {2, {4, 2}}},
    {.yaml =
         "conv1d_transposed: {filters: 4, kernel: 2, stride: 3, padding: valid, activation: gelu}",
     .in = {2, {3, 3}}},
    {.yaml = "conv1d_transposed: {filters: 17, kernel: 5, stride: 2, padding: 2, activation: relu}",
     .in = {2, {4, 18}}},
    {.yaml = "conv1d_transposed: {filters: 2, kernel: 4, bias: false}", .in = {2, {5, 2}}},
    {.yaml = "conv1d_transposed: {filters: 2, kernel: 1, stride: 2}", .in = {2, {3, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv1d_transposed = {
    .kind = {"conv1d_transposed", "transposed convolution of a sequence, which makes it finer",
             gy_conv_transposed_rows, sizeof(gy_conv_transposed_settings)},
    .has_params = true,
    .shape = shape,
    .forward = gy_conv_transposed_layer_forward,
    .backward = gy_conv_transposed_layer_backward,
    .samples = samples,
};
