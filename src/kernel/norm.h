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

#endif
