/* Flatten: all axes into one, row-major. A view: nothing moves. */
#include "../layer_list.h"

static gy_status shape(gy_layer *l)
{
    l->out = gy_shape_of(1, gy_shape_count(&l->in[0]));
    l->relation.view = true;
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "flatten", .in = {3, {2, 3, 2}}},
    {.yaml = "flatten: {}", .in = {1, {4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_flatten = {
    .kind = {"flatten", "all axes into one", NULL, 0},
    .shape = shape,
    .samples = samples,
};
