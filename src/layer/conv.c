/*
 * A running convolution: y = a(x ∗ w + b). What is the same for any number of axes.
 *
 * In generation (l->window > 0) a causal convolution takes a sequence in pieces: the positions of the
 * piece before that its windows reach back to are carried along, and stand where the padding would.
 */
#include "conv.h"

#include "kernel/elementwise.h"
#include "kernel/product.h"

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

/* The layer's state. */
typedef struct convolution {
    gy_conv conv; /* of the framed input where there is a frame */
    gy_frame frame;
    bool framed;
} convolution;

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

void gy_conv_layer_end(gy_layer *l, gy_activation a, bool bias)
{
    const gy_size z = {gy_shape_count(&l->out), GY_PARAM_ALIGN};
    if (bias)
        gy_layer_param(l, "bias", GY_ROLE_BIAS, gy_shape_of(1, gy_shape_last(&l->out)),
                       (gy_init){GY_INIT_zeros, 0});
    if (a == GY_ACTIVATION_none) return;
    if (gy_activation_reads_x(a))
        l->memory.keep = z;
    else
        l->memory.needs |= GY_NEEDS_Y;
    if (a == GY_ACTIVATION_relu) l->fuse.offers = GY_FUSE_SLOPE;
    l->memory.scratch.per_sample += z.per_sample;
    l->memory.scratch.fixed += z.fixed;
}

float *gy_conv_layer_z(gy_activation a, const gy_pass *p)
{
    return gy_activation_reads_x(a) ? p->keep : NULL;
}

const float *gy_conv_layer_dz(const gy_layer *l, gy_activation a, const gy_pass *p, float **scratch)
{
    const int64_t rows = p->batch * gy_shape_rows(&l->out), n = gy_shape_last(&l->out);
    if (a == GY_ACTIVATION_none || (l->fuse.left & GY_FUSE_SLOPE)) return p->dy;
    float *dz = gy_take_floats(scratch, rows * n);
    gy_activation_backward(p->kernel, a, rows, n, p->keep, p->y, p->dy, dz);
    return dz;
}

/* Room for another x in a pass: one with its frame, or with what was carried along. */
static void take_room(gy_layer *l, const gy_conv *c)
{
    l->memory.scratch.per_sample += gy_windows_in(c->axis) * c->channels;
    l->memory.scratch.fixed += GY_PARAM_ALIGN;
}

gy_status gy_conv_layer_shape(gy_layer *l, int axes)
{
    const gy_conv_settings *s = l->settings;
    convolution *state;
    GY_TRY(gy_pool_new(l->pool, &state));
    l->state = state;
    gy_conv *c = &state->conv;
    GY_TRY(gy_windows_place(l, axes, &s->window, c->axis));
    c->channels = gy_shape_last(&l->in[0]);
    c->filters = s->filters;
    c->groups = s->groups;
    l->out = gy_windows_shape_out(axes, c->axis, c->filters);
    const gy_shape weight =
        gy_windows_shape_weight(axes, c->axis, c->filters, c->channels / c->groups);
    GY_TRY(check(l, s, c, &weight));
    state->framed =
        gy_windows_frame(c->axis, (gy_border)s->window.border, c->channels, &state->frame);
    if (l->window > 0 && !state->framed) take_pieces(l, c);
    const gy_simd level = gy_context_simd_level(l->ctx);
    const bool floats = l->form == NULL || !gy_conv_plan_form(c, l->form, level, l->threads);
    if (floats) gy_conv_plan(c, (gy_conv_algorithm)s->algorithm, l->threads);
    l->report.method = floats ? gy_conv_names[c->algorithm] : l->form->kind.name;

    gy_layer_param(l, "weight", GY_ROLE_KERNEL, weight, gy_init_for((gy_activation)s->activation));
    if (floats) gy_layer_param_floats(l);
    if (floats) l->memory.packed = gy_conv_packed(c);
    l->memory.needs = GY_NEEDS_X;
    l->memory.scratch.fixed = gy_align_floats(c->scratch);
    l->memory.scratch.per_sample = c->per_sample;
    if (c->per_sample > 0) l->memory.scratch.fixed += GY_PARAM_ALIGN;
    gy_conv_layer_end(l, (gy_activation)s->activation, s->bias);
    if (state->framed || l->memory.carry.fixed > 0) take_room(l, c);
    l->report.flops =
        2.0 * (double)gy_shape_count(&l->out) * (double)(gy_shape_count(&weight) / c->filters);
    return GY_OK;
}

void gy_conv_layer_pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    const convolution *state = l->state;
    gy_conv_pack(k, &state->conv, w[WEIGHT], packed);
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

/* x as the convolution sees it: with its frame, with what was carried along, or as it is. */
static const float *input(const gy_layer *l, const gy_pass *p, float **scratch)
{
    const convolution *state = l->state;
    const gy_conv *c = &state->conv;
    if (!state->framed && l->memory.carry.fixed == 0) return p->x[0];
    float *x = gy_take_floats(scratch, p->batch * gy_windows_in(c->axis) * c->channels);
    if (!state->framed) return join(c, p, x);
    gy_frame_put(p->kernel, &state->frame, p->batch, p->x[0], x);
    return x;
}

gy_status gy_conv_layer_forward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_settings *s = l->settings;
    const convolution *state = l->state;
    const gy_activation a = (gy_activation)s->activation;
    float *scratch = p->scratch;
    const float *x = input(l, p, &scratch);
    const float *bias = s->bias ? p->w[BIAS] : NULL;
    if (p->form != NULL && p->form[WEIGHT] != NULL) /* whatever it is multiplied as here */
        gy_product_note(p->kernel, p->form[WEIGHT],
                        p->batch * gy_windows_in(state->conv.axis) * state->conv.channels, x);
    if (p->w[WEIGHT] == NULL)
        gy_conv_forward_form(p->kernel, &state->conv, p->batch, x, p->form[WEIGHT], bias, a, p->y,
                             scratch);
    else
        gy_conv_forward(p->kernel, &state->conv, p->batch, x, p->w[WEIGHT], p->packed, bias, a,
                        gy_conv_layer_z(a, p), p->y, scratch);
    return GY_OK;
}

gy_status gy_conv_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_settings *s = l->settings;
    const convolution *state = l->state;
    const gy_conv *c = &state->conv;
    float *scratch = p->scratch;
    const float *dz = gy_conv_layer_dz(l, (gy_activation)s->activation, p, &scratch);
    if (p->dw[WEIGHT] != NULL) {
        float *rest = scratch;
        const float *x = input(l, p, &rest);
        gy_conv_backward_weight(p->kernel, c, p->batch, x, dz, p->beta[WEIGHT], p->dw[WEIGHT],
                                rest);
    }
    if (s->bias && p->dw[BIAS] != NULL)
        gy_column_sum(p->kernel, p->batch * gy_windows_out(c->axis), c->filters, dz, p->beta[BIAS],
                      p->dw[BIAS]);
    if (p->dx[0] != NULL) {
        float *dx = state->framed
                        ? gy_take_floats(&scratch, p->batch * gy_frame_floats(&state->frame))
                        : p->dx[0];
        gy_conv_backward_data(p->kernel, c, p->batch, p->w[WEIGHT], dz, dx, scratch);
        if (state->framed) gy_frame_fold(p->kernel, &state->frame, p->batch, dx, p->dx[0]);
    }
    return GY_OK;
}
