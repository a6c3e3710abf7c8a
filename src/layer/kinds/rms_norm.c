/* Root-mean-square norm (Zhang and Sennrich 2019) of the last axis; the work is in ../norm.c. */
#include "../layer_list.h"

#include "../norm.h"

static gy_status shape(gy_layer *l)
{
    return gy_norm_shape(l, false);
}

static const gy_setting rows[] = {GY_NORM_ROW_EPSILON(gy_norm_settings), GY_SETTING_END};

static const gy_layer_sample samples[] = {
    {.yaml = "rms_norm: {}", .in = {1, {7}}},
    {.yaml = "rms_norm: {epsilon: 0.1}", .in = {2, {5, 19}}},
    {.yaml = "rms_norm: {}", .in = {3, {3, 4, 6}}, .batch = 9},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_rms_norm = {
    .kind = {"rms_norm", "last axis to mean square 1, scaled", rows, sizeof(gy_norm_settings)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = gy_norm_forward,
    .backward = gy_norm_backward,
    .remake = gy_norm_remake,
    .samples = samples,
};
