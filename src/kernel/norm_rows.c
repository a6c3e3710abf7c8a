/*
 * Norms of rows: rows are spread over threads. For the gradients of gamma and beta the rows are cut
 * into parts whose number depends on the rows alone; each part has sums of its own in scratch.
 */
#include "norm.h"

#include "elementwise.h"
#include "kernel_impl.h"

#include <string.h>

enum { COST = 6, PART_ROWS = 64 };

void gy_row_norm_forward(const gy_kernel *k, const gy_row_norm *p, const float *x,
                         const float *gamma, const float *beta, float *y, float *stats)
{
    const int64_t step = gy_block_rows(p->n);
    GY_SPREAD(gy_team(k, p->rows * p->n, COST), row, p->rows, step, {
        const int64_t at = row * p->n;
        k->vector->row_norm_forward(gy_least(step, p->rows - row), p, x + at, gamma, beta, y + at,
                                    stats == NULL ? NULL : stats + 2 * row);
    });
}

static int64_t part_rows(int64_t rows)
{
    return gy_most(gy_pieces(rows, GY_ROW_NORM_PARTS), PART_ROWS);
}

void gy_row_norm_backward(const gy_kernel *k, const gy_row_norm *p, const float *x,
                          const float *gamma, const float *stats, const float *dy, float *scratch,
                          float *dx, float *dgamma, float keep_gamma, float *dbeta, float keep_beta)
{
    const int64_t step = part_rows(p->rows), count = gy_pieces(p->rows, step);
    float *gammas = dgamma == NULL ? NULL : scratch;
    float *betas = dbeta == NULL ? NULL : scratch + count * p->n;
    GY_SPREAD(gy_team(k, p->rows * p->n, 2 * COST), part, count, 1, {
        const int64_t row = part * step, at = row * p->n;
        float *g = gammas == NULL ? NULL : gammas + part * p->n;
        float *b = betas == NULL ? NULL : betas + part * p->n;
        if (g != NULL) memset(g, 0, sizeof *g * (size_t)p->n);
        if (b != NULL) memset(b, 0, sizeof *b * (size_t)p->n);
        k->vector->row_norm_backward(gy_least(step, p->rows - row), p, x + at, gamma,
                                     stats + 2 * row, dy + at, dx == NULL ? NULL : dx + at, g, b);
    });
    if (dgamma != NULL) gy_column_sum(k, count, p->n, gammas, keep_gamma, dgamma);
    if (dbeta != NULL) gy_column_sum(k, count, p->n, betas, keep_beta, dbeta);
}
