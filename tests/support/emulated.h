/**
 * Loops over vectors of 16 floats on what their instructions are to do, in C, for machines that have none. Tiles of
 * all shapes are one function, its loops as they stand: unrolled as for speed they take a minute to compile.
 */
#ifndef GY_TEST_EMULATED_H
#define GY_TEST_EMULATED_H

#define WIDTH 16
#define INLINE static inline
#define UNROLL
#pragma GCC diagnostic ignored "-Wunknown-pragmas"

#include "kernel/kernel_impl.h"

#include "levels.h"

/* Where products are in bfloat16, those of Winograd's algorithm for themselves. */
static inline void emulate(gy_kernel *k, const gy_operand *by)
{
    if (k->operand->group > 1) k->operand = by;
    if (k->winograd->group > 1) k->winograd = by;
}

#endif
