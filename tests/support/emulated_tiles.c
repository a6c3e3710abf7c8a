/* Products in bfloat16 by instructions for tiles. */
#define GY_LEVEL emulated_tiles
#include "emulated.h"

#include "kernel/vector/tiles_emulated.h"

#include "kernel/vector/operand_pairs.h"

#include "kernel/vector/multiply_tiles.h"

#include "kernel/vector/operand_bfloat16.h"

void gy_test_emulate_tiles(gy_kernel *k)
{
    emulate(k, &gy_operand_bfloat16_emulated_tiles);
}

bool gy_test_in_tiles(const gy_kernel *k)
{
    return strcmp(k->operand->by, BY) == 0;
}
