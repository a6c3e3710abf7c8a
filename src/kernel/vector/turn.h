/*
 * Squares of WIDTH × WIDTH floats turned in registers. For units of this folder only.
 */
#ifndef GY_KERNEL_VECTOR_TURN_H
#define GY_KERNEL_VECTOR_TURN_H

#include "wide.h"

/* Lane l of the first and of the second of two vectors whose halves of h lanes change places. */
#define FIRST(l, h) (((l) & (h)) == 0 ? (l) : WIDTH + (l) - (h))
#define SECOND(l, h) (((l) & (h)) == 0 ? (l) + (h) : WIDTH + (l))
#define FOUR(lane, l, h) lane(l, h), lane(l + 1, h), lane(l + 2, h), lane(l + 3, h)
#if WIDTH == 16
#define LANES(lane, h) FOUR(lane, 0, h), FOUR(lane, 4, h), FOUR(lane, 8, h), FOUR(lane, 12, h)
#elif WIDTH == 8
#define LANES(lane, h) FOUR(lane, 0, h), FOUR(lane, 4, h)
#else
#define LANES(lane, h) FOUR(lane, 0, h)
#endif

#define EXCHANGE(h)                                                                                \
    UNROLL for (int i = 0; i < WIDTH; i++) if ((i & (h)) == 0)                                     \
    {                                                                                              \
        vec a = v[i], b = v[i + (h)];                                                              \
        v[i] = __builtin_shufflevector(a, b, LANES(FIRST, h));                                     \
        v[i + (h)] = __builtin_shufflevector(a, b, LANES(SECOND, h));                              \
    }

/* Turns WIDTH × WIDTH floats: halves change places, then halves of halves, … */
INLINE void turn(vec v[WIDTH])
{
#if WIDTH == 16
    EXCHANGE(8)
#endif
#if WIDTH >= 8
    EXCHANGE(4)
#endif
    EXCHANGE(2)
    EXCHANGE(1)
}

#endif
