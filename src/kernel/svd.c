/* Singular values by sgesdd (divide and conquer), which takes columns first: it is given Aᵀ = Vᵀ σ Uᵀ. */
#include "svd.h"

#include "base/alloc.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* OpenBLAS has LAPACK in it; a BLAS alone has not */
extern void sgesdd_(const char *job, const int *m, const int *n, float *a, const int *lda, float *s,
                    float *u, const int *ldu, float *vt, const int *ldvt, float *work,
                    const int *lwork, int *iwork, int *info, size_t job_length)
    __attribute__((weak));

static gy_status check(int64_t rows, int64_t columns, const float *a)
{
    GY_REQUIRE(rows < INT_MAX / 16 && columns < INT_MAX / 16, GY_E_SHAPE,
               "no singular values" GY_WHY "the matrix is too large");
    for (int64_t i = 0; i < rows * columns; i++)
        GY_REQUIRE(isfinite(a[i]), GY_E_DATA, "no singular values" GY_WHY "a value is not finite");
    return GY_OK;
}

gy_status gy_svd(gy_context *ctx, int64_t rows, int64_t columns, const float *a, float *u,
                 float *sigma, float *v)
{
    gy_pool pool;
    float *copy, *work, best = 0;
    int *iwork, info = 0, query = -1, m = (int)columns, n = (int)rows, least = m < n ? m : n;
    if (sgesdd_ == NULL)
        return gy_raise(GY_E_CONFIG,
                        "no singular values" GY_WHY "the BLAS of this build has no LAPACK" GY_HINT
                        "build with OpenBLAS");
    GY_TRY(check(rows, columns, a));
    gy_pool_init(&pool, ctx);
    gy_status status = gy_pool_array(&pool, rows * columns, &copy);
    if (status == GY_OK) status = gy_pool_array(&pool, 8 * (int64_t)least, &iwork);
    if (status == GY_OK) {
        memcpy(copy, a, (size_t)(rows * columns) * sizeof *copy);
        sgesdd_("S", &m, &n, copy, &m, sigma, v, &m, u, &least, &best, &query, iwork, &info, 1);
        const int length = (int)best;
        status = gy_pool_array(&pool, length, &work);
        if (status == GY_OK)
            sgesdd_("S", &m, &n, copy, &m, sigma, v, &m, u, &least, work, &length, iwork, &info, 1);
        if (status == GY_OK && info != 0)
            status = gy_raise(GY_E_DATA, "no singular values" GY_WHY "they do not converge");
    }
    gy_pool_clear(&pool);
    return status;
}
