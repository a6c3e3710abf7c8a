/* Sums without rounding order: cut into blocks and spread over threads; the loops, and how a float
 * is sliced, are in vector/exact.c. */
#include "exact.h"

#include "kernel_impl.h"
#include "vector/exact.h"

#include <string.h>

enum { COST = 8, WIDEST = 22 };

int gy_exact_width(int64_t terms)
{
    int width = WIDEST;
    while (width > 12 && terms > (int64_t)1 << (25 - width)) width--;
    return width;
}

void gy_exact_clear(const gy_kernel *k, const gy_exact *e)
{
    GY_SPREAD(gy_team(k, e->n, COST), i, e->n, GY_BLOCK, {
        const int64_t n = gy_block(e->n, i);
        memset(e->bins + i, gy_exact_lowest(e->width), (size_t)n);
        for (int p = 0; p < GY_EXACT_PLANES; p++) k->vector->fill(n, 0.0f, e->planes[p] + i);
    });
}

void gy_exact_add(const gy_kernel *k, const gy_exact *e, int64_t from, int64_t n, const float *x)
{
    uint8_t *bins = e->bins + from;
    float *a = e->planes[0] + from, *b = e->planes[1] + from, *c = e->planes[2] + from;
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->exact_add(gy_block(n, i), e->width, x + i, bins + i, a + i, b + i, c + i));
}

void gy_exact_raise(const gy_kernel *k, const gy_exact *e, const uint8_t *bins)
{
    float *a = e->planes[0], *b = e->planes[1], *c = e->planes[2];
    GY_SPREAD(gy_team(k, e->n, COST), i, e->n, GY_BLOCK,
              k->vector->exact_raise(gy_block(e->n, i), e->width, bins + i, e->bins + i, a + i,
                                     b + i, c + i));
}

void gy_exact_take(const gy_kernel *k, const gy_exact *e, int64_t from, int64_t n, float *y)
{
    const uint8_t *bins = e->bins + from;
    const float *a = e->planes[0] + from, *b = e->planes[1] + from, *c = e->planes[2] + from;
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->exact_take(gy_block(n, i), bins + i, a + i, b + i, c + i, y + i));
}
