/*
 * A running convolution: y = a(x ∗ w + b). What is the same for conv2d and conv1d.
 *
 * In generation (l->window > 0) a causal convolution takes a sequence in pieces: the positions of the
 * piece before that its windows reach back to are carried along, and stand where the padding would.
 */
#include "conv.h"

#include "kernel/elementwise.h"

#include <string.h>

enum { WEIGHT, BIAS };

static gy_conv convolution(const gy_conv_settings *s, const gy_windows *w)
{
    return (gy_conv){.height = w->height.in,
                     .width = w->width.in,
                     .channels = w->channels,
                     .filters = s->filters,
                     .groups = s->groups,
                     .kernel_h = w->height.kernel,
                     .kernel_w = w->width.kernel,
                     .stride_h = w->height.stride,
                     .stride_w = w->width.stride,
                     .dilation_h = w->height.dilation,
                     .dilation_w = w->width.dilation,
                     .pad_top = w->height.before,
                     .pad_left = w->width.before,
                     .out_height = w->height.out,
                     .out_width = w->width.out};
}

static gy_status check(const gy_layer *l, const gy_conv_settings *s, const gy_conv *c)
{
    if (c->channels % c->groups != 0 || c->filters % c->groups != 0)
        return gy_layer_refuse(l, "choose a number that divides both",
                               "its %lld groups do not divide %lld channels and %lld filters",
                               (long long)c->groups, (long long)c->channels, (long long)c->filters);
    gy_shape w = gy_shape_of(4, c->filters, c->kernel_h, c->kernel_w, c->channels);
    if (gy_shape_count(&w) < 0)
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
    return c->dilation_w * (c->kernel_w - 1);
}

/* Pieces of a sequence, each behind what it reaches back to. */
static void take_pieces(gy_layer *l, gy_conv *c)
{
    const gy_conv_settings *s = l->settings;
    if (s->window.padding.choice != GY_PADDING_CAUSAL || c->stride_w != 1) return;
    l->memory.carry = (gy_size){reach(c) * c->channels, GY_PARAM_ALIGN};
    c->width += reach(c);
    c->pad_left = 0;
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
    gy_windows w;
    GY_TRY(gy_windows_place(l, axes, &s->window, &w));
    *c = convolution(s, &w);
    GY_TRY(check(l, s, c));
    if (l->window > 0) take_pieces(l, c);
    gy_conv_plan(c, (gy_conv_algorithm)s->algorithm, l->threads);
    l->report.method = gy_conv_names[c->algorithm];

    int64_t depth = c->channels / c->groups;
    gy_layer_param(l, "weight", GY_ROLE_KERNEL,
                   axes == 2 ? gy_shape_of(4, c->filters, c->kernel_h, c->kernel_w, depth)
                             : gy_shape_of(3, c->filters, c->kernel_w, depth),
                   gy_init_for((gy_activation)s->activation));
    if (s->bias)
        gy_layer_param(l, "bias", GY_ROLE_BIAS, gy_shape_of(1, c->filters),
                       (gy_init){GY_INIT_zeros, 0});
    l->out = gy_windows_out(&w, axes, c->filters);
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
        l->memory.scratch.per_sample += c->width * c->channels;
        l->memory.scratch.fixed += GY_PARAM_ALIGN;
    }
    l->report.flops =
        2.0 * (double)gy_shape_count(&l->out) * (double)(c->kernel_h * c->kernel_w * depth);
    return GY_OK;
}

/* What was carried along, then the piece; its end is what is carried on. */
static const float *join(const gy_conv *c, const gy_pass *p, float *joined)
{
    const size_t before = (size_t)(reach(c) * c->channels), all = (size_t)(c->width * c->channels),
                 own = all - before;
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
        x = join(c, p, gy_take_floats(&scratch, p->batch * c->width * c->channels));
    gy_conv_forward(p->kernel, c, p->batch, x, p->w[WEIGHT], s->bias ? p->w[BIAS] : NULL,
                    (gy_activation)s->activation, z, p->y, scratch);
    return GY_OK;
}

gy_status gy_conv_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_settings *s = l->settings;
    const gy_conv *c = l->state;
    int64_t rows = p->batch * c->out_height * c->out_width;
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
