/*
 * Compressed rows by x: GY_LANES rows of x are turned, so that each element that is not zero takes its column
 * of all of them at once.
 *
 * Work: x turned [columns, GY_LANES] | a row of values and their columns | sums [GY_LANES]
 */
#include "../product_list.h"

#include "../gemm_impl.h"
#include "form/sparse.h"

#include <string.h>

static bool can(const gy_form *w)
{
    return w->columns * (GY_LANES + 2) + GY_LANES <= gy_gemm_packed_work;
}

/* x[column, lane] of n rows of x; lanes without a row are zero. */
static void turn(const gy_form_product *p, int64_t at, int64_t n, float *turned)
{
    const int64_t columns = p->w->columns;
    if (n < GY_LANES) memset(turned, 0, sizeof *turned * (size_t)(columns * GY_LANES));
    for (int64_t l = 0; l < n; l++) {
        const float *x = p->x + (at + l) * p->x_row;
        for (int64_t i = 0; i < columns; i++) turned[i * GY_LANES + l] = x[i];
    }
}

/* A row's values and columns, whatever they are kept as. @return how many */
static int64_t take_row(const gy_form *w, int64_t row, float *values, int32_t *columns)
{
    const int32_t *starts = GY_FORM_V(w, GY_SPARSE_STARTS, int32_t);
    const int64_t n = starts[row + 1] - starts[row];
    for (int64_t i = 0; i < n; i++) {
        values[i] = gy_sparse_value(w, row, starts[row] + i);
        columns[i] = gy_sparse_column(w, starts[row] + i);
    }
    return n;
}

static void run(const gy_form_product *p)
{
    float *turned = p->work, *values = turned + p->w->columns * GY_LANES;
    float *sums = values + 2 * p->w->columns;
    int32_t *columns = (int32_t *)(void *)(values + p->w->columns);
    for (int64_t at = 0; at < p->rows; at += GY_LANES) {
        const int64_t rows = gy_least(GY_LANES, p->rows - at);
        turn(p, at, rows, turned);
        for (int64_t j = 0; j < p->n; j++) {
            const int64_t n = take_row(p->w, p->from + j, values, columns);
            p->k->vector->sparse_row(n, columns, values, turned, sums);
            for (int64_t l = 0; l < rows; l++) p->y[(at + l) * p->y_row + j] = sums[l];
        }
    }
}

const gy_product_kind gy_product_sparse = {.form = &gy_form_sparse, .can = can, .run = run};
