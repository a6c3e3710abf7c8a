/**
 * Attention: see kernel/attention.c. Panels are 16 wide; row r of a block of scores sees its first
 * see + r more keys, and the rest up to the last row's is made zero.
 */
#ifndef GY_KERNEL_VECTOR_ATTENTION_H
#define GY_KERNEL_VECTOR_ATTENTION_H

#include "unit.h"

#define GY_VECTOR_ATTENTION_LIST(X)                                                                \
    /* y = factor[row step] x, row by row */                                                       \
    X(void, attention_rows,                                                                        \
      (int64_t rows, int64_t width, const float *factor, int64_t step, const float *x,             \
       int64_t x_row, float *y, int64_t y_row))                                                    \
    /* score = e^(score − its maximum); inverse = 1 / Σ */                                      \
    X(void, attention_softmax,                                                                     \
      (int64_t rows, int64_t see, int64_t more, int64_t line, float *score, float *lse,            \
       float *inverse))                                                                            \
    /* score = e^(score − lse); slope = score (slope − Σ score slope) */                      \
    X(void, attention_slope,                                                                       \
      (int64_t rows, int64_t see, int64_t more, int64_t line, const float *lse, float *score,      \
       float *slope))                                                                              \
    /* pairs of x, by (cos, sin) of `turn` */                                                      \
    X(void, rotate, (int64_t width, const float *turn, bool back, float *x))

GY_VECTOR_ATTENTION_LIST(GY_UNIT)

#endif
