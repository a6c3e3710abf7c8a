/* Operands in float32: units are floats, packed as they are. */
#include "wide.h"

#define GROUP 1
#define PER 1
#define PLACE(k) (k)

INLINE vec units_along(const vec v[PER])
{
    return v[0];
}

INLINE vec units_turned(const vec v[PER])
{
    return v[0];
}

INLINE void units_down(vec first, vec next, vec u[GROUP])
{
    (void)next;
    u[0] = first;
}

#include "operand_loops.h"

void GY_OF_LEVEL(panel_turn)(int64_t rows, int64_t depth, const float *x, int64_t row, float *panel)
{
    turn_panel(rows, depth, x, row, panel);
}

const gy_operand GY_OF_LEVEL(operand_float32) = {.by = "instructions for float32",
                                                 .group = GROUP,
                                                 .per = PER,
                                                 .beside = BESIDE,
                                                 .along = along,
                                                 .down = down,
                                                 .turn = turn_panel,
                                                 .sums = sums,
                                                 .product = GY_OF_LEVEL(panel_product)};
