/*
 * multiply() of packed pairs of bfloat16 (operand_pairs.h) by tiles, over what tiles.h or tiles_emulated.h has, which is
 * included before: 32 rows by two panels at a time. A panel's 16 units in turn are a tile of the right side as they
 * lie, and so are 16 units of 16 rows of the left side where these lie along; others are turned. What is less than a
 * tile is filled up with zeros on both sides.
 */
#include "panel.h"
#include "turn.h"

#define BY "AMX-BF16"

enum { SIDE = 16, LEFT = 4, RIGHT = 6 }; /* of a tile; the first one of each side */

typedef float square[SIDE][SIDE] __attribute__((aligned(64)));

/* What is there of 16 rows of 16 units, and zeros. */
static void take_left(int64_t rows, int64_t units, const gy_panel_product *p, const float *a,
                      square to)
{
    vec v[SIDE];
    if (p->a_step == 1) {
        for (int i = 0; i < SIDE; i++) v[i] = i < rows ? get(a + i * p->a_row, 0, units) : (vec){0};
    } else {
        for (int k = 0; k < SIDE; k++)
            v[k] = k < units ? get(a + k * p->a_step, 0, rows) : (vec){0};
        turn(v);
    }
    for (int i = 0; i < SIDE; i++) store(to[i], v[i]);
}

INLINE void load_left(int tile, int64_t rows, int64_t units, const gy_panel_product *p,
                      const float *a)
{
    square own;
    if (p->a_step == 1 && rows >= SIDE && units >= SIDE) {
        tile_load(tile, a, p->a_row);
        return;
    }
    take_left(rows, units, p, a, own);
    tile_load(tile, own[0], SIDE);
}

static void take_right(int64_t units, const gy_panel_product *p, const float *b, square to)
{
    for (int64_t k = 0; k < SIDE; k++) store(to[k], k < units ? load(b + k * p->b_step) : (vec){0});
}

INLINE void load_right(int tile, int64_t units, const gy_panel_product *p, const float *b)
{
    square own;
    if (units >= SIDE) {
        tile_load(tile, b, p->b_step);
        return;
    }
    take_right(units, p, b, own);
    tile_load(tile, own[0], SIDE);
}

/* Up to 32 rows by up to two panels, from a first one on. */
typedef struct corner {
    const gy_panel_product *p;
    int64_t rows, panels, row, panel;
} corner;

static int64_t rows_of(const corner *t, int sums)
{
    return gy_least(t->rows - sums / 2 * SIDE, SIDE);
}

static float *sums_at(const corner *t, int sums)
{
    return t->p->c + (t->row + sums / 2 * SIDE) * t->p->c_row + (t->panel + sums % 2) * SIDE;
}

static bool are_there(const corner *t, int sums)
{
    return sums / 2 * SIDE < t->rows && sums % 2 < t->panels;
}

static void take_sums(const corner *t, int sums, square to)
{
    const gy_panel_product *p = t->p;
    const float *c = sums_at(t, sums);
    for (int64_t r = 0; r < SIDE; r++) {
        vec sum = {0};
        if (p->add && r < rows_of(t, sums))
            sum = load(c + r * p->c_row);
        else if (p->start != NULL)
            sum = load(p->start + (t->panel + sums % 2) * SIDE);
        store(to[r], sum);
    }
}

static void give_sums(const corner *t, int sums, square from)
{
    const gy_panel_product *p = t->p;
    float *c = sums_at(t, sums);
    for (int64_t r = 0; r < rows_of(t, sums); r++)
        store(c + r * p->c_row, p->relu ? rectify(load(from[r])) : load(from[r]));
}

/* sums += one line and column of the product */
INLINE void accumulate(const corner *t, const float *a, const float *b)
{
    const gy_panel_product *p = t->p;
    for (int64_t k = 0; k < p->depth; k += SIDE, a += SIDE * p->a_step, b += SIDE * p->b_step) {
        const int64_t units = p->depth - k;
        load_left(LEFT, t->rows, units, p, a);
        if (t->rows > SIDE) load_left(LEFT + 1, t->rows - SIDE, units, p, a + SIDE * p->a_row);
        load_right(RIGHT, units, p, b);
        if (t->panels > 1) load_right(RIGHT + 1, units, p, b + p->b_panel);
        UNROLL for (int sums = 0; sums < 4; sums++) if (are_there(t, sums)) tile_multiply(sums);
    }
}

static void multiply_corner(const corner *t)
{
    const gy_panel_product *p = t->p;
    const float *a = p->a + t->row * p->a_row, *b = p->b + t->panel * p->b_panel;
    const int64_t planes = gy_most(p->planes, 1);
    square own;
    UNROLL for (int sums = 0; sums < 4; sums++) if (are_there(t, sums))
    {
        take_sums(t, sums, own);
        tile_load(sums, own[0], SIDE);
    }
    for (int64_t plane = 0; plane < planes; plane++)
        for (int64_t line = 0; line < p->lines; line++)
            for (int64_t column = 0; column < p->columns; column++)
                accumulate(t, a + plane * p->a_plane + line * p->a_line + column * p->a_column,
                           b + plane * p->b_plane + line * p->b_line + column * p->b_column);
    UNROLL for (int sums = 0; sums < 4; sums++) if (are_there(t, sums))
    {
        tile_store(sums, own[0]);
        give_sums(t, sums, own);
    }
}

/* Apart from its caller, as by pairs. */
static __attribute__((noinline)) void multiply(const gy_panel_product *p)
{
    corner t = {.p = p};
    const int64_t panels = gy_most(p->panels, 1);
    tiles_begin();
    for (t.panel = 0; t.panel < panels; t.panel += 2)
        for (t.row = 0; t.row < p->rows; t.row += 2 * SIDE) {
            t.panels = gy_least(panels - t.panel, 2);
            t.rows = gy_least(p->rows - t.row, 2 * SIDE);
            multiply_corner(&t);
        }
    tiles_end();
}
