/*
 * The weight gradient by Winograd: du[k] = Σ tiles d[k]ᵀ v[k] for the 36 points, then dw = Gᵀ du G.
 *
 * The team is a grid: some parts of the tiles, each with a sum of its own, by some parts of the
 * filters, so that the sums are few where they are large; nobody waits for another's transforms. Bits
 * depend on the number of threads.
 *
 * Scratch: zeros | sums | v and d of a block, of each thread.
 */
#include "winograd_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    POINTS = GY_POINTS,
    BLOCK = 96 /* tiles: an even number */
};

static int64_t sum_floats(const gy_plane *g)
{
    return POINTS * g->out * gy_plane_in(g);
}

static int64_t own_floats(const gy_plane *g)
{
    return POINTS * (gy_tiles_step(BLOCK, gy_plane_in(g)) + gy_tiles_step(BLOCK, g->out_panels));
}

int64_t gy_winograd_weight_scratch(const gy_conv *c)
{
    gy_plane g = gy_plane_forward(c, 0);
    return gy_tiles_zeros(&g) + gy_conv_sums(c, sum_floats(&g)) * sum_floats(&g) +
           c->threads * own_floats(&g);
}

/* Filters [first, first + n) of a block's products. */
typedef struct part {
    int64_t first, n;
    float *v, *d;
    int64_t v_step, d_step;
} part;

/* v and d of a point, packed down where they lie; a block has an even number of rows. */
static void pack(const gy_operand *o, const gy_plane *g, int64_t tiles, int64_t n, float *v,
                 float *d)
{
    if (o->group == 1) return;
    o->down(tiles, gy_plane_in(g), v, gy_plane_in(g), v, gy_plane_in(g));
    o->down(tiles, n, d, g->out_panels, d, g->out_panels);
}

/* du[k] [+]= d[k]ᵀ v[k] over `tiles` tiles */
static void sum_products(const gy_operand *o, const gy_plane *g, const part *t, int64_t tiles,
                         bool add, float *du)
{
    for (int64_t k = 0; k < POINTS; k++) {
        float *v = t->v + k * t->v_step, *d = t->d + k * t->d_step + t->first;
        gy_panel_product product = {.rows = t->n,
                                    .lines = 1,
                                    .columns = 1,
                                    .depth = gy_units(o, tiles),
                                    .a = d,
                                    .a_row = 1,
                                    .a_step = g->out_panels,
                                    .b = v,
                                    .b_step = gy_plane_in(g),
                                    .panels = gy_plane_in(g) / PANEL,
                                    .b_panel = PANEL,
                                    .c = du + (k * g->out + t->first) * gy_plane_in(g),
                                    .c_row = gy_plane_in(g),
                                    .add = add};
        pack(o, g, tiles, t->n, v, d);
        o->product(&product);
    }
}

/* A thread's part of du: the filters [first, first + n) over the tiles [from, to). */
static void sum_part(const gy_conv_pass *p, const gy_plane *g, int64_t from, int64_t to,
                     int64_t first, int64_t n, float *own, float *du, gy_member me)
{
    const gy_vector *vector = p->kernel->vector;
    const gy_operand *o = p->kernel->winograd;
    int64_t v_step = gy_tiles_step(BLOCK, gy_plane_in(g));
    float *v = own, *d = v + POINTS * v_step;
    part t = {first, n, v, d, v_step, gy_tiles_step(BLOCK, g->out_panels)};
    if (from == to) sum_products(o, g, &t, 0, false, du); /* makes it zero */
    for (int64_t at = from; at < to; at += BLOCK) {
        gy_tiles tiles = {vector, g, p->scratch, at, gy_least(at + BLOCK, to)};
        gy_tiles_input(&tiles, p->x, v, v_step);
        gy_tiles_gradient(&tiles, p->dz, first, n, d, t.d_step);
        sum_products(o, g, &t, tiles.to - at, at > from, du);
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

/* dw of filter f from n sums added up in their order. */
static void combine(const gy_conv_pass *p, const gy_plane *g, int64_t f, float *sums, int64_t n)
{
    const gy_vector *vector = p->kernel->vector;
    const int64_t each = sum_floats(g), wide = gy_plane_in(g), area = g->kernel * g->kernel;
    for (int64_t k = 0; k < POINTS; k++) {
        float *du = sums + (k * g->out + f) * wide;
        for (int64_t i = 1; i < n; i++) vector->axpby(wide, 1.0f, du + i * each, 1.0f, du);
    }
    for (int64_t tap = 0; tap < g->taps; tap++)
        vector->winograd_weight_gradient(g->kernel, g->in, sums + f * wide + tap * g->in_width,
                                         g->out * wide, p->beta,
                                         p->dw + (f * g->taps + tap) * area * g->in);
}

/* Thread t: part t mod sums of the tiles, part t / sums of the filters. */
static void share(const gy_conv_pass *p, const gy_plane *g, int64_t all, gy_member me)
{
    float *sums = p->scratch + gy_tiles_zeros(g), *own = sums + all * sum_floats(g);
    int parts = (int)gy_least(all, me.team), columns = me.team / parts;
    int64_t tiles = gy_plane_tiles(g), panels = g->out_panels / PANEL;
    gy_member row = {me.number % parts, parts}, column = {me.number / parts, columns};
    int64_t first = gy_share(column, panels, 0) * PANEL;
    int64_t last = gy_least(gy_share(column, panels, 1) * PANEL, g->out);
    if (column.number < columns && first < last)
        sum_part(p, g, gy_share(row, tiles, 0), gy_share(row, tiles, 1), first, last - first,
                 own + me.number * own_floats(g), sums + row.number * sum_floats(g), me);
    gy_team_wait(me);
    GY_SHARE(me, f, g->out) combine(p, g, f, sums, parts);
}

void gy_winograd_backward_weight(const gy_conv_pass *p)
{
    gy_plane g = gy_plane_forward(p->c, p->batch);
    int64_t all = gy_conv_sums(p->c, sum_floats(&g));
    memset(p->scratch, 0, sizeof *p->scratch * (size_t)gy_tiles_zeros(&g));
    GY_TEAM(gy_conv_threads(p), me, share(p, &g, all, me));
}
