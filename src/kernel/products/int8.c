/*
 * Weights of 8 bits by x of 7: sums of whole numbers, then
 *
 *     y = s_x s_w (Σ q w − zero Σ w) + offset Σ x        Σ w: the sum with a row of ones
 */
#include "../product_list.h"

enum { CODES, SCALES, OFFSETS };

static bool can(const gy_form *w)
{
    return gy_coded_can(w->columns);
}

/* offset Σ x, of the codes of x */
static void add_offsets(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows,
                        int64_t j, int64_t n)
{
    const int64_t columns = p->w->columns;
    const float *offsets = GY_FORM_V(p->w, OFFSETS, float) + p->from + j;
    for (int64_t r = 0; r < rows; r++) {
        int32_t sum = -c->zeros[r] * (int32_t)columns;
        float *y = p->y + (at + r) * p->y_row + j;
        for (int64_t i = 0; i < columns; i++) sum += c->q[r * c->inner + i];
        for (int64_t i = 0; i < n; i++) y[i] += offsets[i] * c->scales[r] * (float)sum;
    }
}

static void finish(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows, int64_t j,
                   int64_t n)
{
    const int32_t *sums = c->c, *of_w = sums + rows * n;
    const float *scales = GY_FORM_V(p->w, SCALES, float) + p->from + j;
    for (int64_t r = 0; r < rows; r++) {
        float *y = p->y + (at + r) * p->y_row + j;
        for (int64_t i = 0; i < n; i++)
            y[i] = c->scales[r] * scales[i] * (float)(sums[r * n + i] - c->zeros[r] * of_w[i]);
    }
    if (p->w->parts[OFFSETS].count > 0) add_offsets(p, c, at, rows, j, n);
}

static void run_coded(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows)
{
    for (int64_t j = 0; j < p->n; j += GY_CODED_OUTPUTS) {
        const gy_int8_dots dots = {.rows = rows + 1,
                                   .outputs = gy_least(GY_CODED_OUTPUTS, p->n - j),
                                   .inner = c->inner,
                                   .q = c->q,
                                   .w = GY_FORM_V(p->w, CODES, int8_t) +
                                        (p->from + j) * p->w->columns,
                                   .w_row = p->w->columns,
                                   .c = c->c};
        p->k->int8_dots(&dots);
        finish(p, c, at, rows, j, dots.outputs);
    }
}

const gy_product_kind gy_product_int8 = {.form = &gy_form_int8, .can = can, .run_coded = run_coded};
