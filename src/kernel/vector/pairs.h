/*
 * Pairs of bfloat16 in vectors of floats, by AVX512-BF16: a unit has two numbers, the first one in its
 * lower half. Untried on hardware: pairs_emulated.h is what they are to do, and tests run the loops on that.
 */
#ifndef GY_KERNEL_VECTOR_PAIRS_H
#define GY_KERNEL_VECTOR_PAIRS_H

#include "wide.h"

#include <immintrin.h>

/* Of 2 WIDTH numbers of a row. */
INLINE vec pairs_along(vec low, vec high)
{
    return (vec)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
}

/* Of numbers of a row and those below them. */
INLINE vec pairs_down(vec first, vec next)
{
    const __m512i from =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return (vec)_mm512_permutexvar_epi16(from, (__m512i)pairs_along(first, next));
}

INLINE vec pairs_spread(const float *a)
{
    int pair;
    memcpy(&pair, a, sizeof pair);
    return (vec)_mm512_set1_epi32(pair);
}

/* sum + a b, the second numbers first */
INLINE vec pairs_multiply(vec sum, vec a, vec b)
{
    return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}

/* The same for a pair that is spread from memory; GCC 12 does not make it one instruction by itself. */
INLINE vec pairs_multiply_at(vec sum, const float *a, vec b)
{
    __asm__("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(b), "m"(*a));
    return sum;
}

#endif
