/* Products in bfloat16 by instructions for pairs. */
#define GY_LEVEL emulated_pairs
#include "emulated.h"

#include "kernel/vector/pairs_emulated.h"

#include "kernel/vector/operand_pairs.h"

#include "kernel/vector/multiply_pairs.h"

#include "kernel/vector/operand_bfloat16.h"

void gy_test_emulate_pairs(gy_kernel *k)
{
    emulate(k, &gy_operand_bfloat16_emulated_pairs);
}
