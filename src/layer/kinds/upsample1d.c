/* A sequence made finer; the work is in ../upsample.c. */
#include "../layer_list.h"

#include "../upsample.h"

static gy_status shape(gy_layer *l)
{
    return gy_upsample_shape(l, 1);
}

static const gy_layer_sample samples[] = {
    {.yaml = "upsample1d: {factor: 2}", .in = {2, {3, 2}}},
    {.yaml = "upsample1d: {factor: 3, mode: linear}", .in = {2, {4, 3}}},
    {.yaml = "upsample1d: {factor: 2, mode: linear}", .in = {2, {1, 17}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_upsample1d = {
    .kind = {"upsample1d", "a sequence made finer by whole factors", gy_upsample_rows,
             sizeof(gy_upsample_settings)},
    .shape = shape,
    .forward = gy_upsample_layer_forward,
    .backward = gy_upsample_layer_backward,
    .samples = samples,
};
