/* Loops and sums against plain double loops; sums and masks do not depend on threads. */
#include "levels.h"

#include "kernel/elementwise.h"

#include <math.h>
#include <string.h>

enum { N = 300007 };
static float x[N], y[N], z[N], first[N];

static void loops(const gy_kernel *k)
{
    static const int64_t sizes[] = {0, 1, 2, 3, 17, 1000, 100003, N};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t n = sizes[s];
        gy_test_values(1, N, 1.0, x);
        gy_test_values(2, N, 1.0, y);
        double squares = 0;
        for (int64_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
        CU_ASSERT_DOUBLE_EQUAL(gy_sum_squares(k, n, x), squares, 1e-7);
        gy_copy(k, n, x, z);
        gy_lerp(k, n, 0.25f, y, z);       /* 3x/4 + y/4 */
        gy_axpby(k, n, 2.0f, y, 4.0f, z); /* 3x + 3y */
        gy_multiply(k, n, z, y, z);
        double worst = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double p = (double)x[i], q = (double)y[i];
            worst = fmax(worst, fabs((double)z[i] - 3 * (p + q) * q));
        }
        CU_ASSERT_TRUE(worst < 2e-6);
        z[0] = NAN;
        gy_axpby(k, n, 2.0f, y, 0.0f, z);
        if (n > 0) CU_ASSERT_EQUAL(z[0], 2.0f * y[0]);
        gy_fill(k, n, 7.0f, z);
        if (n > 0) CU_ASSERT_TRUE(z[0] == 7.0f && z[n - 1] == 7.0f);
    }
}

static void loops_are_right(void)
{
    gy_test_levels(loops);
}

/* A moving average of what does not change does not move, however often it is taken. */
static void averages(const gy_kernel *k)
{
    enum { TURNS = 20000 };
    gy_test_values(6, 1000, 1.0, x);
    memcpy(y, x, 1000 * sizeof *x);
    for (int i = 0; i < TURNS; i++) gy_lerp(k, 1000, 1e-5f, x, y);
    CU_ASSERT_EQUAL(memcmp(x, y, 1000 * sizeof *x), 0);
}

static void averages_do_not_drift(void)
{
    gy_test_levels(averages);
}

static void columns(const gy_kernel *k)
{
    static const int64_t shapes[][2] = {{1, 1},      {3, 5},  {20000, 10},
                                        {300, 1000}, {7, 64}, {2000, 129}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int64_t rows = shapes[s][0], n = shapes[s][1];
        gy_test_values(3, rows * n, 1.0, x);
        gy_test_values(4, n, 1.0, y);
        gy_test_values(4, n, 1.0, z);
        gy_column_sum(k, rows, n, x, 0.5f, y);
        double worst = 0.0;
        for (int64_t c = 0; c < n; c++) {
            double want = 0.5 * (double)z[c];
            for (int64_t row = 0; row < rows; row++) want += (double)x[row * n + c];
            worst = fmax(worst, fabs((double)y[c] - want) / (fabs(want) + 1.0));
        }
        CU_ASSERT_TRUE(worst < 1e-7);
    }
}

static void column_sums_are_right(void)
{
    gy_test_levels(columns);
}

static void axes(const gy_kernel *k)
{
    static const int64_t shapes[][3] = {{1, 1, 1},     {3, 5, 2},   {300, 7, 100},
                                        {7, 300, 100}, {1, 900, 3}, {900, 1, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int64_t a = shapes[s][0], b = shapes[s][1], n = shapes[s][2];
        bool right = true;
        for (int64_t i = 0; i < a * b * n; i++) x[i] = (float)i;
        gy_swap_axes(k, a, b, n, x, y);
        for (int64_t i = 0; i < a; i++)
            for (int64_t j = 0; j < b; j++)
                for (int64_t l = 0; l < n; l++)
                    right &= y[(j * a + i) * n + l] == x[(i * b + j) * n + l];
        CU_ASSERT_TRUE(right);
    }
}

static void axes_are_swapped(void)
{
    gy_test_levels(axes);
}

static void sums_ignore_threads(void)
{
    gy_context *ctx = gy_test_context();
    gy_test_values(5, N, 1.0, x);
    double sum[2];
    for (int i = 0; i < 2; i++) {
        gy_kernel *k;
        CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, i == 0 ? 1 : 4, GY_PRECISION_float32, &k),
                              GY_OK);
        sum[i] = gy_sum_squares(k, N, x);
        gy_column_sum(k, N / 20, 20, x, 0.0f, i == 0 ? y : z);
        gy_kernel_free(k);
    }
    CU_ASSERT_EQUAL(sum[0], sum[1]);
    CU_ASSERT_EQUAL(memcmp(y, z, 20 * sizeof *y), 0);
    gy_test_end(ctx);
}

static bool have_first;

static void dropout(const gy_kernel *k)
{
    enum { BATCH = 7, EACH = 20011 };
    const gy_rng key = {3, GY_RNG_DROPOUT, 2};
    gy_fill(k, N, 1.0f, x);
    gy_dropout(k, key, 5, 100, BATCH, EACH, 0.25f, x, y);
    int64_t kept = 0;
    for (int64_t i = 0; i < BATCH * EACH; i++) {
        kept += y[i] != 0.0f;
        CU_ASSERT_TRUE_FATAL(y[i] == 0.0f || fabsf(y[i] - 4.0f / 3.0f) < 1e-6f);
    }
    CU_ASSERT_DOUBLE_EQUAL((double)kept / (BATCH * EACH), 0.75, 0.006); /* 5 sigma */
    /* by sample number, whatever the batch: samples 102 … alone */
    gy_dropout(k, key, 5, 102, 2, EACH, 0.25f, x, z);
    CU_ASSERT_EQUAL(memcmp(z, y + 2 * EACH, 2 * EACH * sizeof *z), 0);
    /* other samples, steps and layers draw otherwise */
    CU_ASSERT_NOT_EQUAL(memcmp(y, y + EACH, EACH * sizeof *y), 0);
    gy_dropout(k, key, 6, 102, 2, EACH, 0.25f, x, z);
    CU_ASSERT_NOT_EQUAL(memcmp(z, y + 2 * EACH, EACH * sizeof *z), 0);
    /* the same at every level */
    if (have_first) CU_ASSERT_EQUAL(memcmp(first, y, BATCH * EACH * sizeof *y), 0);
    memcpy(first, y, sizeof first);
    have_first = true;
    /* rate 0 keeps all but, at worst, one in 2^32 */
    gy_dropout(k, key, 5, 0, 1, EACH, 0.0f, x, z);
    CU_ASSERT_EQUAL(gy_sum_squares(k, EACH, z), (double)EACH);
}

static void dropout_is_by_sample(void)
{
    gy_test_levels(dropout);
}

GY_TEST_MAIN(GY_TEST(loops_are_right), GY_TEST(averages_do_not_drift),
             GY_TEST(column_sums_are_right), GY_TEST(axes_are_swapped),
             GY_TEST(sums_ignore_threads), GY_TEST(dropout_is_by_sample))
