/**
 * Transcendental functions of one float that compilers turn into vector code: no branch, no table,
 * no call. Accurate within 2e-7, relative, where not said otherwise. NaN gives NaN.
 *
 * Polynomials: Cephes (S. Moshier, single precision), but for normal_cdf. They rely on floating
 * point being evaluated as written: never compile with -fassociative-math.
 */
#ifndef GY_KERNEL_VECTOR_MATH_H
#define GY_KERNEL_VECTOR_MATH_H

#include "base/bits.h"

#include <math.h>

/** e^r − 1 for |r| ≤ ln 2 / 2. */
static inline float expm1_core(float r)
{
    float z = r * r; /* by pairs: half of the wait */
    float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
    float q = 8.3334519073e-3f * r + 4.1665795894e-2f;
    p = p * z + q;
    q = 1.6666665459e-1f * r + 5.0000001201e-1f;
    p = p * z + q;
    return p * z + r;
}

/** x = n ln 2 + r, with |r| ≤ ln 2 / 2. */
typedef struct power {
    float r;
    uint32_t n;
} power;

static inline power power_of(float x)
{
    const float shift = 12582912.0f; /* 1.5 · 2^23: adding it rounds to a whole number */
    float t = x * 1.44269504f + shift;
    float n = t - shift;
    float r = x - n * 0.693359375f; /* ln 2 in two parts: the first times n is exact */
    return (power){.r = r + n * 2.12194440e-4f, .n = gy_bits_of(t) - gy_bits_of(shift)};
}

/** 2^n for −126 ≤ n ≤ 127; 0 for n = −127. */
static inline float two_to(uint32_t n)
{
    return gy_float_of((n + 127) << 23);
}

static const float least_power = -87.33654f; /* below it e^x would be denormal */

/** e^x; 0 below −87.33, infinity above 88.72. */
static inline float vec_exp(float x)
{
    const float high = 88.72283f;
    power e = power_of(x < least_power ? least_power : x > high ? high : x);
    float y = expm1_core(e.r) + 1.0f;
    uint32_t half = (e.n + 256) / 2 - 128; /* in two steps, since 2^128 is no float */
    y = y * two_to(half) * two_to(e.n - half);
    return x < least_power ? 0.0f : x > high ? INFINITY : y;
}

/** e^x − 1, within 3e-7: farthest off where it takes e^x from 0.34 on. */
static inline float vec_expm1(float x)
{
    float near = expm1_core(x), far = vec_exp(x) - 1.0f;
    return fabsf(x) < 0.34f ? near : far;
}

/** log(1 + u) for 0 ≤ u ≤ 1. */
static inline float vec_log1p(float u)
{
    int above = u > 0.41421356f; /* 1 + u > √2: log(1 + u) = ln 2 + log(1 + f), f = (u − 1) / 2 */
    float f = above ? (u - 1.0f) * 0.5f : u;
    float z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    float y = f * z * p - 0.5f * z + f;
    return above ? y + 0.69314718f : y;
}

/** With e = e^−|x|: 1 / (1 + e) or e / (1 + e); e is 0 above 87.68. */
static inline float vec_sigmoid(float x)
{
    const float high = 88.1f; /* n = −127 */
    float a = fabsf(x);
    power minus = power_of(a > high ? -high : -a);
    float s = two_to(minus.n);
    float e = expm1_core(minus.r) * s + s;
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

/** With m = e^2|x| − 1: m / (m + 2). */
static inline float vec_tanh(float x)
{
    const float high = 9.1f; /* from there on it is 1 */
    float a = fabsf(x);
    power e = power_of(2.0f * (a > high ? high : a));
    float s = two_to(e.n);
    float m = expm1_core(e.r) * s + (s - 1.0f);
    return copysignf(m / (m + 2.0f), x);
}

/** log(1 + e^x). */
static inline float vec_softplus(float x)
{
    return (x < 0.0f ? 0.0f : x) + vec_log1p(vec_exp(-fabsf(x)));
}

/** The normal distribution Φ(x) and its density φ(x), which shares the exponential. */
typedef struct normal {
    float cdf, density;
} normal;

/**
 * Φ(−|x|) = erfc(z) / 2 with z = |x| / √2, and erfc(z) = e^(−z²) t P(t), t = 1 / (1 + z / 2): P is
 * fitted to e^(z²) erfc(z) / t over 0 ≤ z ≤ 9.7 with relative error 2e-8.
 */
static inline normal vec_normal(float x)
{
    float z = fabsf(x) * 0.70710678f;
    float e = vec_exp(-0.5f * x * x);
    float t = 1.0f / (1.0f + 0.5f * z);
    float p = 0.0130116587f;
    p = p * t - 0.12712862f;
    p = p * t + 0.437826887f;
    p = p * t - 0.681568128f;
    p = p * t + 0.430572516f;
    p = p * t - 0.103123207f;
    p = p * t + 0.227130879f;
    p = p * t + 0.238321607f;
    p = p * t + 0.282893646f;
    p = p * t + 0.282062743f;
    float tail = 0.5f * e * t * p;
    return (normal){.cdf = x < 0.0f ? tail : 1.0f - tail, .density = 0.39894228f * e};
}

#endif
