/** Norms: see kernel/norm.h; dgamma and dbeta are added to, and may be NULL, as may dx and stats. */
#ifndef GY_KERNEL_VECTOR_NORM_H
#define GY_KERNEL_VECTOR_NORM_H

#include "../norm.h"
#include "unit.h"

enum { GY_COLUMN_TILE = 256 }; /* columns that column_moments and column_products take at most */

#define GY_VECTOR_NORM_LIST(X)                                                                     \
    X(void, row_norm_forward,                                                                      \
      (int64_t rows, const gy_row_norm *p, const float *x, const float *gamma, const float *beta,  \
       float *y, float *stats))                                                                    \
    X(void, row_norm_backward,                                                                     \
      (int64_t rows, const gy_row_norm *p, const float *x, const float *gamma, const float *stats, \
       const float *dy, float *dx, float *dgamma, float *dbeta))                                   \
    X(void, column_moments,                                                                        \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, double *mean,                \
       double *squares))                                                                           \
    /* adds to sums and products */                                                                \
    X(void, column_products,                                                                       \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, const gy_column_norm *norm,  \
       const float *dy, double *sums, double *products))                                           \
    X(void, column_norm_forward,                                                                   \
      (int64_t rows, int64_t columns, const float *x, const gy_column_norm *norm, float *y))       \
    X(void, column_norm_backward,                                                                  \
      (int64_t rows, int64_t columns, const float *x, const gy_column_norm *norm,                  \
       const float *slope, const float *offset, const float *dy, float *dx))

GY_VECTOR_NORM_LIST(GY_UNIT)

#endif
