/*
 * Squares of WIDTH × WIDTH floats turned in registers. For units of this folder only.
 */
#ifndef GY_KERNEL_VECTOR_TURN_H
#define GY_KERNEL_VECTOR_TURN_H

#include "wide.h"

#if WIDTH == 16
#define LANES(four) four(0), four(4), four(8), four(12)
#elif WIDTH == 8
#define LANES(four) four(0), four(4)
#else
#define LANES(four) four(0)
#endif

/* Four lanes of two vectors, from lane l on: one by one, or two and two; of their lower halves or the upper ones. */
#define ONES_LOW(l) (l), WIDTH + (l), (l) + 1, WIDTH + (l) + 1
#define ONES_HIGH(l) (l) + 2, WIDTH + (l) + 2, (l) + 3, WIDTH + (l) + 3
#define TWOS_LOW(l) (l), (l) + 1, WIDTH + (l), WIDTH + (l) + 1
#define TWOS_HIGH(l) (l) + 2, (l) + 3, WIDTH + (l) + 2, WIDTH + (l) + 3

/* The squares of four that four vectors have side by side. */
INLINE void turn_fours(vec v[4])
{
    const vec low = __builtin_shufflevector(v[0], v[1], LANES(ONES_LOW));
    const vec high = __builtin_shufflevector(v[0], v[1], LANES(ONES_HIGH));
    const vec next_low = __builtin_shufflevector(v[2], v[3], LANES(ONES_LOW));
    const vec next_high = __builtin_shufflevector(v[2], v[3], LANES(ONES_HIGH));
    v[0] = __builtin_shufflevector(low, next_low, LANES(TWOS_LOW));
    v[1] = __builtin_shufflevector(low, next_low, LANES(TWOS_HIGH));
    v[2] = __builtin_shufflevector(high, next_high, LANES(TWOS_LOW));
    v[3] = __builtin_shufflevector(high, next_high, LANES(TWOS_HIGH));
}

/* Four lanes from l on of the first and of the second of two vectors whose halves of h lanes change places. */
#define FIRST(l, h) (((l) & (h)) == 0 ? (l) : WIDTH + (l) - (h))
#define SECOND(l, h) (((l) & (h)) == 0 ? (l) + (h) : WIDTH + (l))
#define FOUR(lane, l, h) lane(l, h), lane(l + 1, h), lane(l + 2, h), lane(l + 3, h)
#define FIRST_4(l) FOUR(FIRST, l, 4)
#define SECOND_4(l) FOUR(SECOND, l, 4)
#define FIRST_8(l) FOUR(FIRST, l, 8)
#define SECOND_8(l) FOUR(SECOND, l, 8)

#define EXCHANGE(h)                                                                                \
    UNROLL for (int i = 0; i < WIDTH; i++) if ((i & (h)) == 0)                                     \
    {                                                                                              \
        vec a = v[i], b = v[i + (h)];                                                              \
        v[i] = __builtin_shufflevector(a, b, LANES(FIRST_##h));                                    \
        v[i + (h)] = __builtin_shufflevector(a, b, LANES(SECOND_##h));                             \
    }

/* Turns WIDTH × WIDTH floats: squares of four, then these change places. */
INLINE void turn(vec v[WIDTH])
{
    UNROLL for (int i = 0; i < WIDTH; i += 4) turn_fours(v + i);
#if WIDTH >= 8
    EXCHANGE(4)
#endif
#if WIDTH == 16
    EXCHANGE(8)
#endif
}

#endif
