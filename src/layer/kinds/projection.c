/*
 * Projection on a residual's shortcut: a product with [out, in] on every s-th position from 0 on,
 * s = ⌈in / out⌉ for each axis but the last. That is a convolution of size 1 over the last three
 * of them; axes before these do not shrink, and count as samples.
 */
#include "parts.h"

#include "kernel/conv.h"

static int64_t stride(const gy_layer *l, int axis)
{
    return (l->in[0].d[axis] + l->out.d[axis] - 1) / l->out.d[axis];
}

/* Grids in a sample. */
static int64_t grids(const gy_layer *l)
{
    int64_t n = 1;
    for (int i = 0; i + 1 + GY_AXES < l->out.n; i++) n *= l->out.d[i];
    return n;
}

static bool fits(const gy_layer *l)
{
    if (l->in[0].n != l->out.n || l->out.n == 0) return false;
    for (int i = 0; i + 1 < l->out.n; i++) {
        bool shrinks = l->in[0].d[i] != l->out.d[i];
        if ((l->in[0].d[i] + stride(l, i) - 1) / stride(l, i) != l->out.d[i]) return false;
        if (shrinks && i + 1 + GY_AXES < l->out.n) return false;
    }
    return true;
}

static gy_conv convolution(const gy_layer *l)
{
    gy_conv c = {
        .channels = gy_shape_last(&l->in[0]), .filters = gy_shape_last(&l->out), .groups = 1};
    for (int i = 0; i < GY_AXES; i++) {
        const int at = l->out.n - 1 - GY_AXES + i; /* below 0: there is no such axis */
        c.axis[i] = GY_WINDOW_NONE;
        if (at < 0) continue;
        c.axis[i].in = l->in[0].d[at];
        c.axis[i].stride = stride(l, at);
        c.axis[i].out = l->out.d[at];
    }
    gy_conv_plan(&c, GY_CONV_auto, l->threads);
    return c;
}

static gy_status shape(gy_layer *l)
{
    const gy_projection_settings *s = l->settings;
    char in[GY_SHAPE_TEXT], out[GY_SHAPE_TEXT];
    l->out = s->out;
    if (!fits(l))
        return gy_layer_refuse(l, "make the layers inside shrink by a whole stride",
                               "no stride leads from %s to %s", gy_shape_text(&l->in[0], in),
                               gy_shape_text(&l->out, out));
    gy_conv *c;
    GY_TRY(gy_pool_new(l->pool, &c));
    *c = convolution(l);
    l->state = c;
    l->report.method = gy_conv_names[c->algorithm];
    gy_layer_param(l, "weight", GY_ROLE_KERNEL, gy_shape_of(2, c->filters, c->channels),
                   gy_init_for(GY_ACTIVATION_none));
    l->memory.needs = GY_NEEDS_X;
    l->memory.scratch.fixed = gy_align_floats(c->scratch);
    l->memory.packed = gy_conv_packed(c);
    l->report.flops = 2.0 * (double)gy_shape_count(&l->out) * (double)c->channels;
    return GY_OK;
}

static void pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    gy_conv_pack(k, l->state, w[0], packed);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    gy_conv_forward(p->kernel, l->state, p->batch * grids(l), p->x[0], p->w[0], p->packed, NULL,
                    GY_ACTIVATION_none, NULL, p->y, p->scratch);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    int64_t n = p->batch * grids(l);
    if (p->dw[0] != NULL)
        gy_conv_backward_weight(p->kernel, l->state, n, p->x[0], p->dy, p->beta[0], p->dw[0],
                                p->scratch);
    if (p->dx[0] != NULL)
        gy_conv_backward_data(p->kernel, l->state, n, p->w[0], p->dy, p->dx[0], p->scratch);
    return GY_OK;
}

const gy_layer_kind gy_layer_projection = {
    .kind = {"projection", "a product on every s-th position", NULL,
             sizeof(gy_projection_settings)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .pack = pack,
    .backward = backward,
};
