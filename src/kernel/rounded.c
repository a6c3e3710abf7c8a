/* Rounding row by row, spread over threads; the loops are in vector/integer.c. */
#include "rounded.h"

#include "kernel_impl.h"

enum { COST = 4 };

void gy_round_weights(const gy_kernel *k, int64_t rows, int64_t columns, float *w)
{
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, 1,
              k->vector->round_weights(columns, w + row * columns));
}

void gy_round_inputs(const gy_kernel *k, int64_t rows, int64_t columns, const float *x, float *y)
{
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, 1,
              k->vector->round_inputs(columns, x + row * columns, y + row * columns));
}
