/*
 * Recurrent cells against plain loops in double, at every level: units and batches that are no
 * multiple of a panel or a tile, parameters side by side and apart, both directions, sequences in
 * pieces.
 */
#include "levels.h"

#include "kernel/elementwise.h"
#include "kernel/recurrent.h"

#include <math.h>
#include <string.h>

enum { SLOTS = GY_CELL_SLOTS, STEPS = 7, SAMPLES = 50, MOST = 520, GAP = 16, ROOM = 1 << 22 };

/* What a cell computes with; weights [gate], recurrent [gate], bias [slot]. */
typedef struct numbers {
    float room[3 * SLOTS * (MOST * MOST + GAP)];
    float *weight[SLOTS], *recurrent[SLOTS], *bias[SLOTS];
} numbers;

typedef struct trial {
    gy_recurrent r;
    int64_t batch;
    bool last, apart; /* apart: gaps between the tensors */
} trial;

static numbers w, dw, dw_before;
enum { ROWS = STEPS * SAMPLES * MOST };
static float x[ROWS], dx[ROWS], y[ROWS], dy[ROWS], keep[ROOM], scratch[ROOM];

/* The same in double, by step (in the order of the walk) and sample. */
static double slot[STEPS][SAMPLES][SLOTS][MOST], h[STEPS + 1][SAMPLES][MOST],
    c[STEPS + 1][SAMPLES][MOST];
static double want_dw[3][SLOTS][MOST * MOST], want_dx[ROWS];

static int64_t place(numbers *n, float **v, int count, int64_t floats, int64_t at, bool apart)
{
    for (int i = 0; i < count; i++, at += floats + (apart ? GAP : 0)) v[i] = n->room + at;
    return at;
}

static void lay_out(const trial *t, unsigned seed, numbers *n)
{
    const gy_recurrent *r = &t->r;
    const int gates = gy_cell_gates(r->cell);
    int64_t at = place(n, n->weight, gates, r->units * r->in, 0, t->apart);
    at = place(n, n->recurrent, gates, r->units * r->units, at, t->apart);
    at = place(n, n->bias, gy_cell_slots(r->cell), r->units, at, t->apart);
    gy_test_values(seed, at, 2 / sqrt((double)r->units + 15), n->room);
}

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

static int64_t position(const gy_recurrent *r, int64_t s)
{
    return r->reverse ? r->time - 1 - s : s;
}

/* One unit: a = products with the input and p = with the state, by slot, plus biases. */
static void cell_forward(gy_cell cell, const double *a, const double *p, const double *b,
                         double h_before, double c_before, double *v, double *h_out, double *c_out)
{
    if (cell == GY_CELL_rnn) {
        *h_out = v[0] = tanh(a[0] + p[0] + b[0]);
    } else if (cell == GY_CELL_gru) {
        v[1] = sigmoid(a[1] + p[1] + b[1]);
        v[2] = sigmoid(a[2] + p[2] + b[2]);
        v[3] = p[3] + b[3];
        v[0] = tanh(a[0] + b[0] + v[1] * v[3]);
        *h_out = (1 - v[2]) * v[0] + v[2] * h_before;
    } else {
        for (int i = 0; i < 4; i++)
            v[i] = i == 2 ? tanh(a[i] + p[i] + b[i]) : sigmoid(a[i] + p[i] + b[i]);
        *c_out = v[1] * c_before + v[0] * v[2];
        *h_out = v[3] * tanh(*c_out);
    }
}

/* From dh and *past (what came past the product) to the gradients of slots, in place of v. */
static void cell_backward(gy_cell cell, double dh, double h_before, double c_before, double c_now,
                          double *v, double *past)
{
    if (cell == GY_CELL_rnn) {
        v[0] = dh * (1 - v[0] * v[0]);
    } else if (cell == GY_CELL_gru) {
        dh += *past;
        double n = v[0], r = v[1], z = v[2], q = v[3];
        *past = dh * z;
        v[0] = dh * (1 - z) * (1 - n * n);
        v[1] = v[0] * q * r * (1 - r);
        v[2] = dh * (h_before - n) * z * (1 - z);
        v[3] = v[0] * r;
    } else {
        double i = v[0], f = v[1], g = v[2], o = v[3], t = tanh(c_now);
        double dc = *past + dh * o * (1 - t * t);
        *past = dc * f;
        v[0] = dc * g * i * (1 - i);
        v[1] = dc * c_before * f * (1 - f);
        v[2] = dc * i * (1 - g * g);
        v[3] = dh * t * o * (1 - o);
    }
}

