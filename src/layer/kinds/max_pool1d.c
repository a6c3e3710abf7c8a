/* Maxima of windows of a sequence; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static gy_status shape(gy_layer *l)
{
    GY_TRY(gy_pooling_shape(l, 1));
    gy_pooling_keep(l);
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "max_pool1d: {size: 2}", .in = {2, {5, 3}}},
    {.yaml = "max_pool1d: {size: 3, stride: 2, padding: same}", .in = {2, {9, 2}}},
    {.yaml = "max_pool1d: {size: 3, stride: 1, padding: 2}", .in = {2, {4, 17}}},
    {.yaml = "max_pool1d: {size: 2, stride: 3, padding: valid}", .in = {2, {7, 1}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_max_pool1d = {
    .kind = {"max_pool1d", "maximum of each window of a sequence", gy_pooling_rows,
             sizeof(gy_window_settings)},
    .fuses = GY_FUSE_SLOPE,
    .shape = shape,
    .forward = gy_pooling_max_forward,
    .backward = gy_pooling_max_backward,
    .samples = samples,
};
