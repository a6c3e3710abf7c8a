/*
 * A running convolution: y = a(x ∗ w + b). What is the same for any number of axes.
 *
 * In generation (l->window > 0) a causal convolution takes a sequence in pieces: the positions of the
 * piece before that its windows reach back to are carried along, and stand where the padding would.
 */
#include "conv.h"

#include "kernel/elementwise.h"

#include <string.h>

enum { WEIGHT, BIAS };

static gy_status check(const gy_layer *l, const gy_conv_settings *s, const gy_conv *c,
                       const gy_shape *weight)
{
    if (c->channels % c->groups != 0 || c->filters % c->groups != 0)
        return gy_layer_refuse(l, "choose a number that divides both",
                               "its %lld groups do not divide %lld channels and %lld filters",
                               (long long)c->groups, (long long)c->channels, (long long)c->filters);
    if (gy_shape_count(weight) < 0)
        return gy_layer_refuse(l, "use fewer filters", "it has too many weights");
    gy_conv_algorithm wanted = (gy_conv_algorithm)s->algorithm;
    if (!gy_conv_can(c, wanted))
        return gy_layer_refuse(l, "use algorithm: auto", "the algorithm %s is not for this shape",
                               gy_conv_names[wanted]);
    return GY_OK;
}

/* Positions before its own that a window of a causal convolution reaches back to. */
static int64_t reach(const gy_conv *c)
{
    return gy_window_reach(&c->axis[GY_WIDTH]) - 1;
}

/* Pieces of a sequence, each behind what it reaches back to. */
static void take_pieces(gy_layer *l, gy_conv *c)
{
    const gy_conv_settings *s = l->settings;
    gy_window *w = &c->axis[GY_WIDTH];
    if (s->window.padding.choice != GY_PADDING_CAUSAL || w->stride != 1) return;
    l->memory.carry = (gy_size){reach(c) * c->channels, GY_PARAM_ALIGN};
    w->in += reach(c);
    w->before = 0;
}

static gy_shape weight_of(const gy_conv *c, int axes)
{
    const gy_window *w = c->axis;
    const int64_t sizes[] = {w[GY_DEPTH].size, w[GY_HEIGHT].size, w[GY_WIDTH].size};
    gy_shape shape = gy_windows_shape(axes, sizes, c->channels / c->groups);
    for (int i = shape.n++; i > 0; i--) shape.d[i] = shape.d[i - 1];
    shape.d[0] = c->filters;
    return shape;
}

static bool keeps_z(const gy_conv_settings *s)
{
    return gy_activation_reads_x((gy_activation)s->activation);
}

gy_status gy_conv_layer_shape(gy_layer *l, int axes)
{
    const gy_conv_settings *s = l->settings;
    gy_conv *c;
    GY_TRY(gy_pool_new(l->pool, &c));
    l->state = c;
    GY_TRY(gy_windows_place(l, axes, &s->window, c->axis));
    c->channels = gy_shape_last(&l->in[0]);
    c->filters = s->filters;
    c->groups = s->groups;
    l->out = gy_windows_shape_out(axes, c->axis, c->filters);
    const gy_shape weight = weight_of(c, axes);
    GY_TRY(check(l, s, c, &weight));
    if (l->window > 0) take_pieces(l, c);
    gy_conv_plan(c, (gy_conv_algorithm)s->algorithm, l->threads);
    l->report.method = gy_conv_names[c->algorithm];

    gy_layer_param(l, "weight", GY_ROLE_KERNEL, weight, gy_init_for((gy_activation)s->activation));
    if (s->bias)
        gy_layer_param(l, "bias", GY_ROLE_BIAS, gy_shape_of(1, c->filters),
                       (gy_init){GY_INIT_zeros, 0});
    l->memory.needs = GY_NEEDS_X;
    l->memory.scratch.fixed = gy_align_floats(c->scratch);
    if (s->activation != GY_ACTIVATION_none) {
        gy_size z = {gy_shape_count(&l->out), GY_PARAM_ALIGN};
        if (keeps_z(s))
            l->memory.keep = z;
        else
            l->memory.needs |= GY_NEEDS_Y;
        if (s->activation == GY_ACTIVATION_relu) l->fuse.offers = GY_FUSE_SLOPE;
        l->memory.scratch.per_sample = z.per_sample;
        l->memory.scratch.fixed += z.fixed;
    }
    if (l->memory.carry.fixed > 0) {
        l->memory.scratch.per_sample += c->axis[GY_WIDTH].in * c->channels;
        l->memory.scratch.fixed += GY_PARAM_ALIGN;
    }
    l->report.flops =
        2.0 * (double)gy_shape_count(&l->out) * (double)(gy_shape_count(&weight) / c->filters);
    return GY_OK;
}

/* What was carried along, then the piece; its end is what is carried on. */
static const float *join(const gy_conv *c, const gy_pass *p, float *joined)
{
    const size_t before = (size_t)(reach(c) * c->channels),
                 all = (size_t)(c->axis[GY_WIDTH].in * c->channels), own = all - before;
    for (int64_t b = 0; b < p->batch; b++) {
        float *to = joined + (size_t)b * all, *carry = p->carry + (size_t)b * before;
        memcpy(to, carry, before * sizeof *to);
        memcpy(to + before, p->x[0] + (size_t)b * own, own * sizeof *to);
        memcpy(carry, to + own, before * sizeof *to);
    }
    return joined;
}

gy_status gy_conv_layer_forward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_settings *s = l->settings;
    const gy_conv *c = l->state;
    const float *x = p->x[0];
    float *z = keeps_z(s) ? p->keep : NULL, *scratch = p->scratch;
    if (l->memory.carry.fixed > 0)
        x = join(c, p, gy_take_floats(&scratch, p->batch * c->axis[GY_WIDTH].in * c->channels));
    gy_conv_forward(p->kernel, c, p->batch, x, p->w[WEIGHT], s->bias ? p->w[BIAS] : NULL,
                    (gy_activation)s->activation, z, p->y, scratch);
    return GY_OK;
}

gy_status gy_conv_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_settings *s = l->settings;
    const gy_conv *c = l->state;
    int64_t rows = p->batch * gy_windows_out(c->axis);
    const float *dz = p->dy;
    float *scratch = p->scratch;
    if (s->activation != GY_ACTIVATION_none && !(l->fuse.left & GY_FUSE_SLOPE)) {
        float *before = gy_take_floats(&scratch, rows * c->filters);
        gy_activation_backward(p->kernel, (gy_activation)s->activation, rows, c->filters, p->keep,
                               p->y, p->dy, before);
        dz = before;
    }
    if (p->dw[WEIGHT] != NULL)
        gy_conv_backward_weight(p->kernel, c, p->batch, p->x[0], dz, p->beta[WEIGHT], p->dw[WEIGHT],
                                scratch);
    if (s->bias && p->dw[BIAS] != NULL)
        gy_column_sum(p->kernel, rows, c->filters, dz, p->beta[BIAS], p->dw[BIAS]);
    if (p->dx[0] != NULL)
        gy_conv_backward_data(p->kernel, c, p->batch, p->w[WEIGHT], dz, p->dx[0], scratch);
    return GY_OK;
}
