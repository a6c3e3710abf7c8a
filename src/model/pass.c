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
    int64_t at, batch; /* samples [at, at + batch) of the pass */
    const float *x;    /* theirs */
    float *dy;
    float *carry;   /* of the next unit */
    int64_t mark;   /* gradients from here on are complete */
    double ignored; /* penalties of repeated steps */
} course;

/* Storages are written by one step and read by others: only X is never written. The output is of all samples. */
static float *place(const course *c, int storage)
{
    const gy_plan *plan = c->m->plan;
    const gy_program *p = &plan->program;
    switch (storage) {
    case GY_STORAGE_NONE:
        return NULL;
    case GY_STORAGE_X:
        return (float *)(uintptr_t)c->x;
    case GY_STORAGE_DY:
        return c->dy;
    default:
        return c->m->arena + plan->offset[storage] +
               (storage == p->out ? c->at * p->storages[storage]->size.per_sample : 0);
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

static void set_pass(const course *c, const gy_step *s, const gy_unit *u, double *penalty,
                     gy_pass *p)
{
    const gy_model_run *run = c->run;
    const bool trains = gy_use_trains(c->m->plan->use);
    *p = (gy_pass){.kernel = run->kernel,
                   .batch = c->batch,
                   .training = trains,
                   .seed = run->seed,
                   .step = run->step,
                   .first = run->first + c->at,
                   .stream = (uint32_t)u->index,
                   .scale = run->scale,
                   .y = place(c, s->y),
                   .dy = place(c, s->dy),
                   .w = u->w,
                   .form = u->form,
                   .packed = trains ? NULL : gy_pack_of(c->m, u),
                   .dw = u->dw,
                   .beta = run->first_use ? u->beta : u->ones,
                   .keep = place(c, s->keep),
                   .remade = s->remade,
                   .scratch = place(c, s->scratch),
                   .sum = run->sum,
                   .sum_user = run->user,
                   .penalty = penalty};
    for (int j = 0; j < u->layer.inputs; j++) {
        p->x[j] = place(c, s->x[j]);
        p->dx[j] = place(c, s->dx[j]);
    }
    set_buffers(c, s, u, p);
}

static gy_status need(const course *c, const gy_unit *u)
{
    return c->run->need == NULL ? GY_OK : c->run->need(c->run->user, u->reach);
}

static gy_status call(course *c, const gy_step *s, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    const gy_model_run *run = c->run;
    if (s->op == GY_OP_FORWARD) GY_TRY(need(c, u));
    gy_pass p;
    set_pass(c, s, u, s->op == GY_OP_RECOMPUTE ? &c->ignored : &c->run->penalty, &p);
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

static void add_seconds(const course *c, int row, double seconds)
{
    if (c->run->layer_seconds != NULL) c->run->layer_seconds[row] += seconds;
}

/* The last unit and the loss behind it, a block of rows at a time: rows are its samples. */
static gy_status pass_by_rows(course *c, const gy_step *s, const gy_unit *u)
{
    const bool learns = s->dy != GY_STORAGE_NONE;
    const int64_t in = gy_shape_last(&u->layer.in[0]), out = gy_shape_last(&u->layer.out);
    const int64_t rows = c->batch * gy_shape_rows(&u->layer.out);
    const int64_t blocks = gy_most(gy_pieces(rows, gy_block_most(c->m)), 1);
    const int64_t each = gy_round_up(gy_pieces(rows, blocks), GY_BLOCK_UNIT);
    gy_layer l = u->layer;
    gy_pass p;
    set_pass(c, s, u, &c->run->penalty, &p);
    const float *x = p.x[0];
    float *dx = p.dx[0];
    l.in[0] = gy_shape_of(1, in);
    l.out = gy_shape_of(1, out);
    GY_TRY(need(c, u));
    for (int64_t row = 0; row < rows; row += each) {
        const double start = gy_clock_s();
        p.batch = gy_least(each, rows - row);
        p.x[0] = x + row * in;
        GY_TRY(l.kind->forward(&l, &p));
        add_seconds(c, u->index, gy_clock_s() - start);
        c->run->judge(c->run->judge_user, row, p.batch, p.y, learns ? p.y : NULL);
        if (!learns) continue;
        const double back = gy_clock_s();
        p.dx[0] = dx == NULL ? NULL : dx + row * in;
        GY_TRY(l.kind->backward(&l, &p));
        p.beta = u->ones;
        add_seconds(c, c->m->n_units + u->index, gy_clock_s() - back);
    }
    if (learns) clear_gaps(c->m, u);
    return GY_OK;
}

/* The gradients of a unit were made; tells which are complete by that. */
static gy_status tell_complete(course *c, const gy_unit *u)
{
    if (u->mark == c->mark) return GY_OK;
    c->mark = u->mark;
    return c->run->complete == NULL ? GY_OK : c->run->complete(c->run->user, c->mark);
}

/* Between the passes: the outputs are judged. */
static gy_status judge(course *c, const gy_step *s)
{
    const gy_model *m = c->m;
    const gy_model_run *run = c->run;
    const double start = gy_trace_is_on(m->ctx) ? gy_clock_s() : 0;
    if (s->unit < 0) {
        float *y = place(c, m->plan->program.out);
        const int64_t rows = c->batch * gy_shape_rows(&m->values[m->output]->shape);
        if (run->judge != NULL)
            run->judge(run->judge_user, 0, rows, y, gy_use_trains(m->plan->use) ? y : NULL);
        return GY_OK;
    }
    const gy_unit *u = m->units[s->unit];
    GY_TRY(pass_by_rows(c, s, u));
    if (gy_trace_is_on(m->ctx)) gy_trace_add(m->ctx, GY_TRACK_WORK, u->layer.path, -1, start);
    return s->dy == GY_STORAGE_NONE ? GY_OK : tell_complete(c, u);
}

static gy_status take(course *c, const gy_step *s)
{
    gy_model *m = c->m;
    double *seconds = c->run->layer_seconds;
    const bool traced = gy_trace_is_on(m->ctx);
    const double start = seconds != NULL || traced ? gy_clock_s() : 0;
    if (s->call) GY_TRY(call(c, s, m->units[s->unit]));
    if (s->op == GY_OP_BACKWARD) clear_gaps(m, m->units[s->unit]);
    make_moves(c, s);
    if (traced) gy_trace_add(m->ctx, GY_TRACK_WORK, m->units[s->unit]->layer.path, -1, start);
    if (seconds != NULL)
        add_seconds(c, s->op == GY_OP_FORWARD ? s->unit : m->n_units + s->unit,
                    gy_clock_s() - start);
    return GY_OK;
}

/* The steps before the outputs are judged, for some samples. */
static gy_status take_turn(course *c)
{
    const gy_program *p = &c->m->plan->program;
    c->carry = c->run->carry;
    for (int i = 0; i < p->loss; i++) GY_TRY(take(c, p->steps[i]));
    make_moves(c, p->steps[p->loss]);
    return GY_OK;
}

gy_status gy_model_forward(gy_model *m, gy_model_run *run, int64_t batch, const float *x, float **y)
{
    const gy_plan *plan = m->plan;
    course c = {.m = m, .run = run, .mark = m->params.trainable};
    run->penalty = 0;
    if (!gy_use_trains(plan->use) && m->packed == NULL) GY_TRY(gy_model_pack(m, run->kernel));
    do {
        c.batch = gy_least(plan->turn, batch - c.at);
        c.x = x + c.at * m->values[0]->count;
        GY_TRY(take_turn(&c));
        c.at += c.batch;
    } while (c.at < batch);
    c.at = 0;
    c.batch = batch;
    c.x = x;
    GY_TRY(judge(&c, plan->program.steps[plan->program.loss]));
    *y = place(&c, plan->program.out);
    return GY_OK;
}

gy_status gy_model_backward(gy_model *m, gy_model_run *run, int64_t batch, const float *x,
                            float *dy)
{
    const gy_program *p = &m->plan->program;
    const gy_step *loss = p->steps[p->loss];
    course c = {.m = m, .run = run, .batch = batch, .x = x, .dy = dy, .mark = m->params.trainable};
    if (dy == NULL) c.dy = place(&c, p->out);
    if (loss->dy != GY_STORAGE_NONE) c.mark = m->units[loss->unit]->mark;
    for (int i = p->loss + 1; i < p->n_steps; i++) {
        const gy_step *s = p->steps[i];
        GY_TRY(take(&c, s));
        if (s->op == GY_OP_BACKWARD) GY_TRY(tell_complete(&c, m->units[s->unit]));
    }
    return GY_OK;
}
