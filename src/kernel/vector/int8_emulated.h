/*
 * Vectors of LANES sums (int8_loops.h) in plain C, for the baseline, and for tests of units that the machine at hand
 * does not have: what `vpdpbusd` does.
 */
#include "int8.h"

#include <string.h>

typedef union ints {
    int32_t sum[LANES];
    int8_t byte[4 * LANES];
} ints;

#define INTS_ZERO ((ints){.sum = {0}})

static inline ints bytes_at(const void *p)
{
    ints v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline ints bytes_spread(const void *p)
{
    ints v;
    for (int l = 0; l < LANES; l++) memcpy(&v.byte[4 * l], p, 4);
    return v;
}

static inline void ints_store(int32_t *p, ints v)
{
    memcpy(p, v.sum, sizeof v.sum);
}

/* Bytes without sign times bytes with it. */
static inline ints dot_emulated(ints sum, ints q, ints w)
{
    for (int l = 0; l < LANES; l++)
        for (int i = 4 * l; i < 4 * l + 4; i++) sum.sum[l] += (uint8_t)q.byte[i] * w.byte[i];
    return sum;
}
