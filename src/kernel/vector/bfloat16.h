/*
 * Numbers of bfloat16 in vectors of floats: the upper half of a float's bits, to the nearest, ties to
 * even. Denormal numbers stay so, where vcvtneps2bf16 makes them zeros: to a product they are (flush.h).
 * For units of this folder only.
 */
#ifndef GY_KERNEL_VECTOR_BFLOAT16_H
#define GY_KERNEL_VECTOR_BFLOAT16_H

#include "wide.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef uint32_t words __attribute__((vector_size(4 * WIDTH)));

/* `up`, which is 0x8000 at most, or 0 where x is a denormal number. */
INLINE words unless_denormal(words up, words x)
{
    const words exponent = x & 0x7f800000U;
#if WIDTH == 16 && defined(__AVX512F__)
    return (words)_mm512_min_epu32((__m512i)up, (__m512i)exponent);
#elif WIDTH == 8 && defined(__AVX2__)
    return (words)_mm256_min_epu32((__m256i)up, (__m256i)exponent);
#else
    return up & (words)((bits)exponent > 0);
#endif
}

/* Rounded in the upper half, with anything in the lower one. No denormal number becomes normal. */
INLINE words round_upper(vec v)
{
    const words x = (words)v, up = (x >> 16 & 1U) + 0x7fffU;
    return (x + unless_denormal(up, x)) | (words)(v != v);
}

INLINE vec round_bfloat16(vec v)
{
    return (vec)(round_upper(v) & 0xffff0000U);
}

#if WIDTH == 16
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
#elif WIDTH == 8
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6
#else
#define NEIGHBOURS 1, 0, 3, 2
#endif

/* Rounded, the two of a pair having changed places. */
INLINE vec round_swapped(vec v)
{
#if WIDTH == 8 && defined(__AVX2__) /* a shuffle of bytes clears the lower halves as well */
    const __m256i from =
        _mm256_setr_epi8(-1, -1, 6, 7, -1, -1, 2, 3, -1, -1, 14, 15, -1, -1, 10, 11, -1, -1, 6, 7,
                         -1, -1, 2, 3, -1, -1, 14, 15, -1, -1, 10, 11);
    return (vec)_mm256_shuffle_epi8((__m256i)round_upper(v), from);
#else
    const vec rounded = round_bfloat16(v);
    return __builtin_shufflevector(rounded, rounded, NEIGHBOURS);
#endif
}

#endif
