/*
 * Products by weights that are in panels already (gy_linear_pack), of few rows or of few weights: all whole
 * panels in one call, the rest in another, and nothing is fetched ahead. The sums are those of gemm_packed.c,
 * which is for the many.
 */
#include "gemm_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    ROWS = 48,
    WEIGHTS = 96 * 1024, /* few: 384 KiB, which stay in the second-level cache */
    CROWDED = 1024,      /* rows so many floats apart share their sets */
    POLL = 8             /* blocks of rows between two polls */
};

bool gy_gemm_is_few(const gy_product *p)
{
    const bool plain = !p->transpose_a && p->alpha == 1.0f && p->beta == 0.0f;
    return p->packed != NULL && plain && (p->m <= ROWS || p->n * p->inner <= WEIGHTS);
}

/* Rows [row, row + rows) of a part of the inner dimension, [k0, k1). */
typedef struct part {
    const gy_kernel *k;
    const gy_product *p;
    int64_t row, rows, k0, k1;
    const float *a; /* packed, or as they lie */
    int64_t a_row;
    float *work;
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
    const int64_t units = gy_units(o, p->inner);
    const bool whole = n % PANEL == 0, first = t->k0 == 0, last = t->k1 == p->inner;
    float start[PANEL] = {0}, *c = p->c + t->row * p->ldc + column, *to = whole ? c : t->work;
    gy_panel_product product = {.rows = t->rows,
                                .lines = 1,
                                .columns = 1,
                                .depth = gy_units(o, t->k1 - t->k0),
                                .a = t->a,
                                .a_row = t->a_row,
                                .a_step = 1,
                                .b = p->packed + column * units + t->k0 / o->per * PANEL,
                                .b_step = PANEL,
                                .panels = gy_pieces(n, PANEL),
                                .b_panel = units * PANEL,
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

void gy_gemm_few(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls, float *work)
{
    const int64_t depth = gy_gemm_depth(k, p->inner), n = at.n1 - at.n0, rest = n % PANEL;
    part t = {.k = k, .p = p, .work = work};
    for (t.row = at.m0; t.row < at.m1; t.row += ROWS) {
        t.rows = gy_least(ROWS, at.m1 - t.row);
        for (t.k0 = 0; t.k0 < p->inner; t.k0 = t.k1) {
            t.k1 = gy_least(t.k0 + depth, p->inner);
            set_rows(&t, work + ROWS * PANEL);
            if (n > rest) multiply(&t, at.n0, n - rest);
            if (rest > 0) multiply(&t, at.n1 - rest, rest);
        }
        if (p->y != NULL && (p->y != p->c || p->activation != GY_ACTIVATION_relu))
            gy_gemm_finish(k, p, (gy_block_of){t.row, t.row + t.rows, at.n0, at.n1}, false);
        if (polls && (t.row - at.m0) / ROWS % POLL == POLL - 1) gy_kernel_poll(k);
    }
}
