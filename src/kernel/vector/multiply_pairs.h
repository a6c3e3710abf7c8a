/* multiply() of packed pairs of bfloat16 (operand_pairs.h) by instructions for pairs. */

#define BY "AVX512-BF16"

#define SPREAD(a) pairs_spread(a)
#define MULTIPLY(sum, a, b) pairs_multiply(sum, a, b)
#define MULTIPLY_AT(sum, a, b) pairs_multiply_at(sum, a, b)
#include "panel_loops.h"

/* Apart from its caller, so that nothing of it moves to where denormal numbers are others. */
static __attribute__((noinline)) void multiply(const gy_panel_product *p)
{
    multiply_panels(p);
}