static void reference_step(const trial *t, int64_t s, int64_t b)
{
    const gy_recurrent *r = &t->r;
    const int gates = gy_cell_gates(r->cell), slots = gy_cell_slots(r->cell);
    const float *in = x + (position(r, s) * t->batch + b) * r->in;
    for (int64_t u = 0; u < r->units; u++) {
        double a[SLOTS] = {0}, p[SLOTS] = {0}, bias[SLOTS] = {0}, v[SLOTS] = {0};
        for (int g = 0; g < gates; g++) {
            double *to = &p[slots - gates + g];
            for (int64_t i = 0; i < r->in; i++)
                a[g] += (double)w.weight[g][u * r->in + i] * (double)in[i];
            for (int64_t j = 0; j < r->units; j++)
                *to += (double)w.recurrent[g][u * r->units + j] * h[s][b][j];
        }
        for (int i = 0; i < slots; i++) bias[i] = (double)w.bias[i][u];
        cell_forward(r->cell, a, p, bias, h[s][b][u], c[s][b][u], v, &h[s + 1][b][u],
                     &c[s + 1][b][u]);
        for (int i = 0; i < slots; i++) slot[s][b][i][u] = v[i];
    }
}

/* dw and dx of one step, from the gradients in `slot`. */
static void reference_gradients(const trial *t, int64_t s, int64_t b, double *dh)
{
    const gy_recurrent *r = &t->r;
    const int gates = gy_cell_gates(r->cell), slots = gy_cell_slots(r->cell);
    const int64_t at = (position(r, s) * t->batch + b) * r->in;
    const int64_t n = r->in, units = r->units;
    memset(dh, 0, sizeof *dh * (size_t)units);
    for (int64_t u = 0; u < units; u++) {
        for (int i = 0; i < slots; i++) want_dw[2][i][u] += slot[s][b][i][u];
        for (int g = 0; g < gates; g++) {
            double dz = slot[s][b][g][u], dp = slot[s][b][slots - gates + g][u];
            for (int64_t i = 0; i < n; i++) {
                want_dw[0][g][u * n + i] += dz * (double)x[at + i];
                want_dx[at + i] += dz * (double)w.weight[g][u * n + i];
            }
            for (int64_t j = 0; j < units; j++) {
                want_dw[1][g][u * units + j] += dp * h[s][b][j];
                dh[j] += dp * (double)w.recurrent[g][u * units + j];
            }
        }
    }
}

/* Where y and dy of a step lie: [B, T, H], or [B, H] of the last step alone. */
static int64_t y_at(const trial *t, int64_t s, int64_t b)
{
    const gy_recurrent *r = &t->r;
    return t->last ? b * r->units : (b * r->time + position(r, s)) * r->units;
}

static void reference(const trial *t)
{
    const gy_recurrent *r = &t->r;
    const int64_t most = r->units * (r->in > r->units ? r->in : r->units);
    memset(h[0], 0, sizeof h[0]);
    memset(c[0], 0, sizeof c[0]);
    memset(want_dx, 0, sizeof *want_dx * (size_t)(r->time * t->batch * r->in));
    for (int i = 0; i < 3; i++)
        for (int g = 0; g < SLOTS; g++) memset(want_dw[i][g], 0, sizeof(double) * (size_t)most);
    for (int64_t b = 0; b < t->batch; b++) {
        double dh[MOST] = {0}, past[MOST] = {0};
        for (int64_t s = 0; s < r->time; s++) reference_step(t, s, b);
        for (int64_t s = r->time - 1; s >= 0; s--) {
            for (int64_t u = 0; u < r->units; u++) {
                double v[SLOTS], out = 0;
                if (!t->last || s == r->time - 1) out = (double)dy[y_at(t, s, b) + u];
                for (int i = 0; i < SLOTS; i++) v[i] = slot[s][b][i][u];
                cell_backward(r->cell, dh[u] + out, h[s][b][u], c[s][b][u], c[s + 1][b][u], v,
                              &past[u]);
                for (int i = 0; i < SLOTS; i++) slot[s][b][i][u] = v[i];
            }
            reference_gradients(t, s, b, dh);
        }
    }
}

static gy_recurrent_forward_args forward_args(const trial *t)
{
    const gy_recurrent *r = &t->r;
    return (gy_recurrent_forward_args){.x = x,
                                       .weight = (const float *const *)w.weight,
                                       .recurrent = (const float *const *)w.recurrent,
                                       .bias = (const float *const *)w.bias,
                                       .y = y,
                                       .y_sample = t->last ? r->units : r->time * r->units,
                                       .y_time = r->units,
                                       .last = t->last,
                                       .keep = keep,
                                       .scratch = scratch};
}

static void fill_nan(int64_t n, float *v)
{
    for (int64_t i = 0; i < n; i++) v[i] = NAN;
}

