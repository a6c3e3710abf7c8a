/* Products against plain loops in double; the dense layer; polling; threads. */
#include "levels.h"

#include "kernel/gemm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { ROOM = 70000 };
static float a[ROOM], b[ROOM], c[ROOM], d[ROOM], w[ROOM], e[ROOM];

static double expected(bool ta, bool tb, int64_t i, int64_t j, int64_t inner, const float *p,
                       int64_t lda, const float *q, int64_t ldb)
{
    double s = 0.0;
    for (int64_t l = 0; l < inner; l++)
        s += (double)(ta ? p[l * lda + i] : p[i * lda + l]) *
             (double)(tb ? q[j * ldb + l] : q[l * ldb + j]);
    return s;
}

static void one_product(const gy_kernel *k, bool serial, bool ta, bool tb, int64_t m, int64_t n,
                        int64_t inner, float alpha, float beta)
{
    const int64_t lda = (ta ? m : inner) + 3, ldb = (tb ? inner : n) + 1, ldc = n + 2;
    CU_ASSERT_TRUE_FATAL((ta ? inner : m) * lda <= ROOM && (tb ? n : inner) * ldb <= ROOM &&
                         m * ldc <= ROOM);
    gy_test_values(1, ROOM, 1.0, a);
    gy_test_values(2, ROOM, 1.0, b);
    gy_test_values(3, ROOM, 1.0, c);
    memcpy(d, c, sizeof d);
    if (beta == 0.0f)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) c[i * ldc + j] = NAN; /* must not be read */
    if (serial)
        gy_gemm_serial(ta, tb, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    else
        gy_gemm(k, ta, tb, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    double worst = 0.0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double want = (double)alpha * expected(ta, tb, i, j, inner, a, lda, b, ldb);
            if (beta != 0.0f) want += (double)beta * (double)d[i * ldc + j];
            double error = fabs((double)c[i * ldc + j] - want);
            worst = error <= worst ? worst : error; /* NaN becomes the worst */
        }
    CU_ASSERT_TRUE(worst <= 1e-5 * sqrt((double)inner + 1.0));
    for (int64_t i = 0; i < m; i++) /* what lies between rows is left alone */
        CU_ASSERT_TRUE(memcmp(c + i * ldc + n, d + i * ldc + n, 2 * sizeof *c) == 0);
}

static void products(const gy_kernel *k)
{
    static const int64_t sizes[][3] = {
        {1, 1, 1},      {1, 17, 33},    {17, 1, 33}, {2, 3, 5},       {7, 10, 784},   {64, 64, 64},
        {33, 65, 17},   {100, 37, 200}, {5, 300, 1}, {200, 200, 150}, {19, 400, 149}, {30, 50, 900},
        {50, 1100, 60}, {1, 12, 0},     {12, 1, 0},  {40, 30, 0}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int t = 0; t < 8; t++) {
            const int64_t *z = sizes[s];
            one_product(k, (t & 4) != 0, (t & 1) != 0, (t & 2) != 0, z[0], z[1], z[2], 1.0f, 0.0f);
            one_product(k, (t & 4) != 0, (t & 1) != 0, (t & 2) != 0, z[0], z[1], z[2], -0.5f, 1.0f);
            one_product(k, (t & 4) != 0, (t & 1) != 0, (t & 2) != 0, z[0], z[1], z[2], 1.0f, 0.5f);
        }
}

static void products_are_right(void)
{
    gy_test_levels(products);
}

/* Rows farther apart than an int can say: of an address space that is mostly never touched. */
static void rows_may_be_far_apart(void)
{
    const int64_t far = (INT64_C(1) << 31) + 3, rows = 2, in = 3, out = 5;
    const size_t bytes = sizeof(float) * (size_t)(far + in);
    float *x = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (x == MAP_FAILED) {
        puts("    (no room for addresses)");
        return;
    }
    gy_context *ctx = gy_test_context();
    gy_kernel *k;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k), GY_OK);
    for (int64_t row = 0; row < rows; row++) gy_test_values(1, in, 1.0, x + row * far);
    gy_test_values(2, out * in, 1.0, w);
    gy_gemm(k, false, true, rows, out, in, 1.0f, x, far, w, in, 0.0f, c, out);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < out; j++)
            CU_ASSERT_DOUBLE_EQUAL(c[i * out + j], expected(false, true, i, j, in, x, far, w, in),
                                   1e-6);
    gy_kernel_free(k);
    gy_test_end(ctx);
    munmap(x, bytes);
}

extern int openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int) __attribute__((weak));

/* The caller's own products have the threads they had, also where BLAS keeps a pool of its own. */
static void blas_stays_as_it_was(void)
{
    if (openblas_get_num_threads == NULL || openblas_set_num_threads == NULL) return;
    gy_context *ctx = gy_test_context();
    gy_kernel *k;
    openblas_set_num_threads(2);
    const int before = openblas_get_num_threads();
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 2, GY_PRECISION_float32, &k), GY_OK);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), before);
    gy_gemm(k, false, true, 7, 300, 1000, 1.0f, a, 10, b, 10, 0.0f, c, 300);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), before);
    gy_kernel_free(k);
    CU_ASSERT_EQUAL(openblas_get_num_threads(), before);
    gy_test_end(ctx);
}

