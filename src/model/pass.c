/*
 * The passes: the steps of the program, one after the other. Nothing is allocated here.
 *
 * After the backward step of a unit the gradients from its mark on are complete: its parameters are
 * used by it and by later units alone.
 */
#include "model_impl.h"

#include "base/clock.h"
#include "base/trace.h"
#include "kernel/elementwise.h"

#include <string.h>

/* What all steps of one pass share. */
typedef struct course {
    gy_model *m;
    gy_model_run *run;
    int64_t batch;
    const float *x;
    float *dy;
    float *carry;   /* of the next unit */
    double ignored; /* penalties of repeated steps */
} course;

/* Storages are written by one step and read by others: only X is never written. */
static float *place(const course *c, int storage)
{
    switch (storage) {
    case GY_STORAGE_NONE:
        return NULL;
    case GY_STORAGE_X:
        return (float *)(uintptr_t)c->x;
    case GY_STORAGE_DY:
        return c->dy;
    default:
        return c->m->arena + c->m->plan->offset[storage];
    }
}

static void set_buffers(const course *c, const gy_step *s, const gy_unit *u, gy_pass *p)
{
    float *spare = place(c, s->buffers);
    for (int j = 0; j < u->layer.n_buffers; j++) {
        p->buffer[j] = u->buffer[j];
        if (s->op != GY_OP_RECOMPUTE) continue;
        int64_t count = gy_shape_count(&u->layer.buffers[j].shape);
        memcpy(spare, u->buffer[j], (size_t)count * sizeof *spare);
        p->buffer[j] = spare;
        spare += gy_align_floats(count);
    }
}

static gy_status call(course *c, const gy_step *s, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    const gy_model_run *run = c->run;
    const bool evaluation = c->m->plan->use == GY_USE_EVALUATION;
    if (run->need != NULL && s->op == GY_OP_FORWARD) GY_TRY(run->need(run->user, u->reach));
    gy_pass p = {.kernel = run->kernel,
                 .batch = c->batch,
                 .training = !evaluation,
                 .seed = run->seed,
                 .step = run->step,
                 .first = run->first,
                 .stream = (uint32_t)u->index,
                 .scale = run->scale,
                 .y = place(c, s->y),
                 .dy = place(c, s->dy),
                 .w = u->w,
                 .form = u->form,
                 .packed = evaluation ? gy_pack_of(c->m, u) : NULL,
                 .dw = u->dw,
                 .beta = run->first_use ? u->beta : u->ones,
                 .keep = place(c, s->keep),
                 .remade = s->remade,
                 .scratch = place(c, s->scratch),
                 .sum = run->sum,
                 .sum_user = run->user,
                 .penalty = s->op == GY_OP_RECOMPUTE ? &c->ignored : &c->run->penalty};
    for (int j = 0; j < l->inputs; j++) {
        p.x[j] = place(c, s->x[j]);
        p.dx[j] = place(c, s->dx[j]);
    }
    set_buffers(c, s, u, &p);
    if (l->window > 0) {
        p.carry = c->carry;
        p.position = run->position;
        c->carry += gy_align_floats(gy_size_at(l->memory.carry, c->batch));
    }
    if (s->op == GY_OP_REMAKE) return l->kind->remake(l, &p);
    const float *beta = p.beta;
    gy_joint_gather(c->m, u, place(c, s->joined), &p);
    GY_TRY(s->op == GY_OP_BACKWARD ? l->kind->backward(l, &p) : l->kind->forward(l, &p));
    gy_joint_scatter(c->m, u, beta, &p);
    return GY_OK;
}

static void make_moves(const course *c, const gy_step *s)
{
    const gy_kernel *k = c->run->kernel;
    for (int i = 0; i < s->n_moves; i++) {
        const gy_move *move = &s->moves[i];
        int64_t n = move->count * c->batch;
        const float *from = place(c, move->from);
        float *to = place(c, move->to);
        if (move->add)
            gy_axpby(k, n, 1, from, 1, to);
        else if (from != to)
            gy_copy(k, n, from, to);
    }
}

/* What lies between gradients, up to a whole cache line each, is zero whatever was there before. */
static void clear_gaps(const gy_model *m, const gy_unit *u)
{
    for (int j = 0; j < u->n_params; j++) {
        const gy_param *p = &m->params.v[u->params[j]];
        const int64_t gap = gy_align_floats(p->count) - p->count;
        if (u->dw[j] != NULL) memset(u->dw[j] + p->count, 0, (size_t)gap * sizeof *u->dw[j]);
    }
}

static gy_status take(course *c, const gy_step *s)
{
    gy_model *m = c->m;
    if (s->op == GY_OP_LOSS) {
        make_moves(c, s);
        return GY_OK;
    }
    double *seconds = c->run->layer_seconds;
    const bool traced = gy_trace_is_on(m->ctx);
    const double start = seconds != NULL || traced ? gy_clock_s() : 0;
    if (s->call) GY_TRY(call(c, s, m->units[s->unit]));
    if (s->op == GY_OP_BACKWARD) clear_gaps(m, m->units[s->unit]);
    make_moves(c, s);
    if (traced) gy_trace_add(m->ctx, GY_TRACK_WORK, m->units[s->unit]->layer.path, -1, start);
    if (seconds != NULL) {
        int row = s->op == GY_OP_FORWARD ? s->unit : m->n_units + s->unit;
        seconds[row] += gy_clock_s() - start;
    }
    return GY_OK;
}

gy_status gy_model_forward(gy_model *m, gy_model_run *run, int64_t batch, const float *x, float **y)
{
    course c = {.m = m, .run = run, .batch = batch, .x = x, .carry = run->carry};
    const gy_program *p = &m->plan->program;
    run->penalty = 0;
    if (m->plan->use == GY_USE_EVALUATION && m->packed == NULL)
        GY_TRY(gy_model_pack(m, run->kernel));
    for (int i = 0; i <= p->loss; i++) GY_TRY(take(&c, p->steps[i]));
    *y = place(&c, p->out);
    return GY_OK;
}

gy_status gy_model_backward(gy_model *m, gy_model_run *run, int64_t batch, const float *x,
                            float *dy)
{
    course c = {.m = m, .run = run, .batch = batch, .x = x, .dy = dy};
    const gy_program *p = &m->plan->program;
    int64_t mark = m->params.trainable;
    for (int i = p->loss + 1; i < p->n_steps; i++) {
        const gy_step *s = p->steps[i];
        GY_TRY(take(&c, s));
        int64_t now = m->units[s->unit]->mark;
        if (s->op != GY_OP_BACKWARD || now == mark) continue;
        mark = now;
        if (run->complete != NULL) GY_TRY(run->complete(run->user, mark));
    }
    return GY_OK;
}
