/*
 * Merge: several values into one, by sum, product, or side by side on the last axis. A part of
 * residual, parallel and transformer_block.
 */
#include "parts.h"

#include "kernel/elementwise.h"

#include <string.h>

static gy_status shape(gy_layer *l)
{
    const gy_merge_settings *s = l->settings;
    char first[GY_SHAPE_TEXT], other[GY_SHAPE_TEXT];
    l->out = l->in[0];
    for (int j = 1; j < l->inputs; j++) {
        gy_shape a = l->in[0], b = l->in[j];
        if (s->how == GY_MERGE_CONCAT && a.n > 0 && b.n > 0) {
            l->out.d[a.n - 1] += b.d[b.n - 1];
            a.d[a.n - 1] = b.d[b.n - 1] = 1;
        }
        if (!gy_shape_equal(&a, &b))
            return gy_layer_refuse(l, "make the shapes agree", "%s and %s do not merge",
                                   gy_shape_text(&l->in[0], first),
                                   gy_shape_text(&l->in[j], other));
    }
    l->relation.in_place = s->how != GY_MERGE_CONCAT;
    l->relation.adds = s->how == GY_MERGE_ADD;
    l->memory.needs = s->how == GY_MERGE_MULTIPLY ? GY_NEEDS_X : 0;
    if (l->relation.in_place) l->report.flops = (double)gy_shape_count(&l->out) * (l->inputs - 1);
    return GY_OK;
}

/* Copies [rows, columns] between a matrix of its own and columns of a wider one. */
static void copy_columns(int64_t rows, int64_t columns, const float *from, int64_t from_width,
                         float *to, int64_t to_width)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_width, from + r * from_width, (size_t)columns * sizeof *to);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const gy_merge_settings *s = l->settings;
    int64_t n = p->batch * gy_shape_count(&l->out);
    int64_t rows = p->batch * gy_shape_rows(&l->out), width = gy_shape_last(&l->out), at = 0;
    for (int j = 0; j < l->inputs; j++) {
        int64_t columns = gy_shape_last(&l->in[j]);
        if (s->how == GY_MERGE_CONCAT)
            copy_columns(rows, columns, p->x[j], columns, p->y + at, width);
        else if (j == 0 && p->x[0] != p->y)
            gy_copy(p->kernel, n, p->x[0], p->y);
        else if (j > 0 && s->how == GY_MERGE_ADD)
            gy_axpby(p->kernel, n, 1, p->x[j], 1, p->y);
        else if (j > 0)
            gy_multiply(p->kernel, n, p->x[j], p->y, p->y);
        at += columns;
    }
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const gy_merge_settings *s = l->settings;
    int64_t n = p->batch * gy_shape_count(&l->out);
    int64_t rows = p->batch * gy_shape_rows(&l->out), width = gy_shape_last(&l->out), at = 0;
    for (int j = 0; j < l->inputs; at += gy_shape_last(&l->in[j]), j++) {
        int64_t columns = gy_shape_last(&l->in[j]);
        if (p->dx[j] == NULL) continue;
        if (s->how == GY_MERGE_CONCAT) {
            copy_columns(rows, columns, p->dy + at, width, p->dx[j], columns);
            continue;
        }
        gy_copy(p->kernel, n, p->dy, p->dx[j]);
        for (int i = 0; i < l->inputs && s->how == GY_MERGE_MULTIPLY; i++)
            if (i != j) gy_multiply(p->kernel, n, p->x[i], p->dx[j], p->dx[j]);
    }
    return GY_OK;
}

const gy_layer_kind gy_layer_merge = {
    .kind = {"merge", "several values into one", NULL, sizeof(gy_merge_settings)},
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

gy_status gy_merge_add(const gy_layer_spec *spec, gy_builder *b, gy_merge how, const int *x, int n,
                       int *out)
{
    gy_merge_settings *settings;
    GY_TRY(gy_pool_new(b->pool, &settings));
    settings->how = how;
    gy_layer_spec part = {&gy_layer_merge, {.name = "", .trainable = true}, settings, spec->where};
    return gy_builder_layer(b, &part, x, n, out);
}