static void linear(const gy_kernel *k)
{
    const int64_t rows = 131, in = 67, out = 45;
    for (int act = 0; act < GY_ACTIVATION_COUNT; act++)
        for (int keep = 0; keep < 2; keep++) {
            gy_test_values(4, rows * in, 1.0, a);
            gy_test_values(5, out * in, 0.3, w);
            gy_test_values(6, out, 1.0, b);
            gy_linear_forward(k, rows, in, out, a, w, NULL, keep ? b : NULL, (gy_activation)act,
                              keep ? d : NULL, c);
            double worst = 0.0;
            for (int64_t i = 0; i < rows; i++) {
                for (int64_t j = 0; j < out; j++)
                    e[i * out + j] = (float)(expected(false, true, i, j, in, a, in, w, in) +
                                             (keep ? (double)b[j] : 0.0));
                if (keep)
                    for (int64_t j = i * out; j < (i + 1) * out; j++)
                        worst = fmax(worst, fabs((double)(d[j] - e[j])));
            }
            gy_activation_forward(k, (gy_activation)act, rows, out, e, e);
            for (int64_t j = 0; j < rows * out; j++)
                worst = fmax(worst, fabs((double)(c[j] - e[j])));
            CU_ASSERT_TRUE(worst < 2e-5);
        }

    float *dz = b, *dx = c, *dw = d, *db = e;
    gy_test_values(7, rows * out, 1.0, dz);
    for (int64_t i = 0; i < out * in; i++) dw[i] = 1.0f;
    db[0] = NAN;
    gy_linear_backward(k, rows, in, out, a, w, dz, dx, dw, 1.0f, db, 0.0f);
    double worst = 0.0;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < in; j++)
            worst = fmax(worst, fabs((double)dx[i * in + j] -
                                     expected(false, false, i, j, out, dz, out, w, in)));
    for (int64_t i = 0; i < out; i++) {
        double s = 0.0;
        for (int64_t row = 0; row < rows; row++) s += (double)dz[row * out + i];
        CU_ASSERT_DOUBLE_EQUAL(db[i], s, 1e-5);
        for (int64_t j = 0; j < in; j++)
            worst = fmax(worst, fabs((double)dw[i * in + j] - 1.0 -
                                     expected(true, false, i, j, rows, dz, out, a, in)));
    }
    CU_ASSERT_TRUE(worst < 5e-5);
}

static void linear_layer_is_right(void)
{
    gy_test_levels(linear);
}

/* Of weights packed before: the bits of a row are the same for any number of them, those of the usual way. */
static double packed_error; /* that its precision may make */
static void packed(const gy_kernel *k)
{
    enum { MOST = 130, INNER = 401 };
    static const int64_t many[] = {1, 2, 7, 48, MOST}, in[] = {5, 67, INNER}, out[] = {3, 32, 77};
    for (int s = 0; s < 9; s++) {
        const int64_t inner = in[s / 3], n = out[s % 3];
        gy_test_values(4, MOST * inner, 1.0, a);
        gy_test_values(5, n * inner, 0.3, w);
        gy_test_values(6, n, 1.0, b);
        CU_ASSERT_FATAL(gy_linear_packed(inner, n) <= (int64_t)(sizeof e / sizeof *e));
        gy_linear_pack(k, inner, n, w, e);
        gy_linear_forward(k, MOST, inner, n, a, NULL, e, b, GY_ACTIVATION_relu, NULL, c);
        for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
            const float *x = a + (MOST - many[i]) * inner, *want = c + (MOST - many[i]) * n;
            gy_linear_forward(k, many[i], inner, n, x, NULL, e, b, GY_ACTIVATION_relu, NULL, d);
            CU_ASSERT_EQUAL(memcmp(d, want, sizeof *d * (size_t)(many[i] * n)), 0);
        }
        double worst = 0.0;
        for (int64_t i = 0; i < MOST * n; i++) {
            const double z =
                (double)b[i % n] + expected(false, true, i / n, i % n, inner, a, inner, w, inner);
            worst = fmax(worst, fabs((double)c[i] - fmax(z, 0.0)));
        }
        CU_ASSERT_TRUE(worst < packed_error);
    }
}

static void rows_of_packed_weights_are_on_their_own(void)
{
    packed_error = 5e-5;
    gy_test_levels(packed);
    packed_error = 0.1;
    gy_test_levels_in(GY_PRECISION_bfloat16, packed);
}

