/** Simple loops and sums, and dropout: see kernel/elementwise.h. */
#ifndef GY_KERNEL_VECTOR_ELEMENTWISE_H
#define GY_KERNEL_VECTOR_ELEMENTWISE_H

#include "unit.h"

#define GY_VECTOR_ELEMENTWISE_LIST(X)                                                              \
    X(void, fill, (int64_t n, float value, float *y))                                              \
    X(void, axpby, (int64_t n, float alpha, const float *x, float beta, float *y))                 \
    X(void, lerp, (int64_t n, float share, const float *x, float *y))                              \
    X(void, multiply, (int64_t n, const float *a, const float *b, float *y))                       \
    X(void, add, (int64_t n, const float *a, const float *b, float *y))                            \
    X(double, sum_squares, (int64_t n, const float *x))                                            \
    /* sums[c] += Σ rows x[row stride + c], c < columns */                                        \
    X(void, column_sum,                                                                            \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, double *sums))               \
    /* y[row, c] += bias[c] */                                                                     \
    X(void, add_bias, (int64_t rows, int64_t columns, const float *bias, float *y))                \
    /* elements [from, from + n) of one sample; kept where its 32 bits are below limit */          \
    X(void, dropout,                                                                               \
      (const uint32_t key[2], uint64_t sample, int64_t from, int64_t n, uint32_t limit,            \
       float scale, const float *x, float *y))

GY_VECTOR_ELEMENTWISE_LIST(GY_UNIT)

#endif
