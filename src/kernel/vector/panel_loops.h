/*
 * The product that all others are made of: ROWS rows by one panel, or two, at a time, all sums in
 * registers, a unit of the left side being spread over a vector and multiplied with the panel's.
 * Included once for each kind of unit (operand.h) after:
 *
 *     SPREAD(a)               the unit at a, WIDTH times
 *     MULTIPLY(sum, a, b)     sum + a b of vectors
 *     MULTIPLY_AT(sum, a, b)  the same, of a spread unit
 *
 * and gives multiply_panels().
 */
#include "panel.h"
#include "wide.h"

#if WIDTH == 16
#define ROWS 12 /* by two panels 24 of 32 registers */
#elif WIDTH == 8
#define ROWS 6 /* 12 of 16 registers */
#else
#define ROWS 3
#endif

enum {
    VECTORS = GY_PANEL / WIDTH,       /* of a panel */
    MOST = VECTORS > 2 ? VECTORS : 2, /* of a tile */
    PAIR = MOST / VECTORS,            /* panels of a tile at most */
    CHAINS = 8,             /* sums that go on side by side, at least, or each waits for itself */
    WIDE = CHAINS / VECTORS /* panels of a tile of one row */
};

typedef vec tile_sums[ROWS * MOST];

/*
 * sum += one line and column of the product. Rows are reached from every third one's pointer, since
 * an x86 address adds a_row once or twice by itself; the empty asm keeps the compiler from making
 * them all of one pointer again, for which it has too few registers.
 */
INLINE void accumulate(int rows, int panels, const gy_panel_product *p, const float *a,
                       const float *b, tile_sums sum)
{
    int64_t a_row = p->a_row, a_step = p->a_step, b_step = p->b_step, b_panel = p->b_panel;
    const float *left[(ROWS + 2) / 3];
    UNROLL for (int i = 0; 3 * i < rows; i++)
    {
        left[i] = a + 3 * i * a_row;
        __asm__("" : "+r"(left[i]));
    }
    for (int64_t k = p->depth; k > 0; k--, b += b_step) {
        vec right[CHAINS];
        UNROLL for (int v = 0; v < panels * VECTORS; v++) right[v] =
            load(b + v / VECTORS * b_panel + v % VECTORS * WIDTH);
        UNROLL for (int r = 0; r < rows; r++)
        {
            const float *at = left[r / 3] + r % 3 * a_row;
            if (panels * VECTORS == 1) {
                sum[r] = MULTIPLY_AT(sum[r], at, right[0]);
                continue;
            }
            vec factor = SPREAD(at);
            UNROLL for (int v = 0; v < panels * VECTORS; v++) sum[r * panels * VECTORS + v] =
                MULTIPLY(sum[r * panels * VECTORS + v], factor, right[v]);
        }
        UNROLL for (int i = 0; 3 * i < rows; i++) left[i] += a_step;
    }
}

/*
 * Panels from the one at `at` on. `rows`, `panels` and `flat` (one plane, line and column) are constants
 * wherever this is inlined.
 */
INLINE void tile(int rows, int panels, bool flat, const gy_panel_product *p, int64_t at,
                 const float *a, float *c)
{
    tile_sums sum;
    const float *b = p->b + at * p->b_panel;
    UNROLL for (int v = 0; v < panels * VECTORS; v++)
    {
        vec start = p->start == NULL ? (vec){0} : load(p->start + at * GY_PANEL + v * WIDTH);
        UNROLL for (int r = 0; r < rows; r++) sum[r * panels * VECTORS + v] = start;
    }
    c += at * GY_PANEL;
    if (p->add && p->chain)
        UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < panels * VECTORS; v++)
            sum[r * panels * VECTORS + v] = load(c + r * p->c_row + v * WIDTH);
    int64_t plane = 0;
    do {
        const float *left = a + plane * p->a_plane, *right = b + plane * p->b_plane;
        for (int64_t line = 0; line < (flat ? 1 : p->lines); line++)
            for (int64_t column = 0; column < (flat ? 1 : p->columns); column++)
                accumulate(rows, panels, p, left + line * p->a_line + column * p->a_column,
                           right + line * p->b_line + column * p->b_column, sum);
    } while (!flat && ++plane < p->planes);
    __asm__("" : "+r"(p)); /* what follows is read again, and takes no registers before */
    const int64_t c_row = p->c_row;
    const bool add = p->add && !p->chain, relu = p->relu;
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < panels * VECTORS; v++)
    {
        float *out = c + r * c_row + v * WIDTH;
        if (add) sum[r * panels * VECTORS + v] += load(out);
        if (relu) sum[r * panels * VECTORS + v] = rectify(sum[r * panels * VECTORS + v]);
        store(out, sum[r * panels * VECTORS + v]);
    }
}

#define CASE(n)                                                                                    \
    case n:                                                                                        \
        tile(n, panels, flat, p, at, a, c);                                                        \
        break;

INLINE void all_rows(int panels, bool flat, const gy_panel_product *p, int64_t at)
{
    const float *a = p->a;
    float *c = p->c;
    int64_t left = p->rows;
    for (; left >= ROWS; left -= ROWS, a += ROWS * p->a_row, c += ROWS * p->c_row)
        tile(ROWS, panels, flat, p, at, a, c);
    switch (left) {
        CASE(1)
        CASE(2)
#if ROWS > 3
        CASE(3)
        CASE(4)
        CASE(5)
#endif
#if ROWS > 6
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
#endif
    default:
        break;
    }
}

INLINE void all_panels(bool flat, const gy_panel_product *p)
{
    int64_t panels = p->panels > 0 ? p->panels : 1, at = 0;
    if (p->rows == 1)
        for (; at + WIDE <= panels; at += WIDE) tile(1, WIDE, flat, p, at, p->a, p->c);
    if (p->rows == 2 && WIDE > 2)
        for (; at + 2 <= panels; at += 2) tile(2, 2, flat, p, at, p->a, p->c);
    if (PAIR == 2)
        for (; at + 2 <= panels; at += 2) all_rows(PAIR, flat, p, at);
    for (; at < panels; at++) all_rows(1, flat, p, at);
}

static void multiply_panels(const gy_panel_product *p)
{
    if (p->planes <= 1 && p->lines == 1 && p->columns == 1)
        all_panels(true, p);
    else
        all_panels(false, p);
}
