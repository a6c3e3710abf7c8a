/** Norms of columns on the calling thread, of any number of columns. */
#ifndef GY_KERNEL_NORM_IMPL_H
#define GY_KERNEL_NORM_IMPL_H

#include "kernel_impl.h"
#include "norm.h"

void gy_columns_moments(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                        double *mean, double *squares);
void gy_columns_products(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                         const gy_column_norm *n, const float *dy, double *sum, double *product);
void gy_columns_forward(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                        const gy_column_norm *n, float *y);
void gy_columns_backward(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                         const gy_column_norm *n, const float *slope, const float *offset,
                         const float *dy, float *dx);

#endif
