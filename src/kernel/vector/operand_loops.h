/*
 * The packing of an operand (operand.h), included once for each after:
 *
 *     GROUP, PER                    numbers that stay together, and of them in a unit
 *     units_along(v)                vec v[PER], of one row: to WIDTH units
 *     units_turned(v), PLACE(k)     the same in any order, unit k of which is that at PLACE(k)
 *     units_down(first, next, u)    WIDTH numbers of a row and of that below it: to vec u[GROUP / PER], a row each;
 *                                   with GROUP 1 there is no next
 *
 * and gives along, down, turn, sums.
 */
#include "operand.h"
#include "turn.h"

enum {
    UNIT_ROWS = GROUP / PER, /* that a group gives, packed down */
    BESIDE = WIDTH > 8 ? 48 : 24,
    PIECE = 16 /* rows summed in float before double takes over */
};

/* WIDTH units from the number at `at` on, of n. */
INLINE vec units_at(const float *x, int64_t at, int64_t n)
{
    vec v[PER];
    UNROLL for (int i = 0; i < PER; i++) v[i] =
        at + i * WIDTH < n ? get(x, at + i * WIDTH, n) : (vec){0};
    return units_along(v);
}

static void along(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row)
{
    const int64_t units = gy_round_up(n, GROUP) / PER;
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        int64_t k = 0;
        for (; PER * (k + WIDTH) <= n; k += WIDTH) {
            vec v[PER];
            UNROLL for (int i = 0; i < PER; i++) v[i] = load(x + PER * k + i * WIDTH);
            store(y + k, units_along(v));
        }
        if (k < units) put(y, k, units, units_at(x, PER * k, n));
    }
}

/* A group of rows, or with `whole` false the first of one, the others being zeros. */
INLINE void group_down(bool whole, int64_t n, const float *x, int64_t x_row, float *y,
                       int64_t y_row)
{
    vec u[UNIT_ROWS];
    int64_t at = 0;
    for (; at + WIDTH <= n; at += WIDTH) {
        units_down(load(x + at), whole && GROUP > 1 ? load(x + x_row + at) : (vec){0}, u);
        UNROLL for (int i = 0; i < UNIT_ROWS; i++) store(y + i * y_row + at, u[i]);
    }
    if (at == n) return;
    units_down(get(x, at, n), whole && GROUP > 1 ? get(x + x_row, at, n) : (vec){0}, u);
    UNROLL for (int i = 0; i < UNIT_ROWS; i++) put(y + i * y_row, at, n, u[i]);
}

/* `n` is a constant where this matters. */
INLINE void rows_down(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y,
                      int64_t y_row)
{
    for (; rows >= GROUP; rows -= GROUP, x += GROUP * x_row, y += UNIT_ROWS * y_row)
        group_down(true, n, x, x_row, y, y_row);
    if (rows > 0) group_down(false, n, x, x_row, y, y_row);
}

static void down(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row)
{
    if (n == GY_PANEL)
        rows_down(rows, GY_PANEL, x, x_row, y, y_row);
    else if (n == BESIDE)
        rows_down(rows, BESIDE, x, x_row, y, y_row);
    else
        rows_down(rows, n, x, x_row, y, y_row);
}

/* WIDTH units of WIDTH rows. */
INLINE void turn_square(const float *x, int64_t x_row, float *y)
{
    vec v[WIDTH];
    UNROLL for (int i = 0; i < WIDTH; i++)
    {
        vec row[PER];
        UNROLL for (int j = 0; j < PER; j++) row[j] = load(x + i * x_row + j * WIDTH);
        v[i] = units_turned(row);
    }
    turn(v);
    UNROLL for (int i = 0; i < WIDTH; i++) store(y + PLACE(i) * GY_PANEL, v[i]);
}

/* The same of fewer rows, or of n numbers that give fewer units. */
static void turn_rest(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y)
{
    const int64_t width = gy_least(n, PER * WIDTH), units = gy_round_up(width, GROUP) / PER;
    float from[WIDTH * PER * WIDTH] = {0}, to[WIDTH * GY_PANEL];
    for (int64_t r = 0; r < gy_least(rows, WIDTH); r++)
        memcpy(from + r * PER * WIDTH, x + r * x_row, sizeof *x * (size_t)width);
    turn_square(from, PER * WIDTH, to);
    for (int64_t k = 0; k < units; k++)
        memcpy(y + k * GY_PANEL, to + k * GY_PANEL, sizeof *y * WIDTH);
}

static void turn_panel(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y)
{
    for (int64_t first = 0; first < GY_PANEL; first += WIDTH, x += WIDTH * x_row) {
        int64_t k = 0;
        for (; first + WIDTH <= rows && PER * (k + WIDTH) <= n; k += WIDTH)
            turn_square(x + PER * k, x_row, y + k * GY_PANEL + first);
        for (; PER * k < n; k += WIDTH)
            turn_rest(rows - first, n - PER * k, x + PER * k, x_row, y + k * GY_PANEL + first);
    }
}

/* `vectors` is a constant where this is inlined. */
INLINE void down_and_sum(int vectors, int64_t rows, const float *x, int64_t x_row, float *y,
                         int64_t y_row, float *sums)
{
    vec sum[BESIDE / WIDTH] = {{0}};
    for (; rows > 0; rows -= GROUP, x += GROUP * x_row, y += UNIT_ROWS * y_row)
        UNROLL for (int v = 0; v < vectors; v++)
        {
            const bool two = rows > 1 && GROUP > 1;
            const vec first = load(x + v * WIDTH);
            const vec next = two ? load(x + x_row + v * WIDTH) : (vec){0};
            vec u[UNIT_ROWS];
            units_down(first, next, u);
            UNROLL for (int i = 0; i < UNIT_ROWS; i++) store(y + i * y_row + v * WIDTH, u[i]);
            sum[v] += first;
            if (two) sum[v] += next;
        }
    UNROLL for (int v = 0; v < vectors; v++) store(sums + v * WIDTH, sum[v]);
}

static void sums(int64_t rows, int64_t n, const float *x, int64_t x_row, float *y, int64_t y_row,
                 double *sums_of)
{
    for (int64_t from = 0; from < rows; from += PIECE) {
        const int64_t piece = gy_least(rows - from, PIECE);
        float part[BESIDE] = {0};
        if (n == BESIDE) {
            down_and_sum(BESIDE / WIDTH, piece, x, x_row, y, y_row, part);
        } else {
            for (int64_t r = 0; r < piece; r++)
                for (int64_t i = 0; i < n; i++) part[i] += x[r * x_row + i];
            down(piece, n, x, x_row, y, y_row);
        }
        for (int64_t i = 0; i < n; i++) sums_of[i] += (double)part[i];
        x += PIECE * x_row;
        y += PIECE / PER * y_row;
    }
}
