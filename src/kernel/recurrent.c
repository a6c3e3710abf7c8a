/*
 * A recurrent cell over a sequence. The products with the input are one GEMM for all steps, or for some at a
 * time where no backward pass follows; the gradients of the weights are one for all. What remains in the loop
 * over time is the product with the hidden state, on R packed once a pass in panels of 16 outputs, and the cell.
 *
 * A step is cut into tasks of 16 units by up to ROWS samples: the panels of all gates of these
 * units, then their cell while everything is in the first-level cache. A thread has the same units
 * at every step, and there is one barrier a step.
 *
 * A step multiplies the h of the one before or, backward, the dz of the one after: as they lie in
 * float32; else each task packs its own into `last` [2, B, …], of this step and of that one.
 *
 * Parameters that were packed once for many passes (recurrent_pack.c) begin as the scratch of a forward pass.
 */
#include "recurrent_impl.h"

#include "product.h"

#include <string.h>

enum {
    WIDE = GY_PANEL,
    ROWS = 48,  /* a multiple of the rows of the panels' tiles at all levels */
    DEPTH = 512 /* of a product at once: a panel's part of 32 KiB */
};
static const double team_flop = 2e5; /* a step of less is done alone */

/* The position of step s, and the number of it that the step before has. */
static int64_t position(const gy_recurrent *r, int64_t s)
{
    return r->reverse ? r->time - 1 - s : s;
}

static int team_of(const gy_recurrent_pass *p)
{
    double flop = 2.0 * (double)p->batch * (double)(p->gates * p->r->units * p->r->units);
    int64_t tasks = p->blocks * gy_pieces(p->batch, ROWS);
    return flop < team_flop ? 1 : (int)gy_least(p->kernel->threads, tasks);
}

/* One task of a step. */
typedef struct task {
    int64_t block, unit, units; /* units [unit, unit + units) */
    int64_t first, rows;        /* samples */
} task;

static task task_of(const gy_recurrent_pass *p, int64_t i)
{
    int64_t parts = gy_pieces(p->batch, ROWS);
    task t = {.block = i / parts, .unit = i / parts * WIDE, .first = i % parts * ROWS};
    t.units = gy_least(WIDE, p->r->units - t.unit);
    t.rows = gy_least(ROWS, p->batch - t.first);
    return t;
}

static int64_t tasks_of(const gy_recurrent_pass *p)
{
    return p->blocks * gy_pieces(p->batch, ROWS);
}

/* c[rows, panels, 16] (+)= a[rows, depth] b[panels, depth, 16], b being one part of the panels at a time. */
static void multiply(const gy_recurrent_pass *p, int64_t rows, int64_t depth, const float *a,
                     int64_t a_row, int64_t panels, int64_t b_panel, const float *b, bool add,
                     float *c)
{
    p->kernel->operand->product(&(gy_panel_product){.rows = rows,
                                                    .lines = 1,
                                                    .columns = 1,
                                                    .depth = depth,
                                                    .a = a,
                                                    .a_row = a_row,
                                                    .a_step = 1,
                                                    .b = b,
                                                    .b_step = WIDE,
                                                    .panels = panels,
                                                    .b_panel = b_panel,
                                                    .c = c,
                                                    .c_row = panels * WIDE,
                                                    .add = add});
}

/* Numbers of float32 lie packed as they are. */
static bool lies_packed(const gy_recurrent_pass *p)
{
    return p->kernel->operand->group == 1;
}

/* Where the samples from `first` on lie packed, of step s. */
static float *last_of(const gy_recurrent_pass *p, int64_t s, int64_t first)
{
    return p->last + ((s & 1) * p->batch + first) * p->last_row;
}

/* Packs what a task made at step s: h, or the dz of a gate. */
static void keep_last(const gy_recurrent_pass *p, const task *t, int64_t s, int64_t gate,
                      const float *x, int64_t x_row)
{
    const gy_operand *o = p->kernel->operand;
    o->along(t->rows, t->units, x, x_row,
             last_of(p, s, t->first) + gate * p->depth + t->unit / o->per, p->last_row);
}

/* What a task of step s touches; without product. */
static gy_cell_block block_of(const gy_recurrent_pass *p, const task *t, int64_t s)
{
    const int64_t at = position(p->r, s), state = at % p->states * p->batch + t->first;
    gy_cell_block b = {.rows = t->rows,
                       .units = t->units,
                       .slots = p->slots + ((at - p->from) * p->batch + t->first) * p->slots_row +
                                t->unit,
                       .slots_row = p->slots_row,
                       .slots_apart = p->r->units,
                       .before_row = p->row,
                       .h = p->h + state * p->row + t->unit,
                       .c = p->c + state * p->row + t->unit,
                       .row = p->row};
    if (s > 0) {
        const int64_t before = position(p->r, s - 1) % p->states * p->batch + t->first;
        b.h_before = p->h + before * p->row + t->unit;
        b.c_before = p->c + before * p->row + t->unit;
    }
    return b;
}

