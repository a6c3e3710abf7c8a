/*
 * A running recurrent layer.
 *
 * Parameters of a direction: the weights of all gates, then all recurrent matrices, then all biases,
 * each in the order of the cell's slots, so that they lie side by side in the flat vector and one
 * product serves all gates.
 *
 *     keep     each direction's (gy_recurrent_keep)
 *     scratch  the kernel's | x, later dx, by time: [T, B, n]
 *     carry    h [B, H] | c [B, H]
 */
#include "recurrent.h"

#include "kernel/elementwise.h"

enum { SEQUENCE, LAST, DIRECTIONS = 2 };
static const char *const returns[] = {"sequence", "last", NULL};

const gy_setting gy_recurrent_settings_rows[] = {
    {.key = "units",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_recurrent_settings, units),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "width of the hidden state"},
    {.key = "return",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(gy_recurrent_settings, outputs),
     .standard = "sequence",
     .choices = returns,
     .help = "the hidden state at every position, or the last one"},
    {.key = "bidirectional",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_recurrent_settings, bidirectional),
     .standard = "false",
     .help = "a second one reads backwards; the outputs are forward, reverse"},
    GY_SETTING_END,
};

/* The layer's state: its directions and how its parameters are numbered. */
typedef struct plan {
    gy_recurrent way[DIRECTIONS];
    int ways, gates, slots;
    int64_t time, in, units;
    bool last;
} plan;

/* Where the parameters of a direction begin in l->params; weights, recurrent, biases. */
static int params_at(const plan *r, int way)
{
    return way * (2 * r->gates + r->slots);
}

static gy_status add_param(gy_layer *l, int way, const char *gate, const char *name, gy_role role,
                           gy_shape shape, gy_init init)
{
    const char *full;
    GY_TRY(gy_pool_format(l->pool, &full, "%s%s/%s", way > 0 ? "reverse/" : "", gate, name));
    gy_layer_param(l, full, role, shape, init);
    return GY_OK;
}

static gy_status add_params(gy_layer *l, const plan *r, const gy_recurrent_cell *cell, int way)
{
    const gy_shape weight = gy_shape_of(2, r->units, r->in);
    const gy_shape square = gy_shape_of(2, r->units, r->units), bias = gy_shape_of(1, r->units);
    const gy_init uniform = gy_init_for(GY_ACTIVATION_tanh), orthogonal = {GY_INIT_orthogonal, 1};
    for (int g = 0; g < r->gates; g++)
        GY_TRY(add_param(l, way, cell->gate[g], "weight", GY_ROLE_WEIGHT, weight, uniform));
    for (int g = r->slots - r->gates; g < r->slots; g++) {
        GY_TRY(
            add_param(l, way, cell->gate[g], "recurrent", GY_ROLE_RECURRENT, square, orthogonal));
        gy_layer_param_floats(l); /* packed for all steps */
    }
    for (int s = 0; s < r->slots; s++)
        GY_TRY(add_param(l, way, cell->gate[s], s < r->gates ? "bias" : "recurrent_bias",
                         GY_ROLE_BIAS, bias, (gy_init){GY_INIT_constant, cell->bias[s]}));
    return GY_OK;
}

/* Floats that the directions keep. */
static gy_size keep_of_all(const plan *r, bool brief)
{
    gy_size size;
    gy_recurrent_keep(&r->way[0], brief, &size.fixed, &size.per_sample);
    return (gy_size){r->ways * size.per_sample, r->ways * size.fixed};
}

static void add_memory(gy_layer *l, const plan *r)
{
    int64_t fixed, per_sample;
    gy_recurrent_scratch(&r->way[0], &fixed, &per_sample);
    l->memory.keep = keep_of_all(r, false);
    l->memory.brief = keep_of_all(r, true);
    l->memory.packed = r->ways * gy_recurrent_packed(&r->way[0]);
    l->memory.scratch.fixed = fixed + GY_PARAM_ALIGN;
    l->memory.scratch.per_sample = per_sample + r->time * r->in;
    if (l->window > 0) {
        int states = gy_cell_has_state(r->way[0].cell) ? 2 : 1;
        l->memory.carry = (gy_size){states * r->units, states * GY_PARAM_ALIGN};
    }
}

