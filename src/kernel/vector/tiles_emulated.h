/*
 * What tiles.h has, in C: for tests of its loops where there are no such instructions. As the manual has it, the first
 * and the second numbers of pairs are summed apart, from zero; these two sums are added, and then to what was there.
 */
#ifndef GY_KERNEL_VECTOR_TILES_EMULATED_H
#define GY_KERNEL_VECTOR_TILES_EMULATED_H

#include "pairs_emulated.h"

static _Thread_local struct {
    bool begun;
    float tile[8][16][16];
} tiles;

INLINE void tiles_begin(void)
{
    memset(&tiles, 0, sizeof tiles);
    tiles.begun = true;
}

INLINE void tiles_end(void)
{
    tiles.begun = false;
}

INLINE void tile_load(int tile, const float *from, int64_t row)
{
    for (int i = 0; i < 16; i++) memcpy(tiles.tile[tile][i], from + i * row, 64);
}

INLINE void tile_store(int tile, float *to)
{
    memcpy(to, tiles.tile[tile], sizeof tiles.tile[tile]);
}

INLINE void tile_multiply(int sums)
{
    if (!tiles.begun) __builtin_trap();
    for (int m = 0; m < 16; m++) {
        vec first = {0}, second = {0};
        for (int k = 0; k < 16; k++) {
            const vec a = pairs_spread(&tiles.tile[4 + sums / 2][m][k]);
            const vec b = load(tiles.tile[6 + sums % 2][k]);
            first = fma_each(first, first_of(a), first_of(b));
            second = fma_each(second, second_of(a), second_of(b));
        }
        float *to = tiles.tile[sums][m];
        store(to, load(to) + (first + second));
    }
}

#endif