/*
 * product[row, gate, 16] = h Rᵀ of a task's units; h NULL: zeros. Without `packed` a single step takes R
 * as it is: packing costs more than its product.
 */
static void multiply_state(const gy_recurrent_pass *p, const task *t, bool packed, const float *h,
                           int64_t h_row, float *product)
{
    const int64_t units = p->r->units, depth = p->depth, panel = depth * WIDE;
    if (h == NULL) {
        memset(product, 0, sizeof *product * (size_t)(t->rows * p->gates * WIDE));
        return;
    }
    for (int64_t g = 0; !packed && g < p->gates; g++)
        gy_gemm_serial(false, true, t->rows, t->units, units, 1.0f, h, h_row,
                       p->weights[g] + t->unit * units, units, 0.0f, product + g * WIDE,
                       p->gates * WIDE);
    for (int64_t k = 0; packed && k < depth; k += DEPTH)
        multiply(p, t->rows, gy_least(DEPTH, depth - k), h + k, h_row, p->gates, panel,
                 p->packed + t->block * p->gates * panel + k * WIDE, k > 0, product);
}

/* R is in panels, or a single step of float32 takes it as it is. */
static bool is_packed(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a)
{
    return a->packed != NULL || p->r->time > 1 || !lies_packed(p);
}

static void step_forward(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a, int64_t s,
                         int64_t i)
{
    const int64_t units = p->r->units;
    const task t = task_of(p, i);
    float product[GY_CELL_SLOTS * ROWS * WIDE];
    gy_cell_block b = block_of(p, &t, s);
    if (s == 0 && a->h_start != NULL) {
        b.before_row = units;
        b.h_before = a->h_start + t.first * units + t.unit;
        b.c_before = a->c_start == NULL ? NULL : a->c_start + t.first * units + t.unit;
    }
    const bool plain = lies_packed(p);
    const float *h = b.h_before == NULL ? NULL
                     : plain            ? b.h_before - t.unit
                                        : last_of(p, s - 1, t.first);
    multiply_state(p, &t, is_packed(p, a), h, plain ? b.before_row : p->last_row, product);
    b.product = product;
    b.bias = p->bias + t.block * p->n_slots * WIDE;
    if (!a->last || s == p->r->time - 1) {
        b.y = a->y + t.first * a->y_sample + t.unit;
        if (!a->last) b.y += position(p->r, s) * a->y_time;
        b.y_row = a->y_sample;
    }
    p->kernel->vector->cell_forward(p->r->cell, &b);
    if (!plain) keep_last(p, &t, s, 0, b.h, b.row);
}

/* The same of W in panels: those of all gates lie end to end where no gate's last one is cut. */
static void multiply_packed(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a,
                            int64_t rows, const float *x)
{
    const gy_recurrent *r = p->r;
    const int64_t h = r->units, run = h % WIDE == 0 ? p->gates : 1;
    for (int64_t g = 0; g < p->gates; g += run)
        gy_gemm_run(p->kernel, &(gy_product){.transpose_b = true,
                                             .m = rows,
                                             .n = run * h,
                                             .inner = r->in,
                                             .alpha = 1.0f,
                                             .a = x,
                                             .packed = gy_packed_inputs(p->kernel, r, a->packed, g),
                                             .c = p->slots + g * h,
                                             .lda = r->in,
                                             .ldc = p->slots_row});
}

/* slots = x Wᵀ for n positions */
static void multiply_inputs(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a,
                            int64_t n)
{
    const gy_recurrent *r = p->r;
    const int64_t rows = n * p->batch, h = r->units;
    const float *x = a->x + p->from * p->batch * r->in;
    if (a->packed != NULL) {
        multiply_packed(p, a, rows, x);
        return;
    }
    const int run = a->form != NULL ? 1 : gy_gates_together(a->weight, p->gates, h * r->in);
    for (int64_t g = 0; g < p->gates; g += run) {
        float *to = p->slots + g * h;
        if (a->weight[g] == NULL)
            gy_product_forward_rows(p->kernel, rows, x, a->form[g], NULL, to, p->slots_row);
        else
            gy_gemm(p->kernel, false, true, rows, run * h, r->in, 1.0f, x, r->in, a->weight[g],
                    r->in, 0.0f, to, p->slots_row);
    }
}

