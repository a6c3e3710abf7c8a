/*
 * Products over packed operands: the panel kernel of vector/panel.c, walked over rows and panels.
 *
 * A panel is 16 columns of op(B), [inner, 16]; panels lie one after the other. The last one is
 * filled up with zeros, and its product goes through a small tile.
 */
#include "packed.h"

#include "kernel_impl.h"
#include "packed_impl.h"

#include <string.h>

int64_t gy_packed_floats(int64_t n, int64_t inner)
{
    return (n + GY_PANEL - 1) / GY_PANEL * GY_PANEL * inner;
}

/** packed [inner, 16] = alpha b [n, inner]ᵀ, n ≤ 16, the rest is 0. */
static void pack_columns(const gy_kernel *k, int64_t n, int64_t inner, float alpha, const float *b,
                         int64_t ldb, float *packed)
{
    k->vector->transpose(n, inner, alpha, b, ldb, packed, GY_PANEL);
    for (int64_t i = 0; i < inner && n < GY_PANEL; i++)
        memset(packed + i * GY_PANEL + n, 0, (size_t)(GY_PANEL - n) * sizeof *packed);
}

void gy_pack_panels(const gy_kernel *k, bool transpose, int64_t n, int64_t inner, float alpha,
                    const float *b, int64_t ldb, float *packed)
{
    if (!transpose) {
        k->vector->pack_rows(inner, n, alpha, b, ldb, packed);
        return;
    }
    for (int64_t j = 0; j < n; j += GY_PANEL)
        pack_columns(k, gy_least(GY_PANEL, n - j), inner, alpha, b + j * ldb, ldb,
                     packed + j * inner);
}

void gy_pack(const gy_kernel *k, bool transpose, int64_t n, int64_t inner, float alpha,
             const float *b, int64_t ldb, float *packed)
{
    GY_SPREAD(gy_team(k, n * inner, 2))
    for (int64_t j = 0; j < n; j += GY_PANEL)
        gy_pack_panels(k, transpose, gy_least(GY_PANEL, n - j), inner, alpha,
                       b + (transpose ? j * ldb : j), ldb, packed + j * inner);
}

/** Its columns past `width` do not exist: by way of a tile. */
static void narrow_panel(const gy_kernel *k, const gy_panel_product *p, int64_t width)
{
    float tile[GY_TILE_ROWS * GY_PANEL], start[GY_PANEL] = {0};
    gy_panel_product part = *p;
    part.c = tile;
    part.c_row = GY_PANEL;
    part.add = false;
    part.relu = p->relu && !p->add;
    if (p->start != NULL) {
        memcpy(start, p->start, (size_t)width * sizeof *start);
        part.start = start;
    }
    for (int64_t row = 0; row < p->rows; row += GY_TILE_ROWS) {
        part.rows = gy_least(GY_TILE_ROWS, p->rows - row);
        part.a = p->a + row * p->a_row;
        k->vector->panel_product(&part);
        for (int64_t r = 0; r < part.rows; r++)
            for (int64_t j = 0; j < width; j++) {
                float *c = p->c + (row + r) * p->c_row + j;
                const float sum = tile[r * GY_PANEL + j] + (p->add ? *c : 0.0f);
                *c = p->relu && sum < 0.0f ? 0.0f : sum;
            }
    }
}

void gy_panel_multiply(const gy_kernel *k, const gy_panel_product *p, int64_t width)
{
    if (width >= GY_PANEL)
        k->vector->panel_product(p);
    else
        narrow_panel(k, p, width);
}

void gy_packed_columns(const gy_kernel *k, const gy_packed_product *p, int64_t from, int64_t to)
{
    gy_panel_product panel = {.lines = 1,
                              .columns = 1,
                              .depth = p->inner,
                              .a_row = p->lda,
                              .a_step = 1,
                              .b_step = GY_PANEL,
                              .c_row = p->ldc,
                              .add = p->add};
    for (int64_t row = 0; row < p->m; row += GY_TILE_ROWS) /* that many of A stay in the cache */
        for (int64_t j = from; j < to; j += GY_PANEL) {
            panel.rows = gy_least(GY_TILE_ROWS, p->m - row);
            panel.a = p->a + row * p->lda;
            panel.b = p->packed + j * p->inner;
            panel.c = p->c + row * p->ldc + j;
            panel.start = p->bias != NULL ? p->bias + j : NULL;
            gy_panel_multiply(k, &panel, p->n - j);
        }
}

void gy_packed_multiply(const gy_kernel *k, const gy_packed_product *p)
{
    const int64_t panels = (p->n + GY_PANEL - 1) / GY_PANEL;
    const int team = gy_team(k, p->m * p->n, p->inner / 16 + 1);
    if (panels >= team) { /* each thread its own columns */
        GY_SPREAD(team)
        for (int part = 0; part < team; part++)
            gy_packed_columns(k, p, panels * part / team * GY_PANEL,
                              gy_least(p->n, panels * (part + 1) / team * GY_PANEL));
        return;
    }
    GY_SPREAD(team)
    for (int part = 0; part < team; part++) { /* or its own rows */
        const int64_t first = p->m * part / team, last = p->m * (part + 1) / team;
        gy_packed_product rows = *p;
        rows.m = last - first;
        rows.a += first * p->lda;
        rows.c += first * p->ldc;
        gy_packed_columns(k, &rows, 0, p->n);
    }
}
