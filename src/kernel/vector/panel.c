/* Products of panels in float32; and those of vectors with vectors. */
#include "panel.h"
#include "wide.h"

#define SPREAD(a) spread(*(a))
#define MULTIPLY(sum, a, b) ((sum) + (a) * (b))
#define MULTIPLY_AT(sum, a, b) MULTIPLY(sum, SPREAD(a), b)
#include "panel_loops.h"

void GY_OF_LEVEL(panel_product)(const gy_panel_product *p)
{
    multiply_panels(p);
}

enum { DIAGONAL_ROWS = 8 };

/* Rows of the product of vectors with vectors. */
INLINE void diagonal_tile(int rows, const gy_panel_product *p, const float *a, float *c, int64_t at)
{
    vec sum[DIAGONAL_ROWS];
    UNROLL for (int r = 0; r < rows; r++) sum[r] =
        p->start == NULL ? (vec){0} : load(p->start + at);
    int64_t a_row = p->a_row, c_row = p->c_row;
    int64_t plane = 0;
    do {
        for (int64_t line = 0; line < p->lines; line++) {
            const float *left = a + plane * p->a_plane + line * p->a_line + at;
            const float *b = p->b + plane * p->b_plane + line * p->b_line + at;
            for (int64_t k = p->columns; k > 0; k--, left += p->a_column, b += p->b_column) {
                vec right = load(b);
                UNROLL for (int r = 0; r < rows; r++) sum[r] += load(left + r * a_row) * right;
            }
        }
    } while (++plane < p->planes);
    UNROLL for (int r = 0; r < rows; r++)
    {
        float *out = c + r * c_row + at;
        if (p->add) sum[r] += load(out);
        if (p->relu) sum[r] = rectify(sum[r]);
        store(out, sum[r]);
    }
}

void GY_OF_LEVEL(panel_diagonal)(const gy_panel_product *p)
{
    for (int64_t at = 0; at < GY_PANEL; at += WIDTH) {
        const float *a = p->a;
        float *c = p->c;
        int64_t left = p->rows;
        for (; left >= DIAGONAL_ROWS; left -= DIAGONAL_ROWS) {
            diagonal_tile(DIAGONAL_ROWS, p, a, c, at);
            a += DIAGONAL_ROWS * p->a_row;
            c += DIAGONAL_ROWS * p->c_row;
        }
        for (; left >= 3; left -= 3, a += 3 * p->a_row, c += 3 * p->c_row)
            diagonal_tile(3, p, a, c, at);
        for (; left > 0; left--, a += p->a_row, c += p->c_row) diagonal_tile(1, p, a, c, at);
    }
}
