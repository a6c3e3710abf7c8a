/*
 * The loops for pairs of bfloat16 on what their instructions are to do, in C, for machines that have none. Tiles of
 * all shapes are one function, its loops as they stand: unrolled as for speed they take a minute to compile.
 */
#define GY_LEVEL emulated
#define WIDTH 16
#define INLINE static inline
#define UNROLL
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "kernel/vector/pairs_emulated.h"

#include "kernel/vector/operand_pairs.h"

#include "kernel/vector/operand_bfloat16.h"

#include "kernel/kernel_impl.h"

#include "levels.h"

void gy_test_emulate(gy_kernel *k)
{
    k->operand = &gy_operand_bfloat16_emulated;
}
