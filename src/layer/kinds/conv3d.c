/* Convolution of a volume [D, H, W, C] → [D', H', W', filters]; the work is in ../conv.c. */
#include "../layer_list.h"

#include "../conv.h"

static gy_status shape(gy_layer *l)
{
    return gy_conv_layer_shape(l, 3);
}

static const gy_setting rows[] = {
    GY_CONV_ROWS("3, or depth x height x width as 3x5x5", gy_padding_words, "valid: none"),
};

static const gy_layer_sample samples[] = {
    {.yaml = "conv3d: {filters: 3, kernel: 3, activation: tanh}", .in = {4, {3, 4, 5, 2}}},
    {.yaml = "conv3d: {filters: 4, kernel: 2x3x1, stride: 2x1x3, activation: silu}",
     .in = {4, {5, 3, 4, 3}}},
    {.yaml = "conv3d: {filters: 6, kernel: 3x2x2, groups: 2, dilation: 2x1x2, bias: false}",
     .in = {4, {6, 3, 4, 4}}},
    {.yaml = "conv3d: {filters: 18, kernel: 2, padding: valid, activation: relu}",
     .in = {4, {3, 3, 3, 17}}},
    {.yaml = "conv3d: {filters: 4, kernel: 3, padding: 1x0x2, groups: 4, stride: 2x1x1}",
     .in = {4, {4, 3, 3, 4}}},
    {.yaml = "conv3d: {filters: 3, kernel: 2x3x3, dilation: 2x1x1, algorithm: winograd}",
     .in = {4, {3, 5, 4, 2}}},
    {.yaml = "conv3d: {filters: 3, kernel: 1}", .in = {4, {2, 3, 2, 4}}},
    {.yaml = "conv3d: {filters: 3, kernel: 3x1x2, stride: 2, algorithm: gemm}",
     .in = {4, {4, 2, 3, 2}}},
    {.yaml = "conv3d: {filters: 2, kernel: 3x2x3, border: circular}", .in = {4, {3, 2, 4, 2}}},
    {.yaml = "conv3d: {filters: 2, kernel: 3, border: reflect, stride: 2x1x2, activation: tanh}",
     .in = {4, {3, 4, 2, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_conv3d = {
    .kind = {"conv3d", "convolution of a volume", rows, sizeof(gy_conv_settings)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = gy_conv_layer_forward,
    .pack = gy_conv_layer_pack,
    .backward = gy_conv_layer_backward,
    .samples = samples,
};
