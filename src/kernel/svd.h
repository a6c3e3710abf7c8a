/** Singular values, by the LAPACK that comes with the BLAS. */
#ifndef GY_KERNEL_SVD_H
#define GY_KERNEL_SVD_H

#include <gyre/context.h>

#include <stdint.h>

/**
 * A = U diag(sigma) V of n = min(rows, columns) singular values, descending. Local.
 *
 * @param a      [rows, columns]
 * @param u      out: [rows, n]
 * @param sigma  out: [n]
 * @param v      out: [n, columns]
 * @return GY_OK; GY_E_CONFIG where the BLAS has no LAPACK; GY_E_DATA where A has what is not finite;
 *         GY_E_NOMEM
 */
gy_status gy_svd(gy_context *ctx, int64_t rows, int64_t columns, const float *a, float *u,
                 float *sigma, float *v) GY_CHECKED;

#endif
