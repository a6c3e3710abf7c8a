/*
 * Products of few rows, or by few weights, which are in panels already (gy_linear_pack): all whole panels in one
 * call, the rest in another, and nothing is fetched ahead. The sums are those of gemm_packed.c, which is for the
 * many.
 *
 * Weights that are not in panels, of operands in groups, are packed as they stream by, into the first- or
 * second-level cache: a few rows of B from end to end, or some panels of a transposed one.
 *
 * Work: rows that stand for C | rows of A | what is packed of B
 */
#include "gemm_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    ROWS = 48,
    WEIGHTS = 96 * 1024, /* few: 384 KiB, which stay in the second-level cache */
    CROWDED = 1024,      /* rows so many floats apart share their sets */
    STREAMED = 16,       /* rows, for which packing all of B does not pay */
    STRIP = 32,          /* rows of B at once, which tiles take whole, */
    STRIP_COLUMNS = 2048,
    TURNED_COLUMNS = 64, /* or columns of a transposed one */
    A_FLOATS = ROWS * 512
};

bool gy_gemm_is_few(const gy_kernel *k, const gy_product *p)
{
    if (p->transpose_a || p->alpha != 1.0f || p->beta != 0.0f || p->inner == 0) return false;
    if (p->packed == NULL) return k->operand->group > 1 && p->m <= STREAMED;
    return p->m <= ROWS || p->n * p->inner <= WEIGHTS;
}

/* Rows [row, row + rows) of a part of the inner dimension, [k0, k1). */
typedef struct part {
    const gy_kernel *k;
    const gy_product *p;
    int64_t row, rows, k0, k1;
    const float *a; /* packed, or as they lie */
    int64_t a_row;
    const float *b; /* packed, from column b_first on */
    int64_t b_first, b_step, b_panel;
    float *work;
    gy_polls since;
} part;

/* Packs the rows where products do not read them as they lie. */
static void set_rows(part *t, float *room)
{
    const gy_product *p = t->p;
    const gy_operand *o = t->k->operand;
    t->a = p->a + t->row * p->lda + t->k0;
    t->a_row = p->lda;
    if (o->group == 1 && (t->rows < PANEL || p->lda % CROWDED != 0)) return;
    t->a_row = gy_units(o, t->k1 - t->k0) + PANEL;
    o->along(t->rows, t->k1 - t->k0, t->a, p->lda, room, t->a_row);
    t->a = room;
}

/* Columns [column, column + n) in whole panels, or fewer than one has. */
static void multiply(const part *t, int64_t column, int64_t n)
{
    const gy_product *p = t->p;
    const gy_operand *o = t->k->operand;
    const bool whole = n % PANEL == 0, first = t->k0 == 0, last = t->k1 == p->inner;
    float start[PANEL] = {0}, *c = p->c + t->row * p->ldc + column, *to = whole ? c : t->work;
    gy_panel_product product = {.rows = t->rows,
                                .lines = 1,
                                .columns = 1,
                                .depth = gy_units(o, t->k1 - t->k0),
                                .a = t->a,
                                .a_row = t->a_row,
                                .a_step = 1,
                                .b = t->b + (column - t->b_first) / PANEL * t->b_panel,
                                .b_step = t->b_step,
                                .panels = gy_pieces(n, PANEL),
                                .b_panel = t->b_panel,
                                .c = to,
                                .c_row = whole ? p->ldc : PANEL,
                                .start = first && p->bias != NULL ? p->bias + column : NULL,
                                .add = !first};
    product.relu = last && p->y == p->c && p->activation == GY_ACTIVATION_relu;
    if (!whole && product.start != NULL)
        product.start = memcpy(start, product.start, sizeof *start * (size_t)n);
    for (int64_t r = 0; !whole && !first && r < t->rows; r++)
        memcpy(to + r * PANEL, c + r * p->ldc, sizeof *c * (size_t)n);
    o->product(&product);
    for (int64_t r = 0; !whole && r < t->rows; r++)
        memcpy(c + r * p->ldc, to + r * PANEL, sizeof *c * (size_t)n);
}

