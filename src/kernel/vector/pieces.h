/** Sums of long rows: in float over short pieces, then in double, so that little is lost. */
#ifndef GY_KERNEL_VECTOR_PIECES_H
#define GY_KERNEL_VECTOR_PIECES_H

#include "base/count.h"

enum { GY_PIECE = 256 };

/** GY_PIECES(n) { … }: for each piece of n elements its [from, to). */
#define GY_PIECES(n)                                                                               \
    for (int64_t from = 0, to; to = gy_least(from + GY_PIECE, n), from < (n); from = to)

#endif
