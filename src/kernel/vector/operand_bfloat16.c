/*
 * Operands in bfloat16: in pairs where the level has instructions for them, or tiles of them. Elsewhere
 * numbers are rounded and the two of a pair change places while they are packed, the rest is float32's:
 * the product of two of them is exact in float32, so the bits are those of vdpbf16ps, which adds the
 * second product of a pair, then the first, takes denormal numbers as zeros and leaves none. Sums in tiles
 * are others.
 */
#include "bfloat16.h"

#if defined(__AVX512BF16__)

#include "pairs.h"

#include "operand_pairs.h"

#if defined(__AMX_BF16__) || defined(__AMXBF16__) /* GCC, Clang 14 */

#include "tiles.h"

#include "multiply_tiles.h"

#else

#include "multiply_pairs.h"

#endif

#else

#define GROUP 2
#define PER 1
#define PLACE(k) ((k) ^ 1)

INLINE vec units_along(const vec v[PER])
{
    return round_swapped(v[0]);
}

INLINE vec units_turned(const vec v[PER])
{
    return round_bfloat16(v[0]);
}

INLINE void units_down(vec first, vec next, vec u[GROUP])
{
    u[0] = round_bfloat16(next);
    u[1] = round_bfloat16(first);
}

#include "operand_loops.h"

#define BY "instructions for float32"
#define multiply GY_OF_LEVEL(panel_product)

#endif

#include "operand_bfloat16.h"
