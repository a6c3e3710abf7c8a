/*
 * The packing of operands in pairs of bfloat16 (operand.h), over what pairs.h or pairs_emulated.h has, which is
 * included before.
 */

#define GROUP 2
#define PER 2
#define PLACE(k) (k)

INLINE vec units_along(const vec v[PER])
{
    return pairs_along(v[0], v[1]);
}

INLINE vec units_turned(const vec v[PER])
{
    return units_along(v);
}

INLINE void units_down(vec first, vec next, vec u[GROUP / PER])
{
    u[0] = pairs_down(first, next);
}

#include "operand_loops.h"
