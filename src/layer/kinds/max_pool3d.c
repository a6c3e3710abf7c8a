/* Maxima of windows of a volume; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static gy_status shape(gy_layer *l)
{
    GY_TRY(gy_pooling_shape(l, 3));
    gy_pooling_keep(l);
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "max_pool3d: {size: 2}", .in = {4, {4, 5, 6, 3}}},
    {.yaml = "max_pool3d: {size: 3, stride: 2, padding: same}", .in = {4, {5, 4, 3, 2}}},
    {.yaml = "max_pool3d: {size: 3x2x1, stride: 1, padding: 2x1x0}", .in = {4, {3, 2, 4, 17}}},
    {.yaml = "max_pool3d: {size: 1x2x3, stride: 3x2x1}", .in = {4, {4, 5, 4, 2}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_max_pool3d = {
    .kind = {"max_pool3d", "maximum of each window of a volume", gy_pooling_rows,
             sizeof(gy_window_settings)},
    .fuses = GY_FUSE_SLOPE,
    .shape = shape,
    .forward = gy_pooling_max_forward,
    .backward = gy_pooling_max_backward,
    .samples = samples,
};
