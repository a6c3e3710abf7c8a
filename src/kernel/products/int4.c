/* Weights of 4 bits by x of 7, unpacked on the way: y = s_x (Σ groups s_w Σ q w − zero Σ w). */
#include "../product_list.h"

#include "form/int4.h"

static bool can(const gy_form *w)
{
    return gy_coded_can(w->columns);
}

static void finish(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows, int64_t j,
                   int64_t n)
{
    const float *sums = c->c, *of_w = sums + rows * n;
    for (int64_t r = 0; r < rows; r++) {
        float *y = p->y + (at + r) * p->y_row + j;
        for (int64_t i = 0; i < n; i++)
            y[i] = c->scales[r] * (sums[r * n + i] - (float)c->zeros[r] * of_w[i]);
    }
}

static void run_coded(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows)
{
    const int64_t groups = gy_pieces(p->w->columns, GY_INT4_GROUP);
    for (int64_t j = 0; j < p->n; j += GY_CODED_OUTPUTS) {
        const int64_t first = (p->from + j) * groups;
        const gy_int4_dots dots = {.rows = rows + 1,
                                   .outputs = gy_least(GY_CODED_OUTPUTS, p->n - j),
                                   .inner = c->inner,
                                   .groups = groups,
                                   .q = c->q,
                                   .w = GY_FORM_V(p->w, GY_INT4_CODES, uint8_t) +
                                        first * GY_INT4_BYTES,
                                   .scales = GY_FORM_V(p->w, GY_INT4_SCALES, float) + first,
                                   .c = c->c};
        p->k->vector->int4_dots(&dots);
        finish(p, c, at, rows, j, dots.outputs);
    }
}

const gy_product_kind gy_product_int4 = {.form = &gy_form_int4, .can = can, .run_coded = run_coded};
