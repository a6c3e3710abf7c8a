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

INLINE vec first_of(vec pairs)
{
    return (vec)((words)pairs << 16);
}

INLINE vec second_of(vec pairs)
{
    return (vec)((words)pairs & 0xffff0000U);
}

static vec fma_each(vec sum, vec a, vec b)
{
    for (int i = 0; i < WIDTH; i++) sum[i] = fmaf(a[i], b[i], sum[i]);
    return sum;
}

INLINE vec pairs_multiply(vec sum, vec a, vec b)
{
    return fma_each(fma_each(sum, second_of(a), second_of(b)), first_of(a), first_of(b));
}

INLINE vec pairs_multiply_at(vec sum, const float *a, vec b)
{
    return pairs_multiply(sum, pairs_spread(a), b);
}

#endif