/* The bias's gradient, made while dz is packed: several parts of the rows, and pieces of the outputs. */
static void bias(const gy_kernel *k)
{
    const int64_t rows = 697, in = 9, out = 100;
    float *dz = c, *dw = d, *db = e;
    gy_test_values(7, rows * in, 1.0, a);
    gy_test_values(8, rows * out, 1.0, dz);
    dz[600 * out + 99] = INFINITY;
    for (int beta = 0; beta < 2; beta++) {
        for (int64_t i = 0; i < out; i++) db[i] = beta == 0 ? NAN : 2.0f;
        gy_linear_backward(k, rows, in, out, a, NULL, dz, NULL, dw, 0.0f, db, 0.5f * (float)beta);
        for (int64_t i = 0; i < out - 1; i++) {
            double want = beta;
            for (int64_t row = 0; row < rows; row++) want += (double)dz[row * out + i];
            CU_ASSERT_DOUBLE_EQUAL(db[i], want, 1e-5);
        }
        CU_ASSERT_EQUAL(db[out - 1], INFINITY);
    }
}

static void bias_gradients_are_sums(void)
{
    gy_test_levels(bias);
}

/* One value that is not finite reaches the outputs that depend on it, and no others. */
static void spoilt(const gy_kernel *k)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    const int64_t rows = 61, in = 403, out = 35, row = 17, column = 30;
    for (int v = 0; v < 3; v++) {
        gy_test_values(8, rows * in, 1.0, a);
        gy_test_values(9, out * in, 1.0, w);
        a[row * in + 390] = values[v];
        w[column * in + 5] = values[v];
        gy_linear_forward(k, rows, in, out, a, w, NULL, NULL, GY_ACTIVATION_relu, NULL, c);
        gy_linear_forward(k, rows, in, out, a, w, NULL, NULL, GY_ACTIVATION_none, NULL, d);
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < out; j++) {
                float y = d[i * out + j], relu = c[i * out + j];
                CU_ASSERT_EQUAL(isfinite(y), i != row && j != column);
                CU_ASSERT_TRUE(isnan(y) ? isnan(relu) : relu == fmaxf(y, 0.0f));
                if (v == 0) CU_ASSERT_EQUAL(isnan(y), i == row || j == column);
            }
    }
}

static void not_finite_passes(void)
{
    gy_test_levels(spoilt);
}

static void count(void *user)
{
    ++*(int *)user;
}

/* By weights that are not packed, as they lie and transposed. */
static void few_rows_poll(gy_context *ctx)
{
    enum { ROWS = 16, COLUMNS = 2048, INNER = 4096, ALL = (ROWS + COLUMNS) * INNER };
    gy_kernel *k;
    float *x;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_bfloat16, &k), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, ALL + ROWS * COLUMNS, &x), GY_OK);
    for (int transposed = 0; transposed < 2; transposed++) {
        int polls = 0;
        gy_kernel_on_poll(k, count, &polls);
        gy_gemm(k, false, transposed == 1, ROWS, COLUMNS, INNER, 1.0f, x, INNER, x + ROWS * INNER,
                transposed == 1 ? INNER : COLUMNS, 0.0f, x + ALL, COLUMNS);
        CU_ASSERT_TRUE(polls >= 4 && polls <= 6); /* 268 MFLOP by 50 */
    }
    gy_free(ctx, x);
    gy_kernel_free(k);
}

static void long_products_poll(void)
{
    gy_context *ctx = gy_test_context();
    gy_kernel *k;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k), GY_OK);
    enum { N = 512 };
    float *x;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(ctx, 3 * N * N, &x), GY_OK);
    int polls = 0;
    gy_gemm(k, false, true, N, N, N, 1.0f, x, N, x + N * N, N, 0.0f, x + 2 * N * N, N);
    CU_ASSERT_EQUAL(polls, 0);
    gy_kernel_on_poll(k, count, &polls);
    gy_gemm(k, false, true, N, N, N, 1.0f, x, N, x + N * N, N, 0.0f, x + 2 * N * N, N);
    CU_ASSERT_TRUE(polls >= 4 && polls <= 6); /* 268 MFLOP by 50 */
    gy_free(ctx, x);
    gy_kernel_free(k);
    few_rows_poll(ctx);

    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 0, GY_PRECISION_float32, &k), GY_OK);
    CU_ASSERT_TRUE(gy_kernel_threads(k) >= 1);
    double gflops = 0.0;
    CU_ASSERT_EQUAL(gy_kernel_peak(k, &gflops), GY_OK);
    CU_ASSERT_TRUE(gflops > 0.1 && gflops < 1e5);
    CU_ASSERT_TRUE(strlen(gy_blas_name()) > 0);
    gy_kernel_free(k);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(products_are_right), GY_TEST(rows_may_be_far_apart),
             GY_TEST(blas_stays_as_it_was), GY_TEST(linear_layer_is_right),
             GY_TEST(rows_of_packed_weights_are_on_their_own), GY_TEST(bias_gradients_are_sums),
             GY_TEST(not_finite_passes), GY_TEST(long_products_poll))
