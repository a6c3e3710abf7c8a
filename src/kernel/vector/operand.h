/**
 * What a precision is: how the operands of a product are packed, and the product of what was packed.
 *
 * Packed operands are arrays of *units* along the inner dimension. A unit takes a float's place and
 * has `per` numbers: one of float32, a pair of bfloat16 where the processor multiplies pairs. So
 * strides and sizes of caches are the same for all, and the panels are those of panel.h. Numbers go
 * in groups of `group`, the last one filled up with zeros.
 *
 *     along   x [rows, n], n being the inner dimension       → y [rows, units]
 *     down    x [rows, n], rows being the inner dimension    → y [units, n]
 *     turn    x [rows ≤ 16, n], n being the inner dimension  → y [units, 16], zeros for rows that are not
 *     sums    as down, n ≤ beside; and sums[i] += Σ rows x[row, i], before they are rounded
 *     product of what was packed: depth, strides and panels in units; a_row or a_step is 1
 *
 * y may be x where y_row is x_row. In bfloat16 all levels with FMA but v4_amx give the same bits: where there
 * are no instructions for pairs, `per` is 1, numbers are rounded while they are packed, the two of a pair
 * changing places (their products are added the second one first), and multiplied as floats; the sum
 * goes on where C is, so that it does not matter into which parts it is cut. A tile's sums are of 16 units,
 * from zero, before they are added: they have bits of their own, the same for the same parts.
 */
#ifndef GY_KERNEL_VECTOR_OPERAND_H
#define GY_KERNEL_VECTOR_OPERAND_H

#include "kernel/precision.h"
#include "panel.h"

enum { GY_UNIT_MOST = 2 }; /* numbers of a unit, at most */

typedef struct gy_operand {
    const char
        *by; /* "instructions for float32", or the instructions that its products are made by */
    int group, per; /* numbers that stay together; of them in a unit */
    int beside; /* rows of a transposed left side that lie side by side: of more, a tile's few would
                   fill the first-level cache with lines of which they take a part */
    void (*along)(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row);
    void (*down)(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row);
    void (*turn)(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y);
    void (*sums)(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row,
                 double *sums);
    void (*product)(const gy_panel_product *p);
} gy_operand;

/** Units that n numbers take. */
static inline int64_t gy_units(const gy_operand *o, int64_t n)
{
    return o->group == 1 ? n : gy_round_up(n, o->group) / o->per;
}

#endif