static int64_t keep_floats(const trial *t, bool brief)
{
    int64_t fixed, per_sample;
    gy_recurrent_keep(&t->r, false, &fixed, &per_sample);
    const int64_t all = fixed + per_sample * t->batch;
    gy_recurrent_keep(&t->r, brief, &fixed, &per_sample);
    return gy_least(all, fixed + per_sample * t->batch);
}

/* What is behind it is marked. */
static void empty_keep(const trial *t, bool brief)
{
    const int64_t end = keep_floats(t, brief);
    fill_nan(end, keep);
    keep[end] = 7;
}

static void begin(const trial *t)
{
    const gy_recurrent *r = &t->r;
    int64_t fixed, per_sample;
    gy_recurrent_scratch(r, &fixed, &per_sample);
    CU_ASSERT_TRUE_FATAL(keep_floats(t, false) < ROOM && keep_floats(t, true) < ROOM);
    CU_ASSERT_TRUE_FATAL(fixed + per_sample * t->batch < ROOM);
    lay_out(t, 1, &w);
    lay_out(t, 2, &dw);
    lay_out(t, 2, &dw_before);
    gy_test_values(3, r->time * t->batch * r->in, 1, x);
    gy_test_values(4, r->time * t->batch * r->units, 1, dy);
    empty_keep(t, false);
    fill_nan(fixed + per_sample * t->batch, scratch);
    scratch[fixed + per_sample * t->batch] = 7;
}

/* What operands may be off by that are rounded: of a few products, one after the other. */
static double rounding;

static void check_dw(int64_t n, float *got, float *before, const double *want, float beta)
{
    double worst = 0, size = 1;
    for (int64_t i = 0; i < n; i++) {
        double error = fabs((double)got[i] - want[i] - (double)(beta * before[i]));
        size = fmax(size, fabs(want[i]));
        worst = error <= worst ? worst : error; /* NaN becomes the worst */
    }
    CU_ASSERT_TRUE(worst <= (3e-5 + rounding) * size);
}

static void check_outputs(const trial *t)
{
    double worst = 0;
    for (int64_t s = t->last ? t->r.time - 1 : 0; s < t->r.time; s++)
        for (int64_t b = 0; b < t->batch; b++)
            for (int64_t u = 0; u < t->r.units; u++) {
                double error = fabs((double)y[y_at(t, s, b) + u] - h[s + 1][b][u]);
                worst = error <= worst ? worst : error;
            }
    CU_ASSERT_TRUE(worst <= 2e-6 + rounding);
}

/* The same outputs where nothing is kept. */
static void run_brief(const gy_kernel *k, const trial *t)
{
    gy_recurrent_forward_args f = forward_args(t);
    f.brief = true;
    empty_keep(t, true);
    fill_nan(t->batch * t->r.time * t->r.units, y);
    gy_recurrent_forward(k, &t->r, t->batch, &f);
    check_outputs(t);
    CU_ASSERT_EQUAL(keep[keep_floats(t, true)], 7.0f);
    empty_keep(t, false);
}

static void one_cell(const gy_kernel *k, const trial *t, float beta)
{
    const gy_recurrent *r = &t->r;
    const int gates = gy_cell_gates(r->cell);
    int64_t fixed, per_sample;
    gy_recurrent_scratch(r, &fixed, &per_sample);
    begin(t);
    reference(t);
    run_brief(k, t);
    gy_recurrent_forward_args f = forward_args(t);
    gy_recurrent_forward(k, r, t->batch, &f);
    check_outputs(t);
    gy_recurrent_backward_args a = {.x = x,
                                    .recurrent = f.recurrent,
                                    .dy = dy,
                                    .y_sample = f.y_sample,
                                    .y_time = f.y_time,
                                    .last = t->last,
                                    .d_weight = dw.weight,
                                    .d_recurrent = dw.recurrent,
                                    .d_bias = dw.bias,
                                    .beta = beta,
                                    .keep = keep,
                                    .scratch = scratch};
    fill_nan(fixed + per_sample * t->batch, scratch);
    gy_recurrent_backward(k, r, t->batch, &a);
    for (int g = 0; g < gates; g++) {
        check_dw(r->units * r->in, dw.weight[g], dw_before.weight[g], want_dw[0][g], beta);
        check_dw(r->units * r->units, dw.recurrent[g], dw_before.recurrent[g], want_dw[1][g], beta);
    }
    for (int s = 0; s < gy_cell_slots(r->cell); s++)
        check_dw(r->units, dw.bias[s], dw_before.bias[s], want_dw[2][s], beta);
    const int64_t inputs = r->time * t->batch * r->in;
    gy_test_values(5, inputs, 1, dx);
    memcpy(x, dx, sizeof *x * (size_t)inputs);
    gy_recurrent_backward_input(k, r, t->batch, f.weight, keep, beta, dx);
    check_dw(inputs, dx, x, want_dx, beta);
    CU_ASSERT_EQUAL(keep[keep_floats(t, false)], 7.0f);
    CU_ASSERT_EQUAL(scratch[fixed + per_sample * t->batch], 7.0f);
}

