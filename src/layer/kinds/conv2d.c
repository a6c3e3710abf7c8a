/* Convolution of an image [H, W, C] → [H', W', filters]; the work is in ../conv.c. */
#include "../layer_list.h"

#include "../conv.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_layer_shape(l, 2);
}

static const gy_setting rows[] = {
    GY_CONV_ROWS("3, or height x width as 3x5", gy_padding_words, "valid: none"),
};

static const gy_layer_sample samples[] = {
    {.yaml = "conv2d: {filters: 3, kernel: 3}", .in = {3, {5, 4, 2}}},
    {.yaml = "conv2d: {filters: 4, kernel: 2x3, stride: 1x2, activation: silu}",
     .in = {3, {4, 5, 3}}},
    {.yaml = "conv2d: {filters: 3, kernel: 4, activation: relu}", .in = {3, {5, 5, 1}}},
    {.yaml = "conv2d: {filters: 2, kernel: 1, stride: 3, activation: tanh}", .in = {3, {7, 6, 2}}},
    {.yaml = "conv2d: {filters: 5, kernel: 1, bias: false}", .in = {3, {3, 4, 4}}},
    {.yaml = "conv2d: {filters: 6, kernel: 3, padding: valid, activation: gelu}",
     .in = {3, {5, 6, 2}}},
    {.yaml = "conv2d: {filters: 6, kernel: 3, groups: 2, padding: 1}", .in = {3, {4, 4, 4}}},
    {.yaml = "conv2d: {filters: 8, kernel: 3, groups: 4, dilation: 2, bias: false}",
     .in = {3, {6, 5, 4}}},
    {.yaml = "conv2d: {filters: 3, kernel: 2x3, dilation: 2x1, padding: 0x2, stride: 2}",
     .in = {3, {7, 6, 2}}},
    {.yaml = "conv2d: {filters: 2, kernel: 1, stride: 2, padding: 1}", .in = {3, {1, 1, 2}}},
    {.yaml = "conv2d: {filters: 2, kernel: 2, stride: 3, dilation: 4}", .in = {3, {1, 1, 2}}},
    {.yaml = "conv2d: {filters: 18, kernel: 3, activation: sigmoid}", .in = {3, {6, 7, 17}}},
    {.yaml = "conv2d: {filters: 4, kernel: 3, activation: softmax}", .in = {3, {3, 3, 2}}},
    {.yaml = "conv2d: {filters: 3, kernel: 3, algorithm: gemm}", .in = {3, {5, 4, 3}}},
    {.yaml = "conv2d: {filters: 3, kernel: 3, algorithm: direct}", .in = {3, {5, 4, 3}}},
    {.yaml = "conv2d: {filters: 3, kernel: 3, algorithm: winograd}", .in = {3, {5, 4, 3}}},
    {.yaml = "conv2d: {filters: 3, kernel: 5, padding: 1, algorithm: winograd}",
     .in = {3, {5, 4, 3}}},
    {.yaml = "conv2d: {filters: 3, kernel: 3, border: circular, activation: silu}",
     .in = {3, {4, 3, 2}}},
    {.yaml = "conv2d: {filters: 3, kernel: 2x5, border: reflect, stride: 2x1}",
     .in = {3, {5, 3, 2}}},
    {.yaml = "conv2d: {filters: 4, kernel: 3, border: replicate, padding: 3x1, groups: 2}",
     .in = {3, {2, 5, 2}}},
    {.yaml = "conv2d: {filters: 3, kernel: 3, border: circular, padding: valid, stride: 2}",
     .in = {3, {4, 6, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv2d = {
    .kind = {"conv2d", "convolution of an image", rows, sizeof(gy_conv_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_conv_layer_forward,
    .pack = gy_conv_layer_pack,
    .backward = gy_conv_layer_backward,
    .samples = samples,
};
