/** Arithmetic of counts and sizes: where pieces end, how many there are. Local. */
#ifndef GY_BASE_COUNT_H
#define GY_BASE_COUNT_H

#include <stdint.h>

static inline int64_t gy_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t gy_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/** How many pieces of `each` make n, the last one maybe shorter. n ≥ 0, each ≥ 1 */
static inline int64_t gy_pieces(int64_t n, int64_t each)
{
    return (n + each - 1) / each;
}

/** The least multiple of `to` that n fits into. */
static inline int64_t gy_round_up(int64_t n, int64_t to)
{
    return gy_pieces(n, to) * to;
}

#endif
