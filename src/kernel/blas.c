/*
 * CBLAS; the only file that knows it. Products run on the calling thread alone: BLAS threads beside
 * our own loops cost more than they bring.
 */
#include "gemm.h"

#include "kernel_impl.h"

#include <cblas.h>
#include <omp.h>

/* OpenBLAS alone has these; others are taken as single-threaded, or told so by their environment */
extern char *openblas_get_config(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern void openblas_set_num_threads(int) __attribute__((weak));

enum { BLAS_OPENMP = 2 }; /* of openblas_get_parallel */

const char *gy_blas_name(void)
{
    return openblas_get_config != NULL ? openblas_get_config() : "CBLAS";
}

void gy_gemm_prepare(void)
{
    if (openblas_get_parallel != NULL && openblas_set_num_threads != NULL &&
        openblas_get_parallel() != BLAS_OPENMP)
        openblas_set_num_threads(1);
}

/* y = alpha op(A) x + beta y, for products with a single row or column */
static void vector_product(bool transpose, int64_t rows, int64_t columns, float alpha,
                           const float *a, int64_t lda, const float *x, int64_t x_step, float beta,
                           float *y, int64_t y_step)
{
    const int64_t n = transpose ? columns : rows;
    if (beta == 0.0f) /* some BLAS multiply by 0 what must not be read */
        for (int64_t i = 0; i < n; i++) y[i * y_step] = 0.0f;
    cblas_sgemv(CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, (int)rows, (int)columns,
                alpha, a, (int)lda, x, (int)x_step, beta, y, (int)y_step);
}

static void blas(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t inner,
                 float alpha, const float *a, int64_t lda, const float *b, int64_t ldb, float beta,
                 float *c, int64_t ldc)
{
    if (m == 1) { /* cᵀ = op(B)ᵀ aᵀ */
        vector_product(!transpose_b, transpose_b ? n : inner, transpose_b ? inner : n, alpha, b,
                       ldb, a, transpose_a ? lda : 1, beta, c, 1);
    } else if (n == 1) {
        vector_product(transpose_a, transpose_a ? inner : m, transpose_a ? m : inner, alpha, a, lda,
                       b, transpose_b ? 1 : ldb, beta, c, ldc);
    } else {
        cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                    transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)inner, alpha, a,
                    (int)lda, b, (int)ldb, beta, c, (int)ldc);
    }
}

void gy_gemm_serial(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t inner,
                    float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
                    float beta, float *c, int64_t ldc)
{
    if (m == 0 || n == 0) return;
    /* within a team OpenBLAS is single-threaded by itself; else this thread's own setting says so */
    const int team = omp_in_parallel() ? 1 : omp_get_max_threads();
    if (team > 1) omp_set_num_threads(1);
    blas(transpose_a, transpose_b, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    if (team > 1) omp_set_num_threads(team);
}
