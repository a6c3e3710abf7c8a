/** Matrix products, in the handle's precision, and the dense layer made of them. */
#ifndef GY_KERNEL_GEMM_H
#define GY_KERNEL_GEMM_H

#include "activation.h"

/**
 * C = alpha op(A) op(B) + beta C, with op(A) [m, n_inner], op(B) [n_inner, n], C [m, n].
 *
 * @param lda, ldb, ldc  floats from row to row
 * beta = 0 does not read C. Spread over the kernel's threads; polls between blocks.
 */
void gy_gemm(const gy_kernel *k, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
             int64_t inner, float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
             float beta, float *c, int64_t ldc);

/** gy_gemm() in float32 by CBLAS, on the calling thread alone, for use inside a kernel's own parallel loop. */
void gy_gemm_serial(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t inner,
                    float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float beta, float *c, int64_t ldc);

/** Floats of W [out, in] in panels, for products that read it again and again. */
int64_t gy_linear_packed(int64_t in, int64_t out);
/** W in panels. Spread over the kernel's threads. */
void gy_linear_pack(const gy_kernel *k, int64_t in, int64_t out, const float *w, float *packed);

/**
 * y = a(x Wᵀ + b): x [rows, in], w [out, in], bias [out] or NULL, y [rows, out].
 *
 * @param packed  what gy_linear_pack() made of w, which is then not read: the bits of a row of y are
 *                those of its row of x, however many there are. NULL: there is none
 * @param z  [rows, out] takes x Wᵀ + b before the activation; NULL where it is not kept. Must be
 *           given where gy_activation_reads_x(a) and a backward pass follows
 */
void gy_linear_forward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                       const float *w, const float *packed, const float *bias, gy_activation a,
                       float *z, float *y);

/**
 * From dz [rows, out] (after the activation's backward):
 * dx = dz W, dw = beta_w dw + dzᵀ x, db = beta_b db + Σ rows dz. dx, dw, db may each be NULL.
 */
void gy_linear_backward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                        const float *w, const float *dz, float *dx, float *dw, float beta_w,
                        float *db, float beta_b);

/** Its dw and db alone, of rows of x and dz that are x_row and dz_row floats apart; db may be NULL. */
void gy_linear_gradients(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                         int64_t x_row, const float *dz, int64_t dz_row, float *dw, float beta_w,
                         float *db, float beta_b);

#endif
