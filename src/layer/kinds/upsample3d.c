/* A volume made finer; the work is in ../upsample.c. */
#include "../layer_list.h"

#include "../upsample.h"

static gy_status shape(gy_layer *l)
{
    return gy_upsample_shape(l, 3);
}

static const gy_layer_sample samples[] = {
    {.yaml = "upsample3d: {factor: 2}", .in = {4, {2, 3, 2, 2}}},
    {.yaml = "upsample3d: {factor: 2x1x3, mode: linear}", .in = {4, {3, 2, 2, 2}}},
    {.yaml = "upsample3d: {factor: 2, mode: linear}", .in = {4, {2, 3, 1, 3}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_upsample3d = {
    .kind = {"upsample3d", "a volume made finer by whole factors", gy_upsample_rows,
             sizeof(gy_upsample_settings)},
    .shape = shape,
    .forward = gy_upsample_layer_forward,
    .backward = gy_upsample_layer_backward,
    .samples = samples,
};
