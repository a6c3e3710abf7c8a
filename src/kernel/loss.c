/* Losses: cut into blocks and spread over threads; the loops are in vector/loss.c. */
#include "loss.h"

#include "kernel_impl.h"

enum { COST = 8 };

static double add_up(const double *partial, int64_t n)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += partial[i];
    return s;
}

double gy_softmax_cross_entropy(const gy_kernel *k, int64_t rows, int64_t classes,
                                const float *logits, const float *label, float smoothing,
                                float scale, float *dlogits)
{
    double partial[GY_PARTIALS];
    const int64_t least = (rows + GY_PARTIALS - 1) / GY_PARTIALS, fit = gy_block_rows(classes);
    const int64_t step = least > fit ? least : fit, blocks = (rows + step - 1) / step;
    GY_SPREAD(gy_team(k, rows * classes, COST))
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t row = b * step;
        partial[b] = k->vector->softmax_cross_entropy(
            gy_least(step, rows - row), classes, logits + row * classes, label + row, smoothing,
            scale, dlogits != NULL ? dlogits + row * classes : NULL);
    }
    return add_up(partial, blocks);
}

/* Each block of [0, n) by `call` (in terms of i, m and its gradient d), then their sum. */
#define SUM_OF_BLOCKS(call)                                                                        \
    double partial[GY_PARTIALS];                                                                   \
    const int64_t block = gy_sum_block(n), blocks = (n + block - 1) / block;                       \
    GY_SPREAD(gy_team(k, n, COST))                                                                 \
    for (int64_t b = 0; b < blocks; b++) {                                                         \
        const int64_t i = b * block, m = gy_least(block, n - i);                                   \
        float *d = dy != NULL ? dy + i : NULL;                                                     \
        partial[b] = call;                                                                         \
    }                                                                                              \
    return add_up(partial, blocks)

double gy_sigmoid_cross_entropy(const gy_kernel *k, int64_t n, const float *logits,
                                const float *target, float scale, float *dy)
{
    SUM_OF_BLOCKS(k->vector->sigmoid_cross_entropy(m, logits + i, target + i, scale, d));
}

double gy_squared_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                        float scale, float *dy)
{
    SUM_OF_BLOCKS(k->vector->squared_error(m, y + i, target + i, scale, d));
}

double gy_absolute_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                         float scale, float *dy)
{
    SUM_OF_BLOCKS(k->vector->absolute_error(m, y + i, target + i, scale, d));
}

double gy_huber_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                      float delta, float scale, float *dy)
{
    SUM_OF_BLOCKS(k->vector->huber_error(m, y + i, target + i, delta, scale, d));
}