static void against_loops(const gy_kernel *k)
{
    static const int64_t shapes[][4] = {
        /* time, in, units, batch */
        {1, 1, 1, 1},   {7, 3, 5, 2},    {3, 17, 16, 13}, {6, 2, 37, 1},
        {2, 5, 32, 50}, {3, 16, 20, 49}, {7, 2, 130, 20}, /* more positions than are there at once */
        {2, 3, 520, 1}, /* more than one part of the inner dimension */
    };
    for (int cell = 0; cell < GY_CELL_COUNT; cell++)
        for (int i = 0; i < (int)(sizeof shapes / sizeof *shapes); i++)
            for (int way = 0; way < 2; way++) {
                const int64_t *s = shapes[i];
                trial t = {.r = {(gy_cell)cell, s[0], s[1], s[2], way == 1},
                           .batch = s[3],
                           .last = (i + way) % 3 == 0,
                           .apart = (i + way) % 2 == 0};
                one_cell(k, &t, way == 1 ? 1.0f : 0.0f);
            }
}

/* A pass of no samples. */
static void nothing_to_do(const gy_kernel *k)
{
    const trial t = {.r = {GY_CELL_lstm, 3, 2, 4, false}};
    begin(&t);
    run_brief(k, &t);
}

/* However long the sequence is. */
static void brief_keeps_little(void)
{
    const trial small = {.r = {GY_CELL_lstm, 50, 16, 64, false}, .batch = 16};
    trial large = small;
    large.r.time = 5000;
    CU_ASSERT_EQUAL(keep_floats(&small, true), keep_floats(&large, true));
    CU_ASSERT_TRUE(4 * keep_floats(&small, true) < keep_floats(&small, false));
}

/* 3, 3 and 1 positions, the state handed over, give what 7 give. */
static void in_pieces(const gy_kernel *k)
{
    enum { IN = 3, UNITS = 18, BATCH = 5 };
    static float whole[STEPS * BATCH * UNITS], state[2][BATCH * UNITS];
    for (int cell = 0; cell < GY_CELL_COUNT; cell++) {
        trial t = {.r = {(gy_cell)cell, STEPS, IN, UNITS, false}, .batch = BATCH};
        begin(&t);
        gy_recurrent_forward_args f = forward_args(&t);
        gy_recurrent_forward(k, &t.r, BATCH, &f);
        memcpy(whole, y, sizeof whole);
        memset(state, 0, sizeof state);
        f.h_start = f.h_end = state[0];
        if (gy_cell_has_state(t.r.cell)) f.c_start = f.c_end = state[1];
        double worst = 0;
        for (int64_t from = 0; from < STEPS; from += t.r.time) {
            t.r.time = from < 6 ? 3 : 1;
            f.x = x + from * BATCH * IN;
            gy_recurrent_forward(k, &t.r, BATCH, &f);
            for (int64_t b = 0; b < BATCH; b++)
                for (int64_t i = 0; i < t.r.time * UNITS; i++) {
                    double got = (double)y[b * f.y_sample + i];
                    double error = fabs(got - (double)whole[(b * STEPS + from) * UNITS + i]);
                    worst = error <= worst ? worst : error;
                }
        }
        CU_ASSERT_TRUE(worst <= 1e-6);
    }
}

/* x[2, 3, 2] → y[3, 2, 2] */
static void axes(const gy_kernel *k)
{
    static const float from[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const float want[12] = {0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11};
    float to[12];
    gy_swap_axes(k, 2, 3, 2, from, to);
    CU_ASSERT(memcmp(to, want, sizeof to) == 0);
}

static void cells(void)
{
    gy_test_levels(against_loops);
    gy_test_levels(nothing_to_do);
    rounding = GY_TEST_ROUNDING;
    gy_test_levels_in(GY_PRECISION_bfloat16, against_loops);
    rounding = 0;
}
static void pieces(void)
{
    gy_test_levels(in_pieces);
    gy_test_levels_in(GY_PRECISION_bfloat16, in_pieces);
}
static void swaps(void)
{
    gy_test_levels(axes);
}

GY_TEST_MAIN(GY_TEST(cells), GY_TEST(pieces), GY_TEST(brief_keeps_little), GY_TEST(swaps))
