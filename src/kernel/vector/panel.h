/**
 * The product that convolutions are made of. Its outputs come 16 side by side, a *panel*, at all
 * levels alike, so that what is packed for it does not depend on the level.
 */
#ifndef GY_KERNEL_VECTOR_PANEL_H
#define GY_KERNEL_VECTOR_PANEL_H

#include <stdbool.h>
#include <stdint.h>

enum { GY_PANEL = 16 };

/**
 * A product of the rows of a matrix with a panel, its inner dimension being walked in three loops:
 *
 *     c[r, 0 … 15] = start[0 … 15] + Σ line, column, k  a[r, line, column, k] b[line, column, k]
 *
 * The diagonal product is elementwise, a being 16 floats as well and depth 1:
 *
 *     c[r, i] = start[i] + Σ line, column  a[r, line, column, i] b[line, column, i]
 *
 * Several panels side by side are as many products: where vectors are wide, two at a time, which
 * keeps more sums in registers.
 */
typedef struct gy_panel_product {
    int64_t rows, lines, columns, depth;
    const float *a; /* a + r a_row + line a_line + column a_column + k a_step */
    int64_t a_row, a_line, a_column, a_step;
    const float *b; /* 16 floats at b + line b_line + column b_column + k b_step */
    int64_t b_line, b_column, b_step;
    int64_t panels, b_panel; /* 0 is one; floats from panel to panel of b, 16 of c and start */
    float *c;                /* 16 floats a panel at c + r c_row; all are written */
    int64_t c_row;
    const float *start; /* NULL: zeros */
    bool add;           /* c += */
    bool relu;          /* c = max(0, …), NaN stays */
} gy_panel_product;

#endif
