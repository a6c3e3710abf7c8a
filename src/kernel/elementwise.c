/*
 * Loops over float vectors, cut into blocks and spread over threads; the loops themselves are in
 * vector/. Sums add their blocks' sums in order, so they do not depend on the threads.
 */
#include "elementwise.h"

#include "kernel_impl.h"

#include <math.h>
#include <stdalign.h>
#include <string.h>

void gy_fill(const gy_kernel *k, int64_t n, float value, float *y)
{
    GY_SPREAD(gy_team(k, n, 1), i, n, GY_BLOCK, k->vector->fill(gy_block(n, i), value, y + i));
}

void gy_copy(const gy_kernel *k, int64_t n, const float *x, float *y)
{
    GY_SPREAD(gy_team(k, n, 1), i, n, GY_BLOCK,
              memcpy(y + i, x + i, (size_t)gy_block(n, i) * sizeof *y));
}

void gy_axpby(const gy_kernel *k, int64_t n, float alpha, const float *x, float beta, float *y)
{
    GY_SPREAD(gy_team(k, n, 1), i, n, GY_BLOCK,
              k->vector->axpby(gy_block(n, i), alpha, x + i, beta, y + i));
}

void gy_lerp(const gy_kernel *k, int64_t n, float share, const float *x, float *y)
{
    GY_SPREAD(gy_team(k, n, 1), i, n, GY_BLOCK,
              k->vector->lerp(gy_block(n, i), share, x + i, y + i));
}

void gy_multiply(const gy_kernel *k, int64_t n, const float *a, const float *b, float *y)
{
    GY_SPREAD(gy_team(k, n, 1), i, n, GY_BLOCK,
              k->vector->multiply(gy_block(n, i), a + i, b + i, y + i));
}

void gy_add_rows(const gy_kernel *k, int64_t rows, int64_t n, const float *x, const float *v,
                 float *y)
{
    const int64_t blocks = gy_pieces(n, GY_BLOCK);
    GY_SPREAD(gy_team(k, rows * n, 1), b, rows * blocks, 1, {
        const int64_t i = b % blocks * GY_BLOCK, at = b / blocks * n + i;
        k->vector->add(gy_block(n, i), x + at, v + i, y + at);
    });
}

double gy_sum_squares(const gy_kernel *k, int64_t n, const float *x)
{
    GY_SUM_OF_BLOCKS(1, k->vector->sum_squares(m, x + i));
}

enum { TILE = 64, PARTS = 16, PART_ROWS = 512 }; /* columns and row blocks of a column sum */

/** Row blocks of one tile of columns, summed apart. */
typedef struct tile {
    int64_t rows, stride, width, block, blocks;
    const float *x;
    alignas(64) double partial[PARTS][TILE];
} tile;

static void begin_tile(int64_t rows, int64_t stride, int64_t width, const float *x, tile *t)
{
    const int64_t block = gy_most(gy_pieces(rows, PARTS), PART_ROWS);
    *t = (tile){rows, stride, width, block, gy_pieces(rows, block), x, {{0}}};
}

static void sum_block(const gy_vector *v, tile *t, int64_t b)
{
    v->column_sum(gy_least(t->block, t->rows - b * t->block), t->width, t->stride,
                  t->x + b * t->block * t->stride, t->partial[b]);
}

static void end_tile(const tile *t, float beta, float *y)
{
    for (int64_t c = 0; c < t->width; c++) {
        double s = beta == 0.0f ? 0.0 : (double)beta * (double)y[c];
        for (int64_t b = 0; b < t->blocks; b++) s += t->partial[b][c];
        y[c] = (float)s;
    }
}

void gy_column_sum(const gy_kernel *k, int64_t rows, int64_t columns, const float *x, float beta,
                   float *y)
{
    gy_column_sum_strided(k, rows, columns, columns, x, beta, y);
}

void gy_column_sum_strided(const gy_kernel *k, int64_t rows, int64_t columns, int64_t stride,
                           const float *x, float beta, float *y)
{
    const int team = gy_team(k, rows * columns, 1);
    if (columns < (int64_t)team * TILE) { /* few tiles: threads take row blocks */
        for (int64_t c = 0; c < columns; c += TILE) {
            tile t;
            begin_tile(rows, stride, gy_least(TILE, columns - c), x + c, &t);
            GY_SPREAD(team, b, t.blocks, 1, sum_block(k->vector, &t, b));
            end_tile(&t, beta, y + c);
        }
        return;
    }
    GY_SPREAD(team, c, columns, TILE, {
        tile t;
        begin_tile(rows, stride, gy_least(TILE, columns - c), x + c, &t);
        for (int64_t b = 0; b < t.blocks; b++) sum_block(k->vector, &t, b);
        end_tile(&t, beta, y + c);
    });
}

/* Rows [from, to) of y. */
static void swap(int64_t a, int64_t b, int64_t n, int64_t from, int64_t to, const float *x,
                 float *y)
{
    for (int64_t at = from, i = from % a, j = from / a; at < to; at++) {
        memcpy(y + at * n, x + (i * b + j) * n, sizeof *y * (size_t)n);
        if (++i < a) continue;
        i = 0;
        j++;
    }
}

void gy_swap_axes(const gy_kernel *k, int64_t a, int64_t b, int64_t n, const float *x, float *y)
{
    const int64_t step = gy_block_rows(n);
    GY_SPREAD(gy_team(k, a * b * n, 1), from, a * b, step,
              swap(a, b, n, from, gy_least(from + step, a * b), x, y));
}

gy_drop gy_drop_of(gy_rng key, int64_t step, float rate)
{
    uint32_t words[4];
    gy_rng_words(key, (uint64_t)step, 0, words);
    const double keep = 1.0 - (double)rate;
    return (gy_drop){.key = {words[0], words[1]},
                     .limit = (uint32_t)fmin(keep * 0x1p32, 0x1p32 - 1.0),
                     .scale = (float)(1.0 / keep)};
}

void gy_dropout(const gy_kernel *k, gy_rng key, int64_t step, int64_t first, int64_t batch,
                int64_t n, float rate, const float *x, float *y)
{
    const gy_drop drop = gy_drop_of(key, step, rate);
    const int64_t blocks = gy_pieces(n, GY_BLOCK);
    GY_SPREAD(gy_team(k, batch * n, 8), b, batch * blocks, 1, {
        const int64_t sample = b / blocks, i = b % blocks * GY_BLOCK, at = sample * n + i;
        k->vector->dropout(drop.key, (uint64_t)(first + sample), i, gy_block(n, i), drop.limit,
                           drop.scale, x + at, y + at);
    });
}
