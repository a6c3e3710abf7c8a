/* Maxima over all axes but the last; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static gy_status shape(gy_layer *l)
{
    GY_TRY(gy_pooling_shape_global(l));
    gy_pooling_keep(l);
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "global_max_pool: {}", .in = {3, {4, 3, 5}}},
    {.yaml = "global_max_pool: {}", .in = {2, {7, 2}}},
    {.yaml = "global_max_pool: {}", .in = {1, {4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_global_max_pool = {
    .kind = {"global_max_pool", "maximum of each channel over all positions", NULL, 0},
    .fuses = GY_FUSE_SLOPE,
    .shape = shape,
    .forward = gy_pooling_max_forward,
    .backward = gy_pooling_max_backward,
    .samples = samples,
};
