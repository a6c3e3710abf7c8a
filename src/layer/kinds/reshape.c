/* Reshape: other axes over the same elements, row-major. A view: nothing moves. */
#include "../layer_list.h"

typedef struct reshape {
    gy_ints shape;
} reshape;

static gy_status shape(gy_layer *l)
{
    static const char *const hint = "give lengths whose product is that of the input's";
    const reshape *s = l->settings;
    char in[GY_SHAPE_TEXT], out[GY_SHAPE_TEXT];
    int open = -1;
    if (s->shape.n > GY_DIMS)
        return gy_layer_refuse(l, "use fewer axes", "%d axes are more than %d", s->shape.n,
                               (int)GY_DIMS);
    l->out.n = s->shape.n;
    for (int i = 0; i < s->shape.n; i++) {
        int64_t length = s->shape.v[i];
        if (length < -1 || length == 0 || (length == -1 && open >= 0))
            return gy_layer_refuse(l, "lengths are 1 and more, and one may be -1",
                                   "length %lld of axis %d is not possible", (long long)length, i);
        if (length == -1) open = i;
        l->out.d[i] = length == -1 ? 1 : length;
    }
    int64_t have = gy_shape_count(&l->in[0]), want = gy_shape_count(&l->out);
    if (open >= 0 && want > 0 && have % want == 0) {
        l->out.d[open] = have / want;
        want = have;
    }
    if (have != want)
        return gy_layer_refuse(l, hint, "%s does not reshape to %s", gy_shape_text(&l->in[0], in),
                               gy_shape_text(&l->out, out));
    l->relation.view = true;
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "shape",
     .type = GY_SETTING_INTS,
     .offset = offsetof(reshape, shape),
     .help = "lengths of the axes of one sample; one may be -1: what is left"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "reshape: {shape: [3, 4]}", .in = {2, {2, 6}}},
    {.yaml = "reshape: {shape: [2, -1, 1]}", .in = {1, {6}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_reshape = {
    .kind = {"reshape", "other axes over the same elements", rows, sizeof(reshape)},
    .shape = shape,
    .samples = samples,
};
