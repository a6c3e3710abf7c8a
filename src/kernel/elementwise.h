/** Loops over float vectors; sums are made in double, in fixed blocks, in order. */
#ifndef GY_KERNEL_ELEMENTWISE_H
#define GY_KERNEL_ELEMENTWISE_H

#include "base/rng.h"
#include "kernel.h"

void gy_fill(const gy_kernel *k, int64_t n, float value, float *y);
void gy_copy(const gy_kernel *k, int64_t n, const float *x, float *y);
/** y = alpha x + beta y; beta = 0 does not read y. */
void gy_axpby(const gy_kernel *k, int64_t n, float alpha, const float *x, float beta, float *y);
/** y += share (x − y): where x = y, y keeps its bits. */
void gy_lerp(const gy_kernel *k, int64_t n, float share, const float *x, float *y);
/** y = a b, elementwise; y may be a or b. */
void gy_multiply(const gy_kernel *k, int64_t n, const float *a, const float *b, float *y);
/** y[row] = x[row] + v, for rows [rows, n]; y may be x. */
void gy_add_rows(const gy_kernel *k, int64_t rows, int64_t n, const float *x, const float *v,
                 float *y);
/** Σ x² */
double gy_sum_squares(const gy_kernel *k, int64_t n, const float *x);
/** y[column] = beta y + Σ rows x[row, column]. */
void gy_column_sum(const gy_kernel *k, int64_t rows, int64_t columns, const float *x, float beta,
                   float *y);
/** The same of a matrix whose rows are `stride` floats apart. */
void gy_column_sum_strided(const gy_kernel *k, int64_t rows, int64_t columns, int64_t stride,
                           const float *x, float beta, float *y);
/** y[j, i, 0 … n − 1] = x[i, j, 0 … n − 1], i < a, j < b. */
void gy_swap_axes(const gy_kernel *k, int64_t a, int64_t b, int64_t n, const float *x, float *y);

/**
 * Inverted dropout: y = x / (1 − rate) where kept, else 0; x [batch, n], y may be x. The mask is a
 * function of key, sample and element alone, so that the backward pass calls this again with dy.
 *
 * @param step   counts the draws of a key: the training step
 * @param first  number of the first sample within the global batch
 */
void gy_dropout(const gy_kernel *k, gy_rng key, int64_t step, int64_t first, int64_t batch,
                int64_t n, float rate, const float *x, float *y);

#endif
