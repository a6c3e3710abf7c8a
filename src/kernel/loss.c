/* Losses: cut into blocks and spread over threads; the loops are in vector/loss.c. */
#include "loss.h"

#include "kernel_impl.h"

#include <math.h>

enum { COST = 8 };

static float *from(float *dy, int64_t i)
{
    return dy != NULL ? dy + i : NULL;
}

static const float *at(const float *weight, int64_t i)
{
    return weight != NULL ? weight + i : NULL;
}

double gy_softmax_cross_entropy(const gy_kernel *k, int64_t rows, int64_t classes,
                                const float *logits, const float *label, const float *weight,
                                float smoothing, float scale, float *dlogits)
{
    double partial[GY_PARTIALS];
    const int64_t step = gy_most(gy_pieces(rows, GY_PARTIALS), gy_block_rows(classes));
    const int64_t blocks = gy_pieces(rows, step);
    GY_SPREAD(gy_team(k, rows * classes, COST), b, blocks, 1, {
        const int64_t row = b * step;
        partial[b] = k->vector->softmax_cross_entropy(
            gy_least(step, rows - row), classes, logits + row * classes, label + row,
            at(weight, row), smoothing, scale, from(dlogits, row * classes));
    });
    return gy_in_order(blocks, partial);
}

double gy_sigmoid_cross_entropy(const gy_kernel *k, int64_t n, const float *logits,
                                const float *target, const float *weight, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->sigmoid_cross_entropy(m, logits + i, target + i,
                                                            at(weight, i), scale, from(dy, i)));
}

double gy_softmax_divergence(const gy_kernel *k, int64_t rows, int64_t classes, const float *logits,
                             const float *teacher, const float *weight, float temperature,
                             float scale, float *dlogits)
{
    double partial[GY_PARTIALS];
    const int64_t step = gy_most(gy_pieces(rows, GY_PARTIALS), gy_block_rows(classes));
    const int64_t blocks = gy_pieces(rows, step);
    GY_SPREAD(gy_team(k, rows * classes, 2 * COST), b, blocks, 1, {
        const int64_t row = b * step, first = row * classes;
        partial[b] = k->vector->softmax_divergence(gy_least(step, rows - row), classes,
                                                   logits + first, teacher + first, at(weight, row),
                                                   temperature, scale, from(dlogits, first));
    });
    return gy_in_order(blocks, partial);
}

double gy_sigmoid_divergence(const gy_kernel *k, int64_t n, const float *logits,
                             const float *teacher, const float *weight, float temperature,
                             float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(2 * COST,
                     k->vector->sigmoid_divergence(m, logits + i, teacher + i, at(weight, i),
                                                   temperature, scale, from(dy, i)));
}

double gy_squared_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                        const float *weight, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(
        COST, k->vector->squared_error(m, y + i, target + i, at(weight, i), scale, from(dy, i)));
}

double gy_absolute_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                         const float *weight, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(
        COST, k->vector->absolute_error(m, y + i, target + i, at(weight, i), scale, from(dy, i)));
}

double gy_huber_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                      const float *weight, float delta, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->huber_error(m, y + i, target + i, at(weight, i), delta, scale,
                                                  from(dy, i)));
}

double gy_gaussian_nll(const gy_kernel *k, int64_t rows, int64_t n, const float *y,
                       const float *target, const float *weight, float scale, float *dy)
{
    double partial[GY_PARTIALS];
    const int64_t step = gy_most(gy_pieces(rows, GY_PARTIALS), gy_block_rows(2 * n));
    const int64_t blocks = gy_pieces(rows, step);
    GY_SPREAD(gy_team(k, rows * 2 * n, COST), b, blocks, 1, {
        const int64_t row = b * step;
        partial[b] = k->vector->gaussian_nll(gy_least(step, rows - row), n, y + row * 2 * n,
                                             target + row * n, at(weight, row * n), scale,
                                             from(dy, row * 2 * n));
    });
    return gy_in_order(blocks, partial);
}

double gy_quantile_error(const gy_kernel *k, int64_t n, int64_t quantiles, const float *quantile,
                         const float *y, const float *target, const float *weight, float scale,
                         float *dy)
{
    GY_SUM_OF_BLOCKS(COST * quantiles, k->vector->quantile_error(
                                           m, quantiles, quantile, y + i * quantiles, target + i,
                                           at(weight, i), scale, from(dy, i * quantiles)));
}

/* A sample's. */
static double relative_error(const gy_vector *v, int64_t n, const float *y, const float *target,
                             float weight, float scale, float *dy)
{
    const double floor = 1e-8; /* as others have it, for targets of 0 */
    if (weight <= 0.0F) {
        if (dy != NULL) v->fill(n, 0.0F, dy);
        return 0.0;
    }
    const double error = sqrt(v->squared_error(n, y, target, NULL, 1.0F, NULL));
    const double size = sqrt(v->sum_squares(n, target)) + floor;
    if (dy != NULL) { /* d‖e‖ = e / ‖e‖, and the squared error's is 2 e */
        const double slope = error > 0 ? 0.5 * (double)weight / (error * size) : error;
        (void)v->squared_error(n, y, target, NULL, scale * (float)slope, dy);
    }
    return (double)weight * error / size;
}

double gy_relative_error(const gy_kernel *k, int64_t samples, int64_t n, const float *y,
                         const float *target, const float *weight, float scale, float *dy)
{
    double partial[GY_PARTIALS];
    const int64_t step = gy_most(gy_pieces(samples, GY_PARTIALS), 1),
                  blocks = gy_pieces(samples, step);
    GY_SPREAD(gy_team(k, samples * n, COST), b, blocks, 1, {
        partial[b] = 0.0;
        for (int64_t i = b * step; i < gy_least(samples, (b + 1) * step); i++)
            partial[b] += relative_error(k->vector, n, y + i * n, target + i * n,
                                         weight != NULL ? weight[i] : 1.0F, scale, from(dy, i * n));
    });
    return gy_in_order(blocks, partial);
}
