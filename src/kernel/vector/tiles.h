/*
 * Tiles of 16 rows of 16 units, by AMX-BF16: 0 … 3 are sums, in float32, 4 and 5 a left side's pairs of bfloat16, 6 and 7
 * a right side's; the sums i are those of left side i / 2 and right side i % 2. A thread has them between tiles_begin()
 * and tiles_end(). Untried on hardware: tiles_emulated.h is what they are to do, and tests run the loops on that.
 */
#ifndef GY_KERNEL_VECTOR_TILES_H
#define GY_KERNEL_VECTOR_TILES_H

#include "wide.h"

#include <immintrin.h>

/* All of 16 rows of 64 bytes. */
INLINE void tiles_begin(void)
{
    static const struct {
        uint8_t palette, start, none[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1,
               .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
               .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&shape);
}

INLINE void tiles_end(void)
{
    _tile_release();
}

#define EACH_TILE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* Rows are `row` floats apart. The empty asm says that memory is read, which GCC 12 does not. */
INLINE void tile_load(int tile, const float *from, int64_t row)
{
    const int64_t bytes = row * (int64_t)sizeof *from;
    __asm__ volatile("" : : "r"(from) : "memory");
#define LOAD(i)                                                                                    \
    if (tile == (i)) _tile_loadd(i, from, bytes);
    EACH_TILE(LOAD)
#undef LOAD
}

/* Rows are side by side. */
INLINE void tile_store(int tile, float *to)
{
#define STORE(i)                                                                                   \
    if (tile == (i)) _tile_stored(i, to, 64);
    EACH_TILE(STORE)
#undef STORE
}

/* sums += left side · right side */
INLINE void tile_multiply(int sums)
{
    if (sums == 0) _tile_dpbf16ps(0, 4, 6);
    if (sums == 1) _tile_dpbf16ps(1, 4, 7);
    if (sums == 2) _tile_dpbf16ps(2, 5, 6);
    if (sums == 3) _tile_dpbf16ps(3, 5, 7);
}

#endif
