/* Order-free sums: the same bits in any order and grouping, and nearer to the true sum than floats
 * added in a row. */
#include "levels.h"

#include "base/rng.h"
#include "kernel/exact.h"

#include <math.h>
#include <string.h>

enum { N = 1531, TERMS = 24, PARTS = 5 };

static float terms[TERMS][N];
static uint8_t bins[PARTS][N];
static float planes[PARTS][GY_EXACT_PLANES][N];
static float want[N], got[N];

static gy_exact sums_of(int part, int width)
{
    return (gy_exact){N, width, bins[part], {planes[part][0], planes[part][1], planes[part][2]}};
}

/* Terms that differ by up to 2^spread, some 0, all with 24 bits. */
static void draw(int spread, int centre)
{
    for (int t = 0; t < TERMS; t++) {
        for (int i = 0; i < N; i++) {
            gy_rng key = {.seed = 5, .use = (uint32_t)spread, .stream = (uint32_t)t};
            double u = gy_rng_uniform(key, (uint64_t)i, 0), e = gy_rng_uniform(key, (uint64_t)i, 1);
            double sign = gy_rng_uniform(key, (uint64_t)i, 2) < 0.5 ? -1 : 1;
            terms[t][i] = (float)(sign * ldexp(1 + u, centre - (int)(e * spread)));
            if (u < 0.02) terms[t][i] = 0.0f;
        }
    }
}

/* All terms in the order of a drawn permutation, cut into parts that are added as ranks would. */
static void sum(const gy_kernel *k, int n_terms, int parts, uint64_t seed, float *y)
{
    gy_rng key = {.seed = seed};
    int width = gy_exact_width(n_terms);
    for (int p = 0; p < parts; p++) {
        gy_exact e = sums_of(p, width);
        gy_exact_clear(k, &e);
    }
    for (int t = 0; t < n_terms; t++) {
        gy_exact e = sums_of((int)(gy_rng_uniform(key, 1, (uint64_t)t) * parts), width);
        const float *x = terms[seed == 0 ? t : gy_rng_permute(key, t, n_terms)];
        gy_exact_add(k, &e, 700, N - 700, x + 700); /* as layers become complete */
        gy_exact_add(k, &e, 0, 700, x);
    }
    static uint8_t top[N];
    memset(top, 0, N);
    for (int p = 0; p < parts; p++)
        for (int i = 0; i < N; i++) top[i] = bins[p][i] > top[i] ? bins[p][i] : top[i];
    for (int p = 0; p < parts; p++) {
        gy_exact e = sums_of(p, width);
        gy_exact_raise(k, &e, top);
    }
    for (int p = 1; p < parts; p++) /* the all-reduce, from either end */
        for (int plane = 0; plane < GY_EXACT_PLANES; plane++)
            for (int i = 0; i < N; i++)
                planes[0][plane][i] += planes[seed % 2 == 0 ? p : parts - p][plane][i];
    gy_exact e = sums_of(0, width);
    gy_exact_take(k, &e, 0, N, y);
}

/* The true sum by long doubles, whose 64 bits hold all of it but in the widest spreads. */
static void judge(int n_terms, int spread)
{
    int worse = 0;
    for (int i = 0; i < N; i++) {
        long double truth = 0, total = 0, largest = 0;
        float plain = 0;
        for (int t = 0; t < n_terms; t++) {
            truth += (long double)terms[t][i];
            total += fabsl((long double)terms[t][i]);
            largest = fmaxl(largest, fabsl((long double)terms[t][i]));
            plain += terms[t][i];
        }
        long double rounding = 0x1p-24L * fabsl(truth);
        long double lost = fabsl((long double)want[i] - truth);
        long double bound = (long double)n_terms * ldexpl(1, -2 * gy_exact_width(n_terms));
        CU_ASSERT_TRUE(lost <= 1.001L * rounding + bound * largest + 0x1p-149L);
        CU_ASSERT_TRUE(lost <= rounding + (n_terms - 1) * 0x1p-24L * total);
        worse += lost > fabsl((long double)plain - truth) + 0x1p-10L * rounding;
    }
    if (spread < 30) CU_ASSERT_EQUAL(worse, 0);
}

