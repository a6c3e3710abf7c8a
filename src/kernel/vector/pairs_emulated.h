/* What pairs.h has, in C: for tests of its loops where there are no such instructions. */
#ifndef GY_KERNEL_VECTOR_PAIRS_EMULATED_H
#define GY_KERNEL_VECTOR_PAIRS_EMULATED_H

#include "bfloat16.h"

#include <math.h>

INLINE vec pairs_along(vec low, vec high)
{
    const words halves[2] = {(words)round_bfloat16(low), (words)round_bfloat16(high)};
    words pairs;
    for (int i = 0; i < WIDTH; i++)
        pairs[i] =
            halves[2 * i / WIDTH][2 * i % WIDTH] >> 16 | halves[2 * i / WIDTH][2 * i % WIDTH + 1];
    return (vec)pairs;
}

INLINE vec pairs_down(vec first, vec next)
{
    return (vec)((words)round_bfloat16(first) >> 16 | (words)round_bfloat16(next));
}

INLINE vec pairs_spread(const float *a)
{
    uint32_t pair;
    memcpy(&pair, a, sizeof pair);
    return (vec)(pair - (words){0});
}

/* Not inlined: the loops' tiles of it would be very long. */
static __attribute__((noinline)) void fma_pairs(vec *sum, const vec *a, const vec *b)
{
    const words x = (words)*a, y = (words)*b;
    const vec x_next = (vec)(x & 0xffff0000U), y_next = (vec)(y & 0xffff0000U);
    const vec x_first = (vec)(x << 16), y_first = (vec)(y << 16);
    for (int i = 0; i < WIDTH; i++) {
        (*sum)[i] = fmaf(x_next[i], y_next[i], (*sum)[i]);
        (*sum)[i] = fmaf(x_first[i], y_first[i], (*sum)[i]);
    }
}

INLINE vec pairs_multiply(vec sum, vec a, vec b)
{
    fma_pairs(&sum, &a, &b);
    return sum;
}

INLINE vec pairs_multiply_at(vec sum, const float *a, vec b)
{
    return pairs_multiply(sum, pairs_spread(a), b);
}

#endif