gy_status gy_recurrent_layer_shape(gy_layer *l, const gy_recurrent_cell *cell)
{
    const gy_recurrent_settings *s = l->settings;
    if (l->in[0].n != 2)
        return gy_layer_refuse(l, "give it positions and features: [T, n]",
                               "its input has %d axes instead of 2", l->in[0].n);
    if (l->window > 0 && s->bidirectional)
        return gy_layer_refuse(l, "use bidirectional: false",
                               "it reads backwards, which a sequence that grows does not allow");
    plan *r;
    GY_TRY(gy_pool_new(l->pool, &r));
    *r = (plan){.ways = s->bidirectional ? 2 : 1,
                .gates = gy_cell_gates(cell->cell),
                .slots = gy_cell_slots(cell->cell),
                .time = l->in[0].d[0],
                .in = l->in[0].d[1],
                .units = s->units,
                .last = s->outputs == LAST};
    l->state = r;
    for (int way = 0; way < r->ways; way++) {
        r->way[way] = (gy_recurrent){cell->cell, r->time, r->in, r->units, way > 0};
        GY_TRY(add_params(l, r, cell, way));
    }
    int64_t width = r->ways * r->units;
    l->out = r->last ? gy_shape_of(1, width) : gy_shape_of(2, r->time, width);
    l->memory.needs = GY_NEEDS_X;
    add_memory(l, r);
    l->report.flops = 2.0 * (double)(r->time * width) * (double)(r->gates * (r->in + r->units));
    return GY_OK;
}

void gy_recurrent_layer_pack(const gy_layer *l, const gy_kernel *k, const float *const *w,
                             float *packed)
{
    const plan *r = l->state;
    for (int way = 0; way < r->ways; way++, packed += gy_recurrent_packed(&r->way[0])) {
        const float *const *own = w + params_at(r, way);
        gy_recurrent_pack(k, &r->way[way], own, own + r->gates, own + 2 * r->gates, packed);
    }
}

/* The part of scratch behind the kernel's. */
static float *by_time(const plan *r, const gy_pass *p)
{
    int64_t fixed, per_sample;
    gy_recurrent_scratch(&r->way[0], &fixed, &per_sample);
    return p->scratch + gy_align_floats(fixed + p->batch * per_sample);
}

static float *keep_of(const plan *r, int way, const gy_pass *p)
{
    gy_size all, brief;
    gy_recurrent_keep(&r->way[way], false, &all.fixed, &all.per_sample);
    gy_recurrent_keep(&r->way[way], !p->training, &brief.fixed, &brief.per_sample);
    return p->keep + way * gy_least(gy_size_at(all, p->batch), gy_size_at(brief, p->batch));
}

/* From sample to sample of y, and from position to position. */
static int64_t time_step(const plan *r)
{
    return r->ways * r->units;
}
static int64_t sample_step(const plan *r)
{
    return r->last ? time_step(r) : r->time * time_step(r);
}

gy_status gy_recurrent_layer_forward(const gy_layer *l, const gy_pass *p)
{
    const plan *r = l->state;
    float *x = by_time(r, p);
    gy_swap_axes(p->kernel, p->batch, r->time, r->in, p->x[0], x);
    for (int way = 0; way < r->ways; way++) {
        const float *const *w = p->w + params_at(r, way);
        gy_recurrent_forward_args a = {.x = x,
                                       .weight = w,
                                       .form = p->form == NULL ? NULL : p->form + params_at(r, way),
                                       .recurrent = w + r->gates,
                                       .bias = w + 2 * r->gates,
                                       .packed =
                                           gy_packed_at(p, way * gy_recurrent_packed(&r->way[0])),
                                       .y = p->y + way * r->units,
                                       .y_sample = sample_step(r),
                                       .y_time = time_step(r),
                                       .last = r->last,
                                       .brief = !p->training,
                                       .keep = keep_of(r, way, p),
                                       .scratch = p->scratch};
        if (l->window > 0 && p->carry != NULL) {
            a.h_start = a.h_end = p->carry;
            if (gy_cell_has_state(r->way[way].cell))
                a.c_start = a.c_end = p->carry + gy_align_floats(p->batch * r->units);
        }
        gy_recurrent_forward(p->kernel, &r->way[way], p->batch, &a);
    }
    return GY_OK;
}

gy_status gy_recurrent_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const plan *r = l->state;
    float *x = by_time(r, p);
    gy_swap_axes(p->kernel, p->batch, r->time, r->in, p->x[0], x);
    for (int way = 0; way < r->ways; way++) {
        const int at = params_at(r, way);
        const float *const *w = p->w + at;
        gy_recurrent_backward_args a = {.x = x,
                                        .recurrent = w + r->gates,
                                        .dy = p->dy + way * r->units,
                                        .y_sample = sample_step(r),
                                        .y_time = time_step(r),
                                        .last = r->last,
                                        .d_weight = p->dw + at,
                                        .d_recurrent = p->dw + at + r->gates,
                                        .d_bias = p->dw + at + 2 * r->gates,
                                        .beta = p->beta[at],
                                        .keep = keep_of(r, way, p),
                                        .scratch = p->scratch};
        gy_recurrent_backward(p->kernel, &r->way[way], p->batch, &a);
    }
    for (int way = 0; way < r->ways && p->dx[0] != NULL; way++)
        gy_recurrent_backward_input(p->kernel, &r->way[way], p->batch, p->w + params_at(r, way),
                                    keep_of(r, way, p), way > 0, x);
    if (p->dx[0] != NULL) gy_swap_axes(p->kernel, r->time, p->batch, r->in, x, p->dx[0]);
    return GY_OK;
}
