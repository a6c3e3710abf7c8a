/**
 * Norms: x less its mean, over its standard deviation, times gamma, plus beta. What they have in
 * common: with s = 1 / sqrt(variance + epsilon) and z = (x − mean) s over a set of N elements,
 *
 *     y = z gamma + beta
 *     dx = s (g − Σ g / N − z Σ g z / N), g = dy gamma;   dgamma = Σ dy z;   dbeta = Σ dy.
 *
 * Statistics keep their accuracy however large the mean is: sums are of differences from a number
 * near to it. Local; NaN passes. y may be x, dx may be dy.
 */
#ifndef GY_KERNEL_NORM_H
#define GY_KERNEL_NORM_H

#include "kernel.h"

#include <stdbool.h>

/** A norm of each row of [rows, n] by itself. */
typedef struct gy_row_norm {
    int64_t rows, n;
    bool centred;  /* layer norm; false: mean 0 and no beta (rms norm) */
    float epsilon; /* ≥ 0 */
} gy_row_norm;

/**
 * @param beta   [n]; NULL: none
 * @param stats  [2 rows] mean and 1 / deviation of each row, for the backward pass; NULL: not wanted
 */
void gy_row_norm_forward(const gy_kernel *k, const gy_row_norm *p, const float *x,
                         const float *gamma, const float *beta, float *y, float *stats);

enum { GY_ROW_NORM_PARTS = 32 };

/**
 * @param scratch [2 GY_ROW_NORM_PARTS n]
 * @param dx      [rows, n]; NULL: not wanted
 * @param dgamma  [n] dgamma = keep_gamma dgamma + …; NULL: not wanted; dbeta likewise
 */
void gy_row_norm_backward(const gy_kernel *k, const gy_row_norm *p, const float *x,
                          const float *gamma, const float *stats, const float *dy, float *scratch,
                          float *dx, float *dgamma, float keep_gamma, float *dbeta,
                          float keep_beta);

/* Norms of columns, for batch norm: each column of x [rows, columns] is a set. */

enum { GY_COLUMN_PARTS = 16 };

/**
 * Mean and Σ (x − mean)² of each column; 0 where there are no rows.
 *
 * @param partial  [2 GY_COLUMN_PARTS columns] scratch
 * @param mean     [columns] out; squares likewise
 */
void gy_column_moments(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                       double *partial, double *mean, double *squares);

/** Of y = (x − mean) scale + shift, with `relu` max(0, …); all [columns]. */
typedef struct gy_column_norm {
    const float *mean, *scale, *shift; /* without relu the backward pass does not read shift */
    bool relu;
} gy_column_norm;

void gy_column_norm_forward(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                            const gy_column_norm *n, float *y);

/**
 * Σ g and Σ g (x − mean) of each column; g is dy, with relu 0 where y is 0, for which y is not
 * needed. partial as above.
 */
void gy_column_products(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                        const gy_column_norm *n, const float *dy, double *partial, double *sum,
                        double *product);

/** dx = scale g − (x − mean) slope − offset; slope, offset [columns]. */
void gy_column_norm_backward(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                             const gy_column_norm *n, const float *slope, const float *offset,
                             const float *dy, float *dx);

/**
 * Group norm: x [batch, rows, columns]; a set is a sample's group of neighbouring columns, all rows. What
 * a sample gives depends neither on the others nor on threads.
 */
typedef struct gy_group_norm {
    int64_t batch, rows, columns, groups; /* groups divide columns */
    float epsilon;
} gy_group_norm;

/** Bytes of scratch a sample takes in either pass. */
int64_t gy_group_norm_scratch(int64_t rows, int64_t columns);

/**
 * @param gamma  [columns]; beta likewise
 * @param stats  [batch, 2 groups] mean and 1 / deviation, for the backward pass; NULL: not wanted
 */
void gy_group_norm_forward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                           const float *gamma, const float *beta, void *scratch, float *y,
                           float *stats);

/** As gy_row_norm_backward(). */
void gy_group_norm_backward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                            const float *gamma, const float *stats, const float *dy, void *scratch,
                            float *dx, float *dgamma, float keep_gamma, float *dbeta,
                            float keep_beta);

#endif
