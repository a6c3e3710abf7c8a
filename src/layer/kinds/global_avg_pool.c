/* Means over all axes but the last; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static const gy_layer_sample samples[] = {
    {.yaml = "global_avg_pool: {}", .in = {3, {4, 3, 5}}},
    {.yaml = "global_avg_pool: {}", .in = {2, {7, 2}}},
    {.yaml = "global_avg_pool: {}", .in = {1, {4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_global_avg_pool = {
    .kind = {"global_avg_pool", "mean of each channel over all positions", NULL, 0},
    .shape = gy_pooling_shape_global,
    .forward = gy_pooling_avg_forward,
    .backward = gy_pooling_avg_backward,
    .samples = samples,
};
