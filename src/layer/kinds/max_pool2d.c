/* Maxima of windows of an image; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static gy_status shape(gy_layer *l)
{
    GY_TRY(gy_pooling_shape(l, 2));
    gy_pooling_keep(l);
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "max_pool2d: {size: 2}", .in = {3, {5, 4, 3}}},
    {.yaml = "max_pool2d: {size: 3, stride: 2, padding: same}", .in = {3, {7, 6, 2}}},
    {.yaml = "max_pool2d: {size: 3, stride: 2, padding: 1}", .in = {3, {5, 8, 1}}},
    {.yaml = "max_pool2d: {size: 3x2, stride: 1, padding: 2x1}", .in = {3, {4, 5, 17}}},
    {.yaml = "max_pool2d: {size: 2x3, stride: 3x1, padding: valid}", .in = {3, {6, 5, 2}}},
    {.yaml = "repeat: {times: 1, layers: [conv2d: {filters: 4, kernel: 3, activation: relu}, "
             "max_pool2d: {size: 2}]}",
     .in = {3, {4, 6, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_max_pool2d = {
    .kind = {"max_pool2d", "maximum of each window of an image", gy_pooling_rows,
             sizeof(gy_window_settings)},
    .fuses = GY_FUSE_SLOPE,
    .shape = shape,
    .forward = gy_pooling_max_forward,
    .backward = gy_pooling_max_backward,
    .samples = samples,
};
