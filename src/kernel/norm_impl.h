/** Norms of columns on the calling thread, of any number of columns. */
#ifndef GY_KERNEL_NORM_IMPL_H
#define GY_KERNEL_NORM_IMPL_H

#include "kernel_impl.h"
#include "norm.h"

/** How rows are cut, for threads to take parts of them: a function of the shape alone. */
typedef struct gy_column_parts {
    int64_t rows, n; /* of a part, but for the last; how many, 1 at least */
} gy_column_parts;

gy_column_parts gy_column_cut(int64_t rows, int64_t columns);

/** Moments of all rows from those [n, columns] of the parts, which mean and square may be the first of. */
void gy_column_combine(const gy_column_parts *parts, int64_t rows, int64_t columns,
                       const double *means, const double *squares, double *mean, double *square);

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
