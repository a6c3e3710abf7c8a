/*
 * Products on one thread by CBLAS, which this file alone knows: one thread whatever the BLAS would
 * take by itself, and the BLAS of the process is afterwards as it was. Its counts are ints; loops of
 * our own do what is longer.
 */
#include "gemm.h"

#include "base/count.h"

#include <cblas.h>
#include <limits.h>
#include <omp.h>
#include <stdatomic.h>

/* OpenBLAS alone has these; others are taken as single-threaded, or told so by their environment */
extern char *openblas_get_config(void) __attribute__((weak));
extern int openblas_get_parallel(void) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int) __attribute__((weak));

enum { BLAS_OPENMP = 2 }; /* of openblas_get_parallel */

const char *gy_blas_name(void)
{
    return openblas_get_config != NULL ? openblas_get_config() : "CBLAS";
}

/*
 * An OpenBLAS with threads of its own has one number of them for the whole process, which is the
 * caller's: it is 1 while any thread is in a product of ours, and then what it was before.
 */
static struct {
    atomic_flag busy;
    int products, threads; /* now running; of the BLAS before the first of them */
} own_pool = {.busy = ATOMIC_FLAG_INIT};

static bool has_own_pool(void)
{
    return openblas_get_parallel != NULL && openblas_get_num_threads != NULL &&
           openblas_set_num_threads != NULL && openblas_get_parallel() != BLAS_OPENMP;
}

/* by = 1 before a product, −1 after it */
static void count_products(int by)
{
    while (atomic_flag_test_and_set(&own_pool.busy)) {}
    if (own_pool.products == 0) own_pool.threads = openblas_get_num_threads();
    own_pool.products += by;
    const int wanted = own_pool.products > 0 ? 1 : own_pool.threads;
    if (openblas_get_num_threads() != wanted) openblas_set_num_threads(wanted);
    atomic_flag_clear(&own_pool.busy);
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

/* Loops that know no bounds, for what BLAS, which counts in int, cannot say. */
static void plain(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t inner,
                  float alpha, const float *a, int64_t lda, const float *b, int64_t ldb, float beta,
                  float *c, int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = beta == 0.0f ? 0.0 : (double)beta * (double)c[i * ldc + j];
            for (int64_t k = 0; k < inner; k++)
                sum += (double)alpha * (double)(transpose_a ? a[k * lda + i] : a[i * lda + k]) *
                       (double)(transpose_b ? b[j * ldb + k] : b[k * ldb + j]);
            c[i * ldc + j] = (float)sum;
        }
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
    const int64_t longest = gy_most(gy_most(gy_most(m, n), inner), gy_most(lda, gy_most(ldb, ldc)));
    if (inner == 0 || longest > INT_MAX) { /* some BLAS leave C as it was where inner is 0 */
        plain(transpose_a, transpose_b, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    /* within a team OpenBLAS is single-threaded by itself; else this thread's own setting says so */
    const int team = omp_in_parallel() ? 1 : omp_get_max_threads();
    const bool pool = has_own_pool();
    if (team > 1) omp_set_num_threads(1);
    if (pool) count_products(1);
    blas(transpose_a, transpose_b, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    if (pool) count_products(-1);
    if (team > 1) omp_set_num_threads(team);
}
