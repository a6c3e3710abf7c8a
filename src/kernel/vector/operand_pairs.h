/*
 * Operands in pairs of bfloat16 (operand.h), over what pairs.h or pairs_emulated.h has, which is
 * included before.
 */

#define GROUP 2
#define PER 2

INLINE vec units_along(const vec v[PER])
{
    return pairs_along(v[0], v[1]);
}

INLINE void units_down(vec first, vec next, vec u[GROUP / PER])
{
    u[0] = pairs_down(first, next);
}

#include "operand_loops.h"

#define SPREAD(a) pairs_spread(a)
#define MULTIPLY(sum, a, b) pairs_multiply(sum, a, b)
#define MULTIPLY_AT(sum, a, b) pairs_multiply_at(sum, a, b)
#include "panel_loops.h"

/* Apart from its caller, so that nothing of it moves to where denormal numbers are others. */
static __attribute__((noinline)) void multiply(const gy_panel_product *p)
{
    multiply_panels(p);
}
