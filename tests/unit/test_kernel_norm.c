/* Norms against plain loops in double: values, gradients, a large mean, NaN, in place. */
#include "levels.h"

#include "kernel/norm.h"

#include <math.h>
#include <string.h>

enum { FLOATS = 70000 };
static float x[FLOATS], y[FLOATS], dy[FLOATS], dx[FLOATS], gain[FLOATS], beta[FLOATS];
static float dgamma[FLOATS], dbeta[FLOATS], stats[FLOATS], scratch[8 * FLOATS];
static double want_dgamma[FLOATS], want_dbeta[FLOATS];

/* Mean (0 unless centred) and 1 / deviation of n numbers, `step` apart. */
static void moments(int64_t n, int64_t step, bool centred, double epsilon, const float *v,
                    double *mean, double *scale)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n && centred; i++) sum += (double)v[i * step];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += pow((double)v[i * step] - *mean, 2);
    *scale = 1 / sqrt(squares / (double)n + epsilon);
}

static void draw(int64_t n, int64_t columns, double mean)
{
    gy_test_values(1, n, 2.0, x);
    gy_test_values(2, n, 1.0, dy);
    gy_test_values(3, columns, 2.0, gain);
    gy_test_values(4, columns, 1.0, beta);
    gy_test_values(5, columns, 1.0, dgamma);
    gy_test_values(6, columns, 1.0, dbeta);
    for (int64_t i = 0; i < n; i++) x[i] += (float)mean;
    for (int64_t i = 0; i < columns; i++) {
        want_dgamma[i] = 0.5 * (double)dgamma[i];
        want_dbeta[i] = 0;
    }
}

static void compare(int64_t n, const float *got, const double *want, double tolerance)
{
    double worst = 0, size = 1;
    for (int64_t i = 0; i < n; i++) size = fmax(size, fabs(want[i]));
    for (int64_t i = 0; i < n; i++) {
        double error = fabs((double)got[i] - want[i]) / size;
        worst = error <= worst ? worst : error; /* NaN counts */
    }
    if (!(worst <= tolerance)) printf("worst %g\n", worst);
    CU_ASSERT_TRUE(worst <= tolerance);
}

static double want_y[FLOATS], want_dx[FLOATS];

static void expect_row(const gy_row_norm *p, int64_t row)
{
    const float *v = x + row * p->n, *g = dy + row * p->n;
    double mean, scale, all = 0, along = 0, n = (double)p->n;
    moments(p->n, 1, p->centred, (double)p->epsilon, v, &mean, &scale);
    for (int64_t i = 0; i < p->n; i++) {
        double z = ((double)v[i] - mean) * scale, slope = (double)g[i] * (double)gain[i];
        want_y[row * p->n + i] = z * (double)gain[i] + (p->centred ? (double)beta[i] : 0);
        want_dgamma[i] += (double)g[i] * z;
        want_dbeta[i] += (double)g[i];
        all += p->centred ? slope : 0;
        along += slope * z;
    }
    for (int64_t i = 0; i < p->n; i++) {
        double z = ((double)v[i] - mean) * scale, slope = (double)g[i] * (double)gain[i];
        want_dx[row * p->n + i] = scale * (slope - all / n - z * along / n);
    }
}