/* Columns [n0, n1), all whole panels and then the rest. */
static void multiply_columns(part *t, int64_t n0, int64_t n1)
{
    const int64_t rest = (n1 - n0) % PANEL;
    if (n1 - n0 > rest) multiply(t, n0, n1 - n0 - rest);
    if (rest > 0) multiply(t, n1 - rest, rest);
    gy_gemm_poll(t->k, &t->since, 2.0 * (double)t->rows * (double)((n1 - n0) * (t->k1 - t->k0)));
}

/* By weights in panels. */
static void run_packed(part *t, gy_block_of at, float *room)
{
    const gy_product *p = t->p;
    const gy_operand *o = t->k->operand;
    const int64_t depth = gy_gemm_depth(t->k, p->inner), units = gy_units(o, p->inner);
    t->b_step = PANEL;
    t->b_panel = units * PANEL;
    for (t->k0 = 0; t->k0 < p->inner; t->k0 = t->k1) {
        t->k1 = gy_least(t->k0 + depth, p->inner);
        t->b = p->packed + t->k0 / o->per * PANEL;
        set_rows(t, room);
        multiply_columns(t, at.n0, at.n1);
    }
}

/* By rows of B, a strip after the other. */
static void run_strips(part *t, gy_block_of at, float *room)
{
    const gy_product *p = t->p;
    float *strip = room + A_FLOATS;
    t->b = strip;
    t->b_panel = PANEL;
    for (int64_t n0 = at.n0, n1; n0 < at.n1; n0 = n1) {
        n1 = gy_least(n0 + STRIP_COLUMNS, at.n1);
        t->b_first = n0;
        t->b_step = gy_round_up(n1 - n0, PANEL);
        for (t->k0 = 0; t->k0 < p->inner; t->k0 = t->k1) {
            t->k1 = gy_least(t->k0 + STRIP, p->inner);
            set_rows(t, room);
            t->k->operand->down(t->k1 - t->k0, n1 - n0, p->b + t->k0 * p->ldb + n0, p->ldb, strip,
                                t->b_step);
            multiply_columns(t, n0, n1);
        }
    }
}

/* By rows of a transposed B, some panels after the other. */
static void run_turned(part *t, gy_block_of at, float *room)
{
    const gy_product *p = t->p;
    const int64_t depth = gy_gemm_depth(t->k, p->inner);
    float *panels = room + A_FLOATS;
    t->b = panels;
    t->b_step = PANEL;
    for (t->k0 = 0; t->k0 < p->inner; t->k0 = t->k1) {
        t->k1 = gy_least(t->k0 + depth, p->inner);
        t->b_panel = gy_units(t->k->operand, t->k1 - t->k0) * PANEL;
        set_rows(t, room);
        for (int64_t n0 = at.n0, n1; n0 < at.n1; n0 = n1) {
            n1 = gy_least(n0 + TURNED_COLUMNS, at.n1);
            t->b_first = n0;
            for (int64_t n = n0; n < n1; n += PANEL)
                t->k->operand->turn(gy_least(PANEL, n1 - n), t->k1 - t->k0,
                                    p->b + n * p->ldb + t->k0, p->ldb,
                                    panels + (n - n0) / PANEL * t->b_panel);
            multiply_columns(t, n0, n1);
        }
    }
}

void gy_gemm_few(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls, float *work)
{
    part t = {.k = k, .p = p, .work = work, .since.polls = polls};
    float *room = work + ROWS * PANEL;
    for (t.row = at.m0; t.row < at.m1; t.row += ROWS) {
        t.rows = gy_least(ROWS, at.m1 - t.row);
        if (p->packed != NULL)
            run_packed(&t, at, room);
        else if (p->transpose_b)
            run_turned(&t, at, room);
        else
            run_strips(&t, at, room);
        if (p->y != NULL && (p->y != p->c || p->activation != GY_ACTIVATION_relu))
            gy_gemm_finish(k, p, (gy_block_of){t.row, t.row + t.rows, at.n0, at.n1}, false);
    }
}
