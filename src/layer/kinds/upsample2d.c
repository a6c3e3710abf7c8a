/* An image made finer; the work is in ../upsample.c. */
#include "../layer_list.h"

#include "../upsample.h"

static gy_status shape(gy_layer *l)
{
    return gy_upsample_shape(l, 2);
}

static const gy_layer_sample samples[] = {
    {.yaml = "upsample2d: {factor: 2}", .in = {3, {3, 2, 2}}},
    {.yaml = "upsample2d: {factor: 2, mode: linear}", .in = {3, {3, 4, 17}}},
    {.yaml = "upsample2d: {factor: 1x3, mode: linear}", .in = {3, {2, 3, 2}}},
    {.yaml = "upsample2d: {factor: 4x2, mode: nearest}", .in = {3, {2, 1, 3}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_upsample2d = {
    .kind = {"upsample2d", "an image made finer by whole factors", gy_upsample_rows,
             sizeof(gy_upsample_settings)},
    .shape = shape,
    .forward = gy_upsample_layer_forward,
    .backward = gy_upsample_layer_backward,
    .samples = samples,
};