/* Tolerance: of float32 sums, and what x itself has lost beside its mean. */
static void rows_of(const gy_kernel *k, gy_row_norm p, double mean)
{
    const double tolerance = 2e-6 + 1e-6 * mean;
    const int64_t n = p.rows * p.n;
    const float *b = p.centred ? beta : NULL;
    draw(n, p.n, mean);
    for (int64_t row = 0; row < p.rows; row++) expect_row(&p, row);
    gy_row_norm_forward(k, &p, x, gain, b, y, stats);
    compare(n, y, want_y, tolerance);
    gy_row_norm_backward(k, &p, x, gain, stats, dy, scratch, dx, dgamma, 0.5f,
                         p.centred ? dbeta : NULL, 0);
    compare(n, dx, want_dx, tolerance);
    compare(p.n, dgamma, want_dgamma, 4 * tolerance);
    if (p.centred) compare(p.n, dbeta, want_dbeta, tolerance);
    memcpy(scratch, dgamma, (size_t)p.n * sizeof *dgamma);
    gy_row_norm_backward(k, &p, x, gain, stats, dy, scratch + p.n, dy, NULL, 0, NULL, 0);
    CU_ASSERT_EQUAL(memcmp(dy, dx, (size_t)n * sizeof *dx), 0);
    gy_row_norm_forward(k, &p, x, gain, b, x, NULL);
    CU_ASSERT_EQUAL(memcmp(x, y, (size_t)n * sizeof *y), 0);
}

