/* The operand bfloat16 of what is before: packing by operand_loops.h, and multiply() of what is packed. */
#include "flush.h"

/* A sum goes on where C is, whatever it is cut into. */
static void product(const gy_panel_product *p)
{
    gy_panel_product chain = *p;
    const unsigned before = flush_denormals();
    chain.chain = true;
    multiply(&chain);
    put_back_denormals(before);
}

const gy_operand GY_OF_LEVEL(operand_bfloat16) = {.by = BY,
                                                  .group = GROUP,
                                                  .per = PER,
                                                  .beside = BESIDE,
                                                  .along = along,
                                                  .down = down,
                                                  .turn = turn_panel,
                                                  .sums = sums,
                                                  .product = product};
