/*
 * Operands in bfloat16 where there are no instructions for it: numbers are rounded and the two of a
 * pair change places while they are packed, the rest is float32's. The product of two of them is
 * exact in float32, so the bits are those of vdpbf16ps, which adds the second product of a pair,
 * then the first, takes denormal numbers as zeros and leaves none.
 */
#include "bfloat16.h"
#include "flush.h"

#define GROUP 2
#define PER 1

INLINE vec units_along(const vec v[PER])
{
    return swap_neighbours(round_bfloat16(v[0]));
}

INLINE void units_down(vec first, vec next, vec u[GROUP])
{
    u[0] = round_bfloat16(next);
    u[1] = round_bfloat16(first);
}

#include "operand_loops.h"

static void product(const gy_panel_product *p)
{
    gy_panel_product chain = *p;
    const unsigned before = flush_denormals();
    chain.chain = true;
    GY_OF_LEVEL(panel_product)(&chain);
    put_back_denormals(before);
}

const gy_operand GY_OF_LEVEL(operand_bfloat16) = {.group = GROUP,
                                                  .per = PER,
                                                  .along = along,
                                                  .down = down,
                                                  .turn = turn_panel,
                                                  .sums = sums,
                                                  .product = product};