/* The rows of the last step, if they are wanted. */
static void copy_end(const gy_recurrent_pass *p, const float *from, float *to)
{
    from += position(p->r, p->r->time - 1) % p->states * p->batch * p->row;
    for (int64_t b = 0; to != NULL && b < p->batch; b++)
        memcpy(to + b * p->r->units, from + b * p->row, sizeof *to * (size_t)p->r->units);
}

/* What the steps read packed, by all of the team. */
static void pack_forward(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a,
                         gy_member me)
{
    const int64_t units = p->r->units;
    if (!lies_packed(p) && a->h_start != NULL) {
        GY_SHARE(me, b, p->batch)
            p->kernel->operand->along(1, units, a->h_start + b * units, units, last_of(p, -1, b),
                                      units);
    }
    if (a->packed != NULL) return;
    if (is_packed(p, a)) gy_pack_forward(p->kernel, p->r, p->weights, a->scratch, me);
    gy_pack_bias(p->r, a->bias, a->scratch + gy_panels_of_r(p->r), me);
}

/* Steps [s, end), by each of the team. */
static void steps_forward(const gy_recurrent_pass *p, const gy_recurrent_forward_args *a, int64_t s,
                          int64_t end, gy_member me)
{
    if (s == 0) pack_forward(p, a, me);
    for (; s < end; s++) {
        gy_team_wait(me); /* for what is packed, for all of h */
        GY_SHARE(me, i, tasks_of(p)) step_forward(p, a, s, i);
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

void gy_recurrent_forward(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                          const gy_recurrent_forward_args *a)
{
    gy_recurrent_pass p =
        gy_recurrent_lay_out(k, r, batch, a->recurrent, a->brief, a->keep, a->scratch);
    if (a->packed != NULL) gy_recurrent_use_packed(&p, a->packed);
    for (int64_t s = 0; s < r->time; s += p.span) {
        const int64_t n = gy_least(p.span, r->time - s);
        p.from = gy_least(position(r, s), position(r, s + n - 1));
        multiply_inputs(&p, a, n);
        GY_TEAM(team_of(&p), me, steps_forward(&p, a, s, s + n, me));
    }
    copy_end(&p, p.h, a->h_end);
    if (gy_cell_has_state(r->cell)) copy_end(&p, p.c, a->c_end);
}

static void step_backward(const gy_recurrent_pass *p, const gy_recurrent_backward_args *a,
                          int64_t s, int64_t i)
{
    const int64_t depth = p->gates * p->depth, end = p->r->time - 1;
    const bool plain = lies_packed(p);
    const task t = task_of(p, i);
    float product[ROWS * WIDE];
    gy_cell_block b = block_of(p, &t, s);
    b.d_state = p->d_state + t.first * p->row + t.unit;
    if (s == end) {
        memset(product, 0, sizeof product);
        for (int64_t row = 0; row < t.rows; row++)
            memset(b.d_state + row * p->row, 0, sizeof *b.d_state * (size_t)t.units);
    } else { /* dh = dz R, dz being those of the last slots, one step on */
        const float *slots = p->slots + (p->n_slots - p->gates) * p->r->units +
                             (position(p->r, s + 1) * p->batch + t.first) * p->slots_row;
        const float *dz = plain ? slots : last_of(p, s + 1, t.first);
        for (int64_t at = 0; at < depth; at += DEPTH)
            multiply(p, t.rows, gy_least(DEPTH, depth - at), dz + at,
                     plain ? p->slots_row : p->last_row, 1, 0,
                     p->packed + (t.block * depth + at) * WIDE, at > 0, product);
    }
    b.product = product;
    if (!a->last || s == end) {
        b.dy = a->dy + t.first * a->y_sample + t.unit;
        if (!a->last) b.dy += position(p->r, s) * a->y_time;
        b.y_row = a->y_sample;
    }
    p->kernel->vector->cell_backward(p->r->cell, &b);
    for (int64_t g = 0; !plain && g < p->gates; g++)
        keep_last(p, &t, s, g, b.slots + (p->n_slots - p->gates + g) * p->r->units, b.slots_row);
}

static void steps_backward(const gy_recurrent_pass *p, const gy_recurrent_backward_args *a,
                           gy_member me)
{
    gy_pack_backward(p->kernel, p->r, p->weights, a->scratch, me);
    for (int64_t s = p->r->time - 1; s >= 0; s--) {
        gy_team_wait(me);
        GY_SHARE(me, i, tasks_of(p)) step_backward(p, a, s, i);
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

void gy_recurrent_backward(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                           const gy_recurrent_backward_args *a)
{
    const gy_recurrent_pass p =
        gy_recurrent_lay_out(k, r, batch, a->recurrent, false, a->keep, a->scratch);
    GY_TEAM(team_of(&p), me, steps_backward(&p, a, me));
    if (a->d_weight[0] != NULL) gy_recurrent_gradients(&p, a);
}
