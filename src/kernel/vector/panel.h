/**
 * The product that all others are made of. Its outputs come 16 side by side, a *panel*, at all levels
 * alike; what one place of the inner dimension holds is the operand's (operand.h).
 */
#ifndef GY_KERNEL_VECTOR_PANEL_H
#define GY_KERNEL_VECTOR_PANEL_H

#include "unit.h"

enum { GY_PANEL = 16 };

/**
 * A product of the rows of a matrix with a panel, its inner dimension being walked in four loops:
 *
 *     c[r, 0 … 15] = start[0 … 15] + Σ plane, line, column, k  a[r, plane, line, column, k] b[…]
 *
 * The diagonal product is elementwise, a being 16 floats as well and depth 1:
 *
 *     c[r, i] = start[i] + Σ plane, line, column  a[r, plane, line, column, i] b[…, i]
 *
 * Several panels side by side are as many products: where vectors are wide, two at a time, which
 * keeps more sums in registers.
 */
typedef struct gy_panel_product {
    int64_t rows, planes, lines, columns, depth; /* planes 0 is one */
    const float *a; /* a + r a_row + plane a_plane + line a_line + column a_column + k a_step */
    int64_t a_row, a_plane, a_line, a_column, a_step;
    const float *b; /* 16 floats at b + plane b_plane + line b_line + column b_column + k b_step */
    int64_t b_plane, b_line, b_column, b_step;
    int64_t panels, b_panel; /* 0 is one; floats from panel to panel of b, 16 of c and start */
    float *c;                /* 16 floats a panel at c + r c_row; all are written */
    int64_t c_row;
    const float *start; /* NULL: zeros */
    bool add;           /* c += */
    bool
        chain; /* with add, without start: sums begin with c, so that parts have the bits of the whole */
    bool relu; /* c = max(0, …), NaN stays */
} gy_panel_product;

#define GY_VECTOR_PANEL_LIST(X)                                                                    \
    X(void, panel_product, (const gy_panel_product *p))                                            \
    X(void, panel_diagonal, (const gy_panel_product *p))                                           \
    /* panel[k, i] = x[i row + k], k < depth; zeros for rows ≤ i < 16 */                         \
    X(void, panel_turn, (int64_t rows, int64_t depth, const float *x, int64_t row, float *panel))

GY_VECTOR_PANEL_LIST(GY_UNIT)

#endif
