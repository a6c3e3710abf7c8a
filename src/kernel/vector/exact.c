/*
 * Order-free sums at one level: see kernel/exact.h for the scheme.
 *
 * (x + M) − M with M = 1.5 · 2^23 q rounds x to the nearest multiple of q, ties to even, for
 * |x| ≤ 2^22 q; what is left, x − that, is exact. A bin is the exponent field of the M of plane 1, so
 * all three M are made by a few integer operations. Nothing here may be reassociated or contracted.
 */
#include "exact.h"

#include "../exact.h"

#include "base/bits.h"

#include <math.h>

enum { CHUNK = 512, FIELD = 23, HIGHEST = 253 }; /* sums of a plane stay below 2^127 */

static const uint32_t magnitude = 0x7fffffff, one_and_a_half = 0x00400000;

/* Whether some |x| is above its bin's 2^(W−1) q₁, whose exponent field is bin + W − 24. */
static bool outgrown(int n, uint32_t width, const float *restrict x, const uint8_t *restrict bins)
{
    uint32_t over = 0;
#pragma omp simd reduction(| : over)
    for (int i = 0; i < n; i++) {
        uint32_t limit = (bins[i] + width - 24) << FIELD;
        over |= (gy_bits_of(x[i]) & magnitude) > limit ? 1u : 0u;
    }
    return over != 0;
}

/* The lowest bin of each x: the least lowest + k W with |x| ≤ 2^(W−1) q₁. */
static void find_bins(int n, uint32_t width, const float *restrict x, uint8_t *restrict bins)
{
    const uint32_t inverse = 65536 / width + 1; /* exact division for what is below 2^9 */
#pragma omp simd
    for (int i = 0; i < n; i++) {
        uint32_t u = gy_bits_of(x[i]) & magnitude;
        uint32_t field = (u - (u > 0 ? 1u : 0u)) >> FIELD; /* |x| ≤ 2^(field − 126) */
        uint32_t count = ((field + 23 + width) * inverse) >> 16;
        uint32_t bin = count <= 3 ? 2 * width + 1 : (count - 1) * width + 1;
        bins[i] = (uint8_t)(bin > HIGHEST ? (uint32_t)GY_EXACT_NAN : bin);
    }
}

void GY_OF_LEVEL(exact_raise)(int64_t n, int width, const uint8_t *to, uint8_t *bins, float *p1,
                              float *p2, float *p3)
{
    const int once = width, twice = 2 * width;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        int lift = to[i] > bins[i] ? to[i] - bins[i] : 0;
        float a = p1[i], b = p2[i], c = p3[i];
        p1[i] = lift == 0 ? a : 0.0f;
        p2[i] = lift == 0 ? b : lift == once ? a : 0.0f;
        p3[i] = lift == 0 ? c : lift == once ? b : lift == twice ? a : 0.0f;
        bins[i] = (uint8_t)(bins[i] + lift);
    }
}

static void add(int n, uint32_t width, const float *restrict x, const uint8_t *restrict bins,
                float *restrict p1, float *restrict p2, float *restrict p3)
{
    const uint32_t down = width << FIELD;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        uint32_t m = (uint32_t)bins[i] << FIELD | one_and_a_half;
        float m1 = gy_float_of(m), m2 = gy_float_of(m - down), m3 = gy_float_of(m - 2 * down);
        float a = (x[i] + m1) - m1;
        float rest = x[i] - a;
        float b = (rest + m2) - m2;
        rest -= b;
        float c = (rest + m3) - m3;
        p1[i] += a;
        p2[i] += b;
        p3[i] += c;
    }
}

void GY_OF_LEVEL(exact_add)(int64_t n, int width, const float *x, uint8_t *bins, float *p1,
                            float *p2, float *p3)
{
    uint8_t wanted[CHUNK];
    for (int64_t i = 0; i < n; i += CHUNK) {
        int m = (int)gy_least(n - i, CHUNK);
        if (outgrown(m, (uint32_t)width, x + i, bins + i)) {
            find_bins(m, (uint32_t)width, x + i, wanted);
            GY_OF_LEVEL(exact_raise)(m, width, wanted, bins + i, p1 + i, p2 + i, p3 + i);
        }
        add(m, (uint32_t)width, x + i, bins + i, p1 + i, p2 + i, p3 + i);
    }
}

void GY_OF_LEVEL(exact_take)(int64_t n, const uint8_t *bins, const float *p1, const float *p2,
                             const float *p3, float *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float sum = (float)(((double)p1[i] + (double)p2[i]) + (double)p3[i]);
        y[i] = bins[i] == GY_EXACT_NAN ? NAN : sum;
    }
}
