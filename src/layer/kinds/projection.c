/*
 * Projection on a residual's shortcut: a product with [out, in] on every s-th position from 0 on,
 * s = ⌈in / out⌉ for each axis but the last.
 */
#include "parts.h"

#include "kernel/elementwise.h"
#include "kernel/gemm.h"

#include <string.h>

static int64_t stride(const gy_layer *l, int axis)
{
    return (l->in[0].d[axis] + l->out.d[axis] - 1) / l->out.d[axis];
}

static bool strided(const gy_layer *l)
{
    for (int i = 0; i + 1 < l->out.n; i++)
        if (l->in[0].d[i] != l->out.d[i]) return true;
    return false;
}

static gy_status shape(gy_layer *l)
{
    const gy_projection_settings *s = l->settings;
    char in[GY_SHAPE_TEXT], out[GY_SHAPE_TEXT];
    l->out = s->out;
    bool fits = l->in[0].n == l->out.n && l->out.n > 0;
    for (int i = 0; fits && i + 1 < l->out.n; i++)
        fits = (l->in[0].d[i] + stride(l, i) - 1) / stride(l, i) == l->out.d[i];
    if (!fits)
        return gy_layer_refuse(l, "make the layers inside shrink by a whole stride",
                               "no stride leads from %s to %s", gy_shape_text(&l->in[0], in),
                               gy_shape_text(&l->out, out));
    int64_t from = gy_shape_last(&l->in[0]), to = gy_shape_last(&l->out);
    int64_t rows = gy_shape_rows(&l->out);
    gy_layer_param(l, "weight", GY_ROLE_KERNEL, gy_shape_of(2, to, from),
                   gy_init_for(GY_ACTIVATION_none));
    l->needs = GY_NEEDS_X;
    if (strided(l)) l->scratch = (gy_size){2 * rows * from, 2 * GY_PARAM_ALIGN};
    l->flops = 2.0 * (double)(rows * from) * (double)to;
    return GY_OK;
}

/* Where, among the input's positions of one sample, the output's position lies. */
static int64_t position(const gy_layer *l, int64_t at)
{
    int64_t found = 0, step = 1;
    for (int i = l->out.n - 2; i >= 0; i--) {
        found += at % l->out.d[i] * stride(l, i) * step;
        at /= l->out.d[i];
        step *= l->in[0].d[i];
    }
    return found;
}

static void gather(const gy_layer *l, int64_t batch, const float *x, float *picked)
{
    int64_t n = gy_shape_last(&l->in[0]), rows = gy_shape_rows(&l->out);
    int64_t sample = gy_shape_count(&l->in[0]);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t r = 0; r < rows; r++)
            memcpy(picked + (b * rows + r) * n, x + b * sample + position(l, r) * n,
                   (size_t)n * sizeof *x);
}

static void scatter(const gy_layer *l, int64_t batch, const float *picked, float *x)
{
    int64_t n = gy_shape_last(&l->in[0]), rows = gy_shape_rows(&l->out);
    int64_t sample = gy_shape_count(&l->in[0]);
    memset(x, 0, (size_t)(batch * sample) * sizeof *x);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t r = 0; r < rows; r++)
            memcpy(x + b * sample + position(l, r) * n, picked + (b * rows + r) * n,
                   (size_t)n * sizeof *x);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    int64_t rows = p->batch * gy_shape_rows(&l->out);
    const float *x = p->x[0];
    if (strided(l)) {
        gather(l, p->batch, x, p->scratch);
        x = p->scratch;
    }
    gy_linear_forward(p->kernel, rows, gy_shape_last(&l->in[0]), gy_shape_last(&l->out), x, p->w[0],
                      NULL, GY_ACTIVATION_none, NULL, p->y);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    int64_t rows = p->batch * gy_shape_rows(&l->out), n = gy_shape_last(&l->in[0]);
    const float *x = p->x[0];
    float *dx = p->dx[0];
    if (strided(l)) {
        gather(l, p->batch, x, p->scratch);
        x = p->scratch;
        if (dx != NULL) dx = p->scratch + gy_align_floats(rows * n);
    }
    gy_linear_backward(p->kernel, rows, n, gy_shape_last(&l->out), x, p->w[0], p->dy, dx, p->dw[0],
                       p->beta[0], NULL, 0);
    if (strided(l) && dx != NULL) scatter(l, p->batch, dx, p->dx[0]);
    return GY_OK;
}

const gy_layer_kind gy_layer_projection = {
    .kind = {"projection", "a product on every s-th position", NULL,
             sizeof(gy_projection_settings)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
