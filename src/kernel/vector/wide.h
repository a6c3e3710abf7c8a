/*
 * Vectors of a level's full width, by the vector extensions of GCC and Clang, for loops that must
 * keep many of them in registers. For units of this folder only.
 */
#ifndef GY_KERNEL_VECTOR_WIDE_H
#define GY_KERNEL_VECTOR_WIDE_H

#include "unit.h"

#include <string.h>

#if defined(WIDTH) /* what is compiled emulates it */
#elif defined(__AVX512F__)
#define WIDTH 16 /* floats of a vector */
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif

#if !defined(UNROLL) /* as INLINE */
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef int32_t bits __attribute__((vector_size(4 * WIDTH)));
typedef float loose __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

INLINE vec load(const float *x)
{
    return *(const loose *)(const void *)x;
}

INLINE void store(float *x, vec v)
{
    *(loose *)(void *)x = v;
}

/* x − 0 is x, so that this is a broadcast alone; x + 0 would not be (−0). */
INLINE vec spread(float x)
{
    return x - (vec){0};
}

/* max(0, v); NaN stays. */
INLINE vec rectify(vec v)
{
    bits negative = v < (vec){0};
    return (vec)((bits)v & ~negative);
}

/* Up to a vector of the n − at floats that are left. */
INLINE vec get(const float *x, int64_t at, int64_t n)
{
    vec v = {0};
    if (at + WIDTH <= n)
        v = load(x + at);
    else
        memcpy(&v, x + at, sizeof(float) * (size_t)(n - at));
    return v;
}

INLINE void put(float *y, int64_t at, int64_t n, vec v)
{
    if (at + WIDTH <= n)
        store(y + at, v);
    else
        memcpy(y + at, &v, sizeof(float) * (size_t)(n - at));
}

#endif
