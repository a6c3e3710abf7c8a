/*
 * Numbers of bfloat16 in vectors of floats: the upper half of a float's bits, to the nearest, ties to
 * even. Denormal numbers stay so, where vcvtneps2bf16 makes them zeros: to a product they are (flush.h).
 * For units of this folder only.
 */
#ifndef GY_KERNEL_VECTOR_BFLOAT16_H
#define GY_KERNEL_VECTOR_BFLOAT16_H

#include "wide.h"

typedef uint32_t words __attribute__((vector_size(4 * WIDTH)));

INLINE vec round_bfloat16(vec v)
{
    const words x = (words)v;
    const words normal = (words)((bits)(x & 0x7f800000U) > 0), nan = (words)(v != v);
    const words up = (x >> 16 & 1U) + 0x7fffU;
    return (vec)(((x + (up & normal)) | nan) & 0xffff0000U);
}

#if WIDTH == 16
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14
#elif WIDTH == 8
#define NEIGHBOURS 1, 0, 3, 2, 5, 4, 7, 6
#else
#define NEIGHBOURS 1, 0, 3, 2
#endif

INLINE vec swap_neighbours(vec v)
{
    return __builtin_shufflevector(v, v, NEIGHBOURS);
}

#endif
