/* The loops for pairs of bfloat16 on what their instructions are to do, in C, for machines that have none. */
#define GY_LEVEL emulated
#define WIDTH 16
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors that wide are not this machine's own */
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
