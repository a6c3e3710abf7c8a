/* Activations: cut into blocks and spread over threads; the loops are in vector/activation.c. */
#include "activation.h"

#include "kernel_impl.h"

#define NAME(name, ...) #name,
const char *const gy_activation_names[GY_ACTIVATION_COUNT + 1] = {GY_ACTIVATION_LIST(NAME) NULL};

bool gy_activation_reads_x(gy_activation a)
{
#define READS_X(name, reads_x, halves) reads_x,
    static const bool reads[] = {GY_ACTIVATION_LIST(READS_X)};
    return reads[a];
}

bool gy_activation_halves(gy_activation a)
{
#define HALVES(name, reads_x, halves) halves,
    static const bool half[] = {GY_ACTIVATION_LIST(HALVES)};
    return half[a];
}

enum { COST = 8 }; /* simple operations an element */

static void softmax_forward(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                            float *y)
{
    const int64_t step = gy_block_rows(columns);
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, step,
              k->vector->softmax_forward(gy_least(step, rows - row), columns, x + row * columns,
                                         y + row * columns));
}

static void softmax_backward(const gy_kernel *k, int64_t rows, int64_t columns, const float *y,
                             const float *dy, float *dx)
{
    const int64_t step = gy_block_rows(columns);
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, step,
              k->vector->softmax_backward(gy_least(step, rows - row), columns, y + row * columns,
                                          dy + row * columns, dx + row * columns));
}

void gy_activation_forward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                           const float *x, float *y)
{
    if (a == GY_ACTIVATION_softmax) {
        softmax_forward(k, rows, columns, x, y);
        return;
    }
    if (a == GY_ACTIVATION_none && x == y) return;
    const int64_t n = rows * columns;
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->activation_forward(a, gy_block(n, i), x + i, y + i));
}

void gy_activation_backward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                            const float *x, const float *y, const float *dy, float *dx)
{
    if (a == GY_ACTIVATION_softmax) {
        softmax_backward(k, rows, columns, y, dy, dx);
        return;
    }
    if (a == GY_ACTIVATION_none && dx == dy) return;
    const int64_t n = rows * columns;
    const bool reads_x = gy_activation_reads_x(a);
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK, /* x or y may be NULL: leave it so */
              k->vector->activation_backward(a, gy_block(n, i), reads_x ? x + i : NULL,
                                             reads_x ? NULL : y + i, dy + i, dx + i));
}

void gy_activation_slope(const gy_kernel *k, gy_activation a, int64_t n, const float *x, float *y,
                         float *slope)
{
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->activation_slope(a, gy_block(n, i), x + i, y + i, slope + i));
}
