/* Means of windows of a sequence; the work is in ../pooling.c. */
#include "../layer_list.h"

#include "../pooling.h"

static gy_status shape(gy_layer *l)
{
    return gy_pooling_shape(l, 1);
}

static const gy_layer_sample samples[] = {
    {.yaml = "avg_pool1d: {size: 2}", .in = {2, {5, 3}}},
    {.yaml = "avg_pool1d: {size: 3, stride: 2, padding: same}", .in = {2, {8, 2}}},
    {.yaml = "avg_pool1d: {size: 3, stride: 1, padding: 2}", .in = {2, {4, 17}}},
    {.yaml = "avg_pool1d: {size: 2, stride: 3, padding: valid}", .in = {2, {7, 1}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_avg_pool1d = {
    .kind = {"avg_pool1d", "mean of each window of a sequence", gy_pooling_rows,
             sizeof(gy_window_settings)},
    .shape = shape,
    .forward = gy_pooling_avg_forward,
    .backward = gy_pooling_avg_backward,
    .samples = samples,
};
