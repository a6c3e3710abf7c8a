/* Sums in limbs: the bits of no order, and the numbers. */
#include "gy_test.h"

#include "base/rng.h"
#include "kernel/limbs.h"

#include <math.h>
#include <string.h>

enum { N = 5000 };

/* Of wide range, many alike. */
static double term(int64_t i)
{
    const gy_rng key = {.seed = 2};
    const double size = gy_rng_uniform(key, (uint64_t)i, 1);
    return gy_rng_uniform(key, (uint64_t)i, 0) * ldexp(1, (int)(300 * size) - 200);
}

static void no_order_matters(void)
{
    double forth[GY_LIMBS] = {0}, back[GY_LIMBS] = {0}, parts[3][GY_LIMBS] = {{0}};
    for (int64_t i = 0; i < N; i++) gy_limbs_add(forth, term(i));
    for (int64_t i = N; i-- > 0;) gy_limbs_add(back, term(i));
    for (int64_t i = 0; i < N; i++) gy_limbs_add(parts[i * 7 % 3], term(i));
    for (int i = 0; i < GY_LIMBS; i++) parts[0][i] = parts[2][i] + (parts[1][i] + parts[0][i]);
    CU_ASSERT_EQUAL(memcmp(forth, back, sizeof forth), 0);
    CU_ASSERT_EQUAL(memcmp(forth, parts[0], sizeof forth), 0);
}

/* Whole numbers below 2^53 are summed exactly by doubles, too. */
static void sums_are_right(void)
{
    double limbs[GY_LIMBS] = {0}, want = 0;
    const gy_rng key = {.seed = 3};
    for (int64_t i = 0; i < N; i++) {
        const double x = floor(ldexp(gy_rng_uniform(key, (uint64_t)i, 0), (int)(i % 41)));
        gy_limbs_add(limbs, ldexp(x, -60));
        want += x;
    }
    CU_ASSERT_EQUAL(gy_limbs_value(limbs), ldexp(want, -60));
}

static void expect(double x, double want)
{
    double limbs[GY_LIMBS] = {0};
    gy_limbs_add(limbs, x);
    CU_ASSERT(isnan(want) ? isnan(gy_limbs_value(limbs)) : gy_limbs_value(limbs) == want);
}

static void ends_of_the_range(void)
{
    expect(0, 0);
    expect(1, 1);
    expect(1.0 / 3, 1.0 / 3);
    expect(0x1.fffffffffffffp287, 0x1.fffffffffffffp287);
    expect(0x1p288, NAN);
    expect(INFINITY, NAN);
    expect(NAN, NAN);
    expect(-1, NAN);
    expect(0x1p-384, 0x1p-384);
    expect(0x1.8p-384, 0x1p-384); /* cut off */
    expect(0x1p-385, 0);
    expect(0x1p-1074, 0);
}

GY_TEST_MAIN(GY_TEST(no_order_matters), GY_TEST(sums_are_right), GY_TEST(ends_of_the_range))
