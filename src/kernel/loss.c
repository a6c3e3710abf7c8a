/* Losses: cut into blocks and spread over threads; the loops are in vector/loss.c. */
#include "loss.h"

#include "kernel_impl.h"

enum { COST = 8 };

static float *from(float *dy, int64_t i)
{
    return dy != NULL ? dy + i : NULL;
}

double gy_softmax_cross_entropy(const gy_kernel *k, int64_t rows, int64_t classes,
                                const float *logits, const float *label, float smoothing,
                                float scale, float *dlogits)
{
    double partial[GY_PARTIALS];
    const int64_t step = gy_most(gy_pieces(rows, GY_PARTIALS), gy_block_rows(classes));
    const int64_t blocks = gy_pieces(rows, step);
    GY_SPREAD(gy_team(k, rows * classes, COST), b, blocks, 1, {
        const int64_t row = b * step;
        partial[b] = k->vector->softmax_cross_entropy(
            gy_least(step, rows - row), classes, logits + row * classes, label + row, smoothing,
            scale, from(dlogits, row * classes));
    });
    return gy_in_order(blocks, partial);
}

double gy_sigmoid_cross_entropy(const gy_kernel *k, int64_t n, const float *logits,
                                const float *target, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(
        COST, k->vector->sigmoid_cross_entropy(m, logits + i, target + i, scale, from(dy, i)));
}

double gy_squared_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                        float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->squared_error(m, y + i, target + i, scale, from(dy, i)));
}

double gy_absolute_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                         float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->absolute_error(m, y + i, target + i, scale, from(dy, i)));
}

double gy_huber_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                      float delta, float scale, float *dy)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->huber_error(m, y + i, target + i, delta, scale, from(dy, i)));
}
