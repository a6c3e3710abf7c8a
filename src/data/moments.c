/*
 * Moments of parts put together (Chan, Golub, LeVeque 1983): of each part, all ranks' samples of a call, the mean
 * and the squared differences from it, in two passes in double; two parts a and b together have
 *
 *     mean = mean_a + d n_b / n,   squares = squares_a + squares_b + d² n_a n_b / n,   d = mean_b − mean_a
 */
#include "moments.h"

#include <math.h>
#include <string.h>

gy_status gy_moments_init(gy_context *ctx, int64_t n, gy_moments *out)
{
    *out = (gy_moments){.n = n};
    if (n == 0) return GY_OK;
    GY_TRY(gy_new_array(ctx, n, &out->mean));
    GY_TRY(gy_new_array(ctx, n, &out->squares));
    GY_TRY(gy_new_array(ctx, n, &out->part));
    return gy_new_array(ctx, n + 1, &out->sums);
}

void gy_moments_clear(gy_context *ctx, gy_moments *m)
{
    gy_free(ctx, m->mean);
    gy_free(ctx, m->squares);
    gy_free(ctx, m->part);
    gy_free(ctx, m->sums);
    *m = (gy_moments){.n = 0};
}

static void put_together(gy_moments *m, double more)
{
    const double all = m->count + more;
    for (int64_t j = 0; j < m->n; j++) {
        const double d = m->part[j] - m->mean[j];
        m->squares[j] += m->sums[j] + d * d * m->count * more / all;
        m->mean[j] += d * more / all;
    }
    m->count = all;
}

gy_status gy_moments_add(gy_moments *m, int64_t count, const float *x,
                         gy_status (*sum)(void *user, double *values, int n), void *user)
{
    const int64_t n = m->n;
    if (n == 0) return GY_OK;
    memset(m->sums, 0, (size_t)n * sizeof *m->sums);
    for (int64_t i = 0; i < count; i += n)
        for (int64_t j = 0; j < n; j++) m->sums[j] += (double)x[i + j];
    m->sums[n] = (double)(count / n);
    if (sum != NULL) GY_TRY(sum(user, m->sums, (int)(n + 1)));
    const double more = m->sums[n];
    if (more == 0) return GY_OK;
    for (int64_t j = 0; j < n; j++) {
        m->part[j] = m->sums[j] / more;
        m->sums[j] = 0;
    }
    for (int64_t i = 0; i < count; i += n)
        for (int64_t j = 0; j < n; j++) {
            const double d = (double)x[i + j] - m->part[j];
            m->sums[j] += d * d;
        }
    if (sum != NULL) GY_TRY(sum(user, m->sums, (int)n));
    put_together(m, more);
    return GY_OK;
}

void gy_moments_give(const gy_moments *m, gy_normalizer *out)
{
    for (int64_t j = 0; j < m->n; j++) {
        const float deviation = (float)sqrt(m->squares[j] / m->count);
        out->mean[j] = (float)m->mean[j];
        out->deviation[j] = deviation == 0 ? 1 : deviation;
    }
}
