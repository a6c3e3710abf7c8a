/* Layer norm (Ba et al. 2016) of the last axis; the work is in ../norm.c. */
#include "../layer_list.h"

#include "../norm.h"

static gy_status shape(gy_layer *l)
{
    return gy_norm_shape(l, true);
}

static const gy_setting rows[] = {GY_NORM_ROW_EPSILON(gy_norm_settings), GY_SETTING_END};

static const gy_layer_sample samples[] = {
    {.yaml = "layer_norm: {}", .in = {1, {7}}},
    {.yaml = "layer_norm: {epsilon: 0.1}", .in = {2, {5, 19}}},
    {.yaml = "layer_norm: {}", .in = {3, {3, 4, 6}}, .batch = 9},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_layer_norm = {
    .kind = {"layer_norm", "last axis to mean 0 and variance 1, scaled and shifted", rows,
             sizeof(gy_norm_settings)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = gy_norm_forward,
    .backward = gy_norm_backward,
    .remake = gy_norm_remake,
    .samples = samples,
};
