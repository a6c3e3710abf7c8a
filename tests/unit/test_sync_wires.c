/* Wires against rounding in double: to the nearest, ties to even; and back and forth. */
#include "gy_test.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "sync/wire_list.h"

#include <math.h>
#include <string.h>

enum { N = 5000 };

static float x[N], y[N], again[N];
static char message[4 * N + 64];

/* x to `digits` binary digits, no finer than `least`. */
static double rounded(double value, int digits, double least)
{
    int exponent;
    if (value == 0) return 0;
    (void)frexp(value, &exponent);
    double quantum = ldexp(1.0, exponent - digits);
    if (quantum < least) quantum = least;
    return rint(value / quantum) * quantum;
}

static void there_and_back(const gy_wire *wire)
{
    wire->encode(N, x, message);
    wire->decode(N, message, y);
    memcpy(again, y, sizeof y);
    wire->encode(N, y, message);
    wire->decode(N, message, again);
    CU_ASSERT_EQUAL(memcmp(again, y, sizeof y), 0); /* what was decoded stays */
    for (int i = 0; i < N; i++) again[i] = x[i];
    wire->add(N, message, again);
    int wrong = 0;
    for (int i = 0; i < N; i++) wrong += again[i] != x[i] + y[i];
    CU_ASSERT_EQUAL(wrong, 0);
}

static void fill(uint64_t seed, double scale, double spread)
{
    gy_rng key = {.seed = seed, .use = 1, .stream = 2};
    for (int i = 0; i < N; i++)
        x[i] = (float)(scale * gy_rng_normal(key, (uint64_t)i, 0) *
                       exp2(-spread * gy_rng_uniform(key, (uint64_t)i, 1)));
    x[0] = 0;
    x[1] = -0.0f;
    for (int i = 2; i < 40; i++)
        x[i] = (float)rounded((double)x[i], 8, 0) * (1 + 0x1p-8f); /* ties */
    for (int i = 40; i < 80; i++) x[i] = (float)rounded((double)x[i], 11, 0) * (1 + 0x1p-11f);
}

static void bfloat16_rounds_to_nearest(void)
{
    for (int e = -120; e <= 120; e += 8) {
        fill((uint64_t)(e + 200), exp2(e), 5);
        there_and_back(gy_wire_bfloat16.wire);
        int wrong = 0;
        for (int i = 0; i < N; i++) wrong += (double)y[i] != rounded((double)x[i], 8, 0x1p-133);
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

/* The scale is such that the largest lies between 2^14 and 2^15, or just below. */
static void float16_rounds_to_nearest(void)
{
    for (int e = -90; e <= 110; e += 8) {
        fill((uint64_t)(e + 200), exp2(e), 45);
        there_and_back(gy_wire_float16.wire);
        double most = 0;
        int exponent, wrong = 0;
        for (int i = 0; i < N; i++) most = fmax(most, fabs((double)x[i]));
        (void)frexp(most * (1 + 0x1p-11), &exponent);
        double least = ldexp(1.0, exponent - 15 - 24);
        for (int i = 0; i < N; i++) wrong += (double)y[i] != rounded((double)x[i], 11, least);
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

static void largest_that_rounds_up(void)
{
    fill(5, 1, 45);
    for (int k = 0; k < 64; k++) {
        x[7] = 16 * (1 - (float)k * 0x1p-17f); /* around a power of two */
        there_and_back(gy_wire_float16.wire);
    }
}

static void what_is_not_finite_stays(void)
{
    const gy_wire *wires[] = {gy_wire_bfloat16.wire, gy_wire_float16.wire};
    for (int w = 0; w < 2; w++) {
        float in[4] = {1.5f, NAN, INFINITY, -INFINITY}, out[4];
        wires[w]->encode(4, in, message);
        wires[w]->decode(4, message, out);
        CU_ASSERT(out[0] == 1.5f && isnan(out[1]) && out[2] == INFINITY && out[3] == -INFINITY);
        float tiny[2] = {0x1p-140f, -0x1p-149f};
        wires[w]->encode(2, tiny, message);
        wires[w]->decode(2, message, out);
        CU_ASSERT(fabsf(out[0]) <= 0x1p-139f && fabsf(out[1]) <= 0x1p-140f);
    }
}

GY_TEST_MAIN(GY_TEST(bfloat16_rounds_to_nearest), GY_TEST(float16_rounds_to_nearest),
             GY_TEST(largest_that_rounds_up), GY_TEST(what_is_not_finite_stays))
