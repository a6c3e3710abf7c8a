/* Initialisers against their moments, ranges and names. */
#include "gy_test.h"

#include "layer/init.h"
#include "layer/layer.h"

#include <math.h>
#include <string.h>

enum { ROWS = 96, COLUMNS = 160, N = ROWS * COLUMNS };

static float w[N];

static void fill(gy_context *ctx, gy_init_kind kind, double scale, const char *name)
{
    gy_shape shape = gy_shape_of(2, (int64_t)ROWS, (int64_t)COLUMNS);
    CU_ASSERT_EQUAL(gy_init_fill(ctx, (gy_init){kind, scale}, 1, name, &shape, w), GY_OK);
}

static double mean(void)
{
    double sum = 0;
    for (int i = 0; i < N; i++) sum += w[i];
    return sum / N;
}

static double deviation(void)
{
    double sum = 0, m = mean();
    for (int i = 0; i < N; i++) sum += (w[i] - m) * (w[i] - m);
    return sqrt(sum / N);
}

static double largest(void)
{
    double most = 0;
    for (int i = 0; i < N; i++) most = fabs(w[i]) > most ? fabs(w[i]) : most;
    return most;
}

static void moments_are_as_published(void)
{
    gy_context *ctx = gy_test_context();
    const struct {
        gy_init_kind kind;
        double scale, std;
    } cases[] = {
        {GY_INIT_normal, 0.5, 0.5},
        {GY_INIT_uniform, 0.3, 0.3 / sqrt(3)},
        {GY_INIT_xavier_normal, 1, sqrt(2.0 / (ROWS + COLUMNS))},
        {GY_INIT_xavier_uniform, 1, sqrt(2.0 / (ROWS + COLUMNS))},
        {GY_INIT_he_normal, 1, sqrt(2.0 / COLUMNS)},
        {GY_INIT_he_uniform, 2, 2 * sqrt(2.0 / COLUMNS)},
        {GY_INIT_lecun_normal, 1, sqrt(1.0 / COLUMNS)},
        {GY_INIT_truncated_normal, 0.1, 0.1 * 0.8796},
        {GY_INIT_orthogonal, 1, sqrt(1.0 / COLUMNS)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(ctx, cases[i].kind, cases[i].scale, "layer/weight");
        CU_ASSERT_DOUBLE_EQUAL(mean(), 0, 4 * cases[i].std / sqrt(N));
        CU_ASSERT_DOUBLE_EQUAL(deviation(), cases[i].std, 0.03 * cases[i].std);
    }
    fill(ctx, GY_INIT_truncated_normal, 0.1, "t");
    CU_ASSERT(largest() <= 0.2 && largest() > 0.19);
    fill(ctx, GY_INIT_uniform, 0.3, "u");
    CU_ASSERT(largest() <= 0.3 && largest() > 0.299);
    gy_test_end(ctx);
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the largest distance from the normal distribution, below its 0.1 % point. */
static void normal_is_normal(void)
{
    gy_context *ctx = gy_test_context();
    double worst = 0;
    fill(ctx, GY_INIT_normal, 1, "n");
    CU_ASSERT(largest() > 3.5 && largest() < 6);
    qsort(w, N, sizeof *w, ascending);
    for (int i = 0; i < N; i++)
        worst = fmax(worst, fabs(0.5 * erfc(-w[i] / sqrt(2)) - (i + 0.5) / N));
    CU_ASSERT(worst < 1.95 / sqrt(N));
    gy_test_end(ctx);
}

static void constants_are_constant(void)
{
    gy_context *ctx = gy_test_context();
    fill(ctx, GY_INIT_zeros, 0, "a");
    CU_ASSERT_EQUAL(largest(), 0);
    fill(ctx, GY_INIT_constant, 0.25, "a");
    CU_ASSERT(mean() == 0.25 && deviation() == 0);
    fill(ctx, GY_INIT_ones, 1, "a");
    CU_ASSERT(mean() == 1 && deviation() == 0);
    gy_test_end(ctx);
}

static void kernels_count_their_area(void)
{
    gy_context *ctx = gy_test_context();
    gy_shape shape = gy_shape_of(4, (int64_t)60, (int64_t)3, (int64_t)4, (int64_t)16);
    int64_t n = gy_shape_count(&shape);
    CU_ASSERT_FATAL(n <= N);
    memset(w, 0, sizeof w);
    gy_init init = {GY_INIT_xavier_uniform, 1};
    CU_ASSERT_EQUAL(gy_init_fill(ctx, init, 1, "c/weight", &shape, w), GY_OK);
    double bound = sqrt(6.0 / (12 * 16 + 12 * 60));
    CU_ASSERT(largest() <= bound && largest() > 0.999 * bound);
    gy_test_end(ctx);
}

/* W Wᵀ = 1, or Wᵀ W = 1 where it is tall. */
static void orthogonal_is_orthogonal(void)
{
    gy_context *ctx = gy_test_context();
    const int64_t sizes[][2] = {{ROWS, COLUMNS}, {150, 70}, {33, 33}, {1, 5}, {5, 1}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int64_t rows = sizes[s][0], columns = sizes[s][1];
        gy_shape shape = gy_shape_of(2, rows, columns);
        gy_init init = {GY_INIT_orthogonal, 1};
        CU_ASSERT_EQUAL(gy_init_fill(ctx, init, 3, "r", &shape, w), GY_OK);
        bool wide = rows <= columns;
        int64_t few = wide ? rows : columns, many = wide ? columns : rows;
        double worst = 0;
        for (int64_t i = 0; i < few; i++)
            for (int64_t j = 0; j <= i; j++) {
                double sum = 0;
                for (int64_t k = 0; k < many; k++)
                    sum += wide ? (double)w[i * columns + k] * w[j * columns + k]
                                : (double)w[k * columns + i] * w[k * columns + j];
                worst = fmax(worst, fabs(sum - (i == j)));
            }
        CU_ASSERT(worst < 2e-6);
    }
    gy_test_end(ctx);
}

static void draws_depend_on_seed_and_name_alone(void)
{
    static float first[N];
    gy_context *ctx = gy_test_context();
    gy_shape shape = gy_shape_of(2, (int64_t)ROWS, (int64_t)COLUMNS);
    fill(ctx, GY_INIT_normal, 1, "a/weight");
    memcpy(first, w, sizeof w);
    fill(ctx, GY_INIT_normal, 1, "b/weight");
    CU_ASSERT_NOT_EQUAL(memcmp(first, w, sizeof w), 0);
    fill(ctx, GY_INIT_normal, 1, "a/weight");
    CU_ASSERT_EQUAL(memcmp(first, w, sizeof w), 0);
    gy_init normal = {GY_INIT_normal, 1};
    CU_ASSERT_EQUAL(gy_init_fill(ctx, normal, 2, "a/weight", &shape, w), GY_OK);
    CU_ASSERT_NOT_EQUAL(memcmp(first, w, sizeof w), 0);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(moments_are_as_published), GY_TEST(normal_is_normal),
             GY_TEST(constants_are_constant), GY_TEST(kernels_count_their_area),
             GY_TEST(orthogonal_is_orthogonal), GY_TEST(draws_depend_on_seed_and_name_alone))