static void rows_at_level(const gy_kernel *k)
{
    static const int64_t shapes[][2] = {{1, 1}, {3, 5}, {130, 64}, {67, 531}, {2, 9000}, {0, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        gy_row_norm p = {shapes[i][0], shapes[i][1], true, 1e-5f};
        rows_of(k, p, 0);
        rows_of(k, p, 1000);
        p.centred = false;
        rows_of(k, p, 0);
    }
}

static void norms_of_rows(void)
{
    gy_test_levels(rows_at_level);
}

/* NaN and infinity spoil their row alone; a row of equal numbers is beta. */
static void rows_not_finite_at_level(const gy_kernel *k)
{
    const gy_row_norm p = {4, 37, true, 1e-5f};
    draw(4 * 37, 37, 0);
    x[3] = NAN;
    x[37 + 5] = INFINITY;
    for (int i = 0; i < 37; i++) x[2 * 37 + i] = 12345.678f;
    gy_row_norm_forward(k, &p, x, gain, beta, y, stats);
    gy_row_norm_backward(k, &p, x, gain, stats, dy, scratch, dx, dgamma, 0, dbeta, 0);
    for (int i = 0; i < 37; i++) {
        CU_ASSERT_TRUE(isnan(y[i]) && isnan(y[37 + i]) && isfinite(y[3 * 37 + i]));
        CU_ASSERT_TRUE(isnan(dx[i]) && isnan(dx[37 + i]) && isfinite(dx[3 * 37 + i]));
        CU_ASSERT_TRUE(isnan(dgamma[i]));
        CU_ASSERT_EQUAL(y[2 * 37 + i], beta[i]);
    }
}

static void rows_not_finite(void)
{
    gy_test_levels(rows_not_finite_at_level);
}

static double partial[2 * GY_COLUMN_PARTS * 1024], first[1024], second[1024];
static float middle[1024], scale[1024], slope[1024], shift[1024], offset[1024];

/* Moments, products, both passes. */
static void columns_of(const gy_kernel *k, int64_t rows, int64_t columns, double mean, bool relu)
{
    const double tolerance = 2e-6 + 1e-6 * mean;
    const gy_column_norm norm = {middle, scale, shift, relu};
    draw(rows * columns, columns, mean);
    gy_test_values(7, columns, 1.0, scale);
    gy_test_values(8, columns, 1.0, slope);
    gy_test_values(9, columns, 1.0, shift);
    gy_test_values(10, columns, 1.0, offset);
    for (int64_t i = 0; i < rows * columns; i += columns) x[i] = 1234.5f; /* all the same */
    gy_column_moments(k, rows, columns, x, partial, first, second);
    for (int64_t c = 0; c < columns; c++) {
        double m, s;
        moments(rows, columns, true, 1e-300, x + c, &m, &s);
        if (rows == 0) m = 0;
        CU_ASSERT_TRUE(fabs(first[c] - m) <= tolerance);
        CU_ASSERT_TRUE(rows == 0 ||
                       fabs(second[c] * s * s / (double)rows - (second[c] > 0)) <= tolerance);
        middle[c] = (float)first[c];
    }
    CU_ASSERT_EQUAL(second[0], 0.0);
    gy_column_norm_forward(k, rows, columns, x, &norm, y);
    gy_column_products(k, rows, columns, x, &norm, dy, partial, first, second);
    gy_column_norm_backward(k, rows, columns, x, &norm, slope, offset, dy, dx);
    for (int64_t c = 0; c < columns; c++) {
        double sum = 0, product = 0;
        for (int64_t i = c; i < rows * columns; i += columns) {
            double d = (double)x[i] - (double)middle[c];
            double g = relu && y[i] == 0.0f ? 0 : (double)dy[i];
            sum += g;
            product += g * d;
            want_y[i] = d * (double)scale[c] + (double)shift[c];
            if (relu) want_y[i] = fmax(want_y[i], 0);
            want_dx[i] = (double)scale[c] * g - d * (double)slope[c] - (double)offset[c];
        }
        CU_ASSERT_TRUE(fabs(first[c] - sum) <= 2e-6 * (1 + (double)rows));
        CU_ASSERT_TRUE(fabs(second[c] - product) <= 2e-6 * (1 + (double)rows));
    }
    compare(rows * columns, y, want_y, 1e-6);
    compare(rows * columns, dx, want_dx, 1e-6);
    gy_column_norm_backward(k, rows, columns, x, &norm, slope, offset, dy, dy);
    CU_ASSERT_EQUAL(memcmp(dy, dx, (size_t)(rows * columns) * sizeof *dx), 0);
}

static void columns_at_level(const gy_kernel *k)
{
    static const int64_t shapes[][2] = {{1, 1},   {4000, 1}, {5000, 3}, {4001, 10}, {130, 64},
                                        {67, 65}, {60, 600}, {3, 1000}, {0, 5},     {1, 300}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        columns_of(k, shapes[i][0], shapes[i][1], 0, false);
        columns_of(k, shapes[i][0], shapes[i][1], 10000, false);
        columns_of(k, shapes[i][0], shapes[i][1], 0, true);
    }
}

static void norms_of_columns(void)
{
    gy_test_levels(columns_at_level);
}

/* Rows that begin far from where the others are; NaN and infinity spoil their column alone. */
static void odd_columns_at_level(const gy_kernel *k)
{
    enum { ROWS = 3000, COLUMNS = 20 };
    draw(ROWS * COLUMNS, COLUMNS, 0);
    for (int i = 0; i < 700; i++) x[i * COLUMNS + 4] += 1e6f;
    x[5] = NAN;
    x[6 + 2000 * COLUMNS] = -INFINITY;
    gy_column_moments(k, ROWS, COLUMNS, x, partial, first, second);
    double m, s;
    moments(ROWS, COLUMNS, true, 0, x + 4, &m, &s);
    CU_ASSERT_DOUBLE_EQUAL(first[4] / m, 1, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(second[4] / ROWS * s * s, 1, 1e-6);
    CU_ASSERT_TRUE(isnan(second[5]) && isnan(second[6]) && isfinite(second[7]));
}

static void odd_columns(void)
{
    gy_test_levels(odd_columns_at_level);
}

static void expect_group(const gy_group_norm *p, int64_t sample, int64_t group)
{
    const int64_t width = p->columns / p->groups, from = sample * p->rows * p->columns;
    double sum = 0, squares = 0, all = 0, along = 0, n = (double)(p->rows * width);
#define EACH(i, c)                                                                                 \
    for (int64_t i = from; i < from + p->rows * p->columns; i++)                                   \
        for (int64_t c = i % p->columns; c / width == group && c >= 0; c = -1)
    EACH(i, c) sum += (double)x[i];
    const double mean = sum / n;
    EACH(i, c) squares += pow((double)x[i] - mean, 2);
    const double s = 1 / sqrt(squares / n + (double)p->epsilon);
    EACH(i, c)
    {
        double z = ((double)x[i] - mean) * s, g = (double)dy[i];
        want_y[i] = z * (double)gain[c] + (double)beta[c];
        want_dgamma[c] += g * z;
        want_dbeta[c] += g;
        all += g * (double)gain[c];
        along += g * (double)gain[c] * z;
    }
    EACH(i, c)
    {
        double z = ((double)x[i] - mean) * s, g = (double)dy[i] * (double)gain[c];
        want_dx[i] = s * (g - all / n - z * along / n);
    }
#undef EACH
}

static void groups_at_level(const gy_kernel *k)
{
    static const gy_group_norm shapes[] = {
        {3, 20, 12, 3, 1e-5f},   {2, 7, 130, 13, 1e-3f}, {9, 1, 6, 2, 1e-5f},
        {2, 50, 5, 5, 1e-5f},    {1, 33, 64, 1, 1e-5f},  {0, 4, 4, 2, 1e-5f},
        {1, 2000, 35, 7, 1e-5f}, {2, 600, 58, 2, 1e-3f}}; /* the last two in parts */
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
        const gy_group_norm *p = &shapes[i / 2];
        const int64_t n = p->batch * p->rows * p->columns;
        const double mean = i % 2 == 0 ? 0 : 1000, tolerance = 2e-6 + 1e-6 * mean;
        draw(n, p->columns, mean);
        for (int64_t s = 0; s < p->batch; s++)
            for (int64_t g = 0; g < p->groups; g++) expect_group(p, s, g);
        gy_group_norm_forward(k, p, x, gain, beta, scratch, y, stats);
        compare(n, y, want_y, tolerance);
        gy_group_norm_backward(k, p, x, gain, stats, dy, scratch, dx, dgamma, 0.5f, dbeta, 0);
        compare(n, dx, want_dx, tolerance);
        compare(p->columns, dgamma, want_dgamma, 4 * tolerance);
        compare(p->columns, dbeta, want_dbeta, tolerance);
    }
}

/* A sample among others, on threads, and alone: the same bits. */
static void samples_by_themselves_at_level(const gy_kernel *k)
{
    enum { ROWS = 600, COLUMNS = 58, EACH = ROWS * COLUMNS };
    static float first_y[2 * EACH], first_dx[2 * EACH];
    gy_group_norm p = {2, ROWS, COLUMNS, 2, 1e-5f};
    draw(2 * EACH, COLUMNS, 0);
    gy_group_norm_forward(k, &p, x, gain, beta, scratch, y, stats);
    gy_group_norm_backward(k, &p, x, gain, stats, dy, scratch, dx, NULL, 0, NULL, 0);
    if (gy_kernel_threads(k) == 1) {
        memcpy(first_y, y, sizeof first_y);
        memcpy(first_dx, dx, sizeof first_dx);
    }
    CU_ASSERT_EQUAL(memcmp(first_y, y, sizeof first_y), 0);
    CU_ASSERT_EQUAL(memcmp(first_dx, dx, sizeof first_dx), 0);
    p.batch = 1;
    gy_group_norm_forward(k, &p, x + EACH, gain, beta, scratch, y, stats);
    gy_group_norm_backward(k, &p, x + EACH, gain, stats, dy + EACH, scratch, dx, NULL, 0, NULL, 0);
    CU_ASSERT_EQUAL(memcmp(first_y + EACH, y, sizeof first_y / 2), 0);
    CU_ASSERT_EQUAL(memcmp(first_dx + EACH, dx, sizeof first_dx / 2), 0);
}

static void samples_by_themselves(void)
{
    gy_test_levels(samples_by_themselves_at_level);
}

static void norms_of_groups(void)
{
    gy_test_levels(groups_at_level);
}

GY_TEST_MAIN(GY_TEST(norms_of_rows), GY_TEST(rows_not_finite), GY_TEST(norms_of_columns),
             GY_TEST(odd_columns), GY_TEST(norms_of_groups), GY_TEST(samples_by_themselves))