static void orders(const gy_kernel *k)
{
    static const int spreads[] = {0, 1, 5, 20, 40, 100, 200};
    for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
        for (int n_terms = 1; n_terms <= TERMS; n_terms = 3 * n_terms - 1 + (n_terms == 1)) {
            draw(spreads[s], s % 2 == 0 ? 10 : -60);
            sum(k, n_terms, 1, 0, want);
            judge(n_terms, spreads[s]);
            for (uint64_t seed = 1; seed <= 6; seed++) {
                sum(k, n_terms, 1 + (int)seed % PARTS, seed, got);
                CU_ASSERT_EQUAL(memcmp(want, got, sizeof want), 0);
            }
        }
    }
}

static void order_does_not_matter(void)
{
    gy_test_levels(orders);
}

/* One rank's floats in a row give other bits in another order: or the test above would show nothing. */
static void floats_do_depend_on_order(void)
{
    int differ = 0;
    draw(5, 0);
    for (int i = 0; i < N; i++) {
        float up = 0, down = 0;
        for (int t = 0; t < TERMS; t++) {
            up += terms[t][i];
            down += terms[TERMS - 1 - t][i];
        }
        differ += up != down;
    }
    CU_ASSERT_TRUE(differ > N / 4);
}

static void edges(const gy_kernel *k)
{
    static const float values[] = {0x1p-149f, -0x1p-149f, 0x1.fffffep-127f, 1.0f, -1.0f, 0x1p90f};
    enum { VALUES = sizeof values / sizeof *values };
    for (int t = 0; t < TERMS; t++)
        for (int i = 0; i < N; i++) terms[t][i] = values[i % VALUES];
    sum(k, TERMS, 3, 4, got);
    for (int i = 0; i < N; i++) CU_ASSERT_EQUAL(got[i], (float)TERMS * values[i % VALUES]);
    for (int i = 0; i < N; i++) { /* cancel to what is far below */
        terms[0][i] = 0x1p40f;
        terms[1][i] = (float)(i + 1) * 0x1p-1f;
        terms[2][i] = -0x1p40f;
    }
    sum(k, 3, 2, 5, got);
    for (int i = 0; i < N; i++) CU_ASSERT_EQUAL(got[i], terms[1][i]);
    terms[1][3] = NAN;
    terms[0][4] = INFINITY;
    terms[2][5] = -0x1.8p127f;
    sum(k, 3, 2, 6, got);
    for (int i = 0; i < N; i++) CU_ASSERT_EQUAL(isnan(got[i]) != 0, i >= 3 && i <= 5);
}

static void edges_are_right(void)
{
    gy_test_levels(edges);
}

/* Terms at the very limit of a bin, as many as there may be: the planes' sums are the largest. */
static void limits(const gy_kernel *k)
{
    static float x[N], one[N];
    int width = gy_exact_width(GY_EXACT_TERMS);
    gy_exact e = sums_of(0, width);
    for (int i = 0; i < N; i++) x[i] = ldexpf(i % 2 == 0 ? 1.0f : -1.0f, i % 60);
    for (int i = 0; i < N; i++) one[i] = nextafterf(x[i], 0.0f);
    gy_exact_clear(k, &e);
    for (int t = 0; t < GY_EXACT_TERMS; t++) gy_exact_add(k, &e, 0, N, t % 2 == 0 ? x : one);
    gy_exact_take(k, &e, 0, N, got);
    for (int i = 0; i < N; i++) {
        double truth = GY_EXACT_TERMS / 2 * ((double)x[i] + (double)one[i]);
        CU_ASSERT_TRUE(fabs((double)got[i] - truth) <= fabs(truth) * 0x1p-23);
    }
}

static void limits_are_kept(void)
{
    gy_test_levels(limits);
}

static void widths(void)
{
    CU_ASSERT_EQUAL(gy_exact_width(1), 22);
    CU_ASSERT_EQUAL(gy_exact_width(8), 22);
    CU_ASSERT_EQUAL(gy_exact_width(12), 21);
    CU_ASSERT_EQUAL(gy_exact_width(16), 21);
    CU_ASSERT_EQUAL(gy_exact_width(17), 20);
    for (int64_t n = 1; n <= GY_EXACT_TERMS; n++)
        CU_ASSERT_TRUE(n << (gy_exact_width(n) - 1) <= 1 << 24);
}

GY_TEST_MAIN(GY_TEST(order_does_not_matter), GY_TEST(floats_do_depend_on_order),
             GY_TEST(edges_are_right), GY_TEST(limits_are_kept), GY_TEST(widths))
