/* Convolution of a sequence [T, C] → [T', filters]; the work is in ../conv.c. */
#include "../layer_list.h"

#include "../conv.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_layer_shape(l, 1);
}

static const gy_setting rows[] = {
    GY_CONV_ROWS("a number", gy_padding_causal_words, "valid: none, causal: before only"),
};

static const gy_layer_sample samples[] = {
    {.yaml = "conv1d: {filters: 4, kernel: 3, activation: tanh}", .in = {2, {9, 3}}},
    {.yaml = "conv1d: {filters: 5, kernel: 2, padding: causal, dilation: 3}", .in = {2, {8, 2}}},
    {.yaml = "conv1d: {filters: 3, kernel: 3, padding: causal, stride: 2, activation: relu}",
     .in = {2, {7, 2}}},
    {.yaml = "conv1d: {filters: 6, kernel: 4, stride: 2, activation: gelu_tanh}",
     .in = {2, {9, 3}}},
    {.yaml = "conv1d: {filters: 6, kernel: 3, padding: 2, groups: 3, bias: false}",
     .in = {2, {6, 6}}},
    {.yaml = "conv1d: {filters: 2, kernel: 1, stride: 2, padding: 1}", .in = {2, {1, 3}}},
    {.yaml = "conv1d: {filters: 4, kernel: 3, padding: valid, dilation: 2, algorithm: gemm}",
     .in = {2, {9, 2}}},
    {.yaml = "conv1d: {filters: 3, kernel: 4, border: circular, activation: relu}",
     .in = {2, {6, 2}}},
    {.yaml = "conv1d: {filters: 3, kernel: 3, border: replicate, padding: causal, dilation: 3}",
     .in = {2, {4, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv1d = {
    .kind = {"conv1d", "convolution of a sequence", rows, sizeof(gy_conv_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_conv_layer_forward,
    .pack = gy_conv_layer_pack,
    .backward = gy_conv_layer_backward,
    .samples = samples,
};
