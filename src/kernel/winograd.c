/*
 * Convolution 3×3 and 5×5 of stride 1 by Winograd's minimal filtering F(4×4, 3×3) and F(2×2, 5×5)
 * (Lavin and Gray 2016): a tile of outputs takes 36 products a pair of channels instead of 144 or
 * 100,
 *
 *     forward   y  = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A     over tiles of 6×6 pixels of x,
 *     data      the same with dz for x and w flipped and transposed,
 *     weights   dw = Gᵀ [ Σ tiles (A dz Aᵀ) ⊙ (Bᵀ x B) ] G     (winograd_weight.c),
 *
 * ⊙ and the sum over channels (over tiles for dw) being 36 matrix products. The transforms are in
 * winograd_tiles.c.
 *
 * A grid of three axes is convolved in its planes: v has the tiles of all planes under a plane of
 * outputs side by side, and the products are sums over them too.
 *
 * The products are in a precision of their own, since transforms make more of what is rounded: results are
 * off by 1 % in bfloat16 (rms; 0.2 % directly), by 1e-6 in float32.
 *
 * Tiles are numbered through the batch; each thread takes an even share of them, in blocks that stay in
 * the cache.
 *
 * Scratch: zeros | transformed weights | v and m of a block, of each thread.
 */
#include "winograd_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    POINTS = GY_POINTS,
    BLOCK_STEP = 12,          /* rows of a product at any level divide it, or nearly */
    BLOCK_FLOATS = 96 * 1024, /* of v and m: 384 KiB */
    BLOCK_MIN = 24,
    BLOCK_MAX = 96
};

static bool can(const gy_conv *c)
{
    const gy_window *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    return (h->size == 3 || h->size == 5) && w->size == h->size && h->stride == 1 &&
           w->stride == 1 && h->dilation == 1 && w->dilation == 1 && c->groups == 1 &&
           c->axis[GY_DEPTH].stride == 1;
}

/* Tiles in a block. */
static int64_t block(const gy_plane *g)
{
    int64_t n = BLOCK_FLOATS / POINTS / (gy_plane_in(g) + g->out_panels);
    return gy_most(BLOCK_MIN, gy_least(n, BLOCK_MAX)) / BLOCK_STEP * BLOCK_STEP;
}

static int64_t weights_floats(const gy_plane *g)
{
    return POINTS * g->out_panels * g->taps * g->in_rows;
}

static int64_t own_floats(const gy_plane *g)
{
    return POINTS *
           (gy_tiles_step(block(g), gy_plane_in(g)) + gy_tiles_step(block(g), g->out_panels));
}

static int64_t pass_scratch(const gy_conv *c, const gy_plane *g)
{
    return gy_tiles_zeros(g) + weights_floats(g) + c->threads * own_floats(g);
}

static int64_t scratch(const gy_conv *c)
{
    gy_plane f = gy_plane_forward(c, 0), b = gy_plane_backward(c, 0);
    int64_t pass = gy_most(pass_scratch(c, &f), pass_scratch(c, &b));
    return gy_most(pass, gy_winograd_weight_scratch(c));
}

/* m[k] = v[k] u[k] for the 36 points, `rows` tiles; v is packed where it lies. */
static void multiply(const gy_operand *o, const gy_plane *g, int64_t rows, float *v, int64_t v_step,
                     const float *u, float *m, int64_t m_step)
{
    const int64_t n = rows * gy_plane_in(g), panel = g->taps * g->in_rows * PANEL;
    for (int64_t k = 0; k < POINTS; k++, v += v_step, m += m_step) {
        gy_panel_product product = {.rows = rows,
                                    .lines = g->taps,
                                    .columns = 1,
                                    .depth = gy_units(o, g->in),
                                    .a = v,
                                    .a_row = gy_units(o, gy_plane_in(g)),
                                    .a_line = gy_units(o, g->in_width),
                                    .a_step = 1,
                                    .b = u + k * g->out_panels / PANEL * panel,
                                    .b_line = g->in_rows * PANEL,
                                    .b_step = PANEL,
                                    .panels = g->out_panels / PANEL,
                                    .b_panel = panel,
                                    .c = m,
                                    .c_row = g->out_panels};
        if (o->group > 1) o->along(1, n, v, n, v, n);
        o->product(&product);
    }
}

static int64_t packed(const gy_conv *c)
{
    const gy_plane g = gy_plane_forward(c, 0);
    return weights_floats(&g);
}

static void pack(const gy_conv_pass *p, float *to)
{
    const gy_plane g = gy_plane_forward(p->c, 0);
    GY_TEAM(gy_conv_threads(p), me, gy_plane_weights(p->kernel, &g, p->w, false, to, me));
}

/* What is convolved: x with the weights, or dz with them turned about. */
typedef struct operands {
    const float *x;
    bool flip;
    float *y;
} operands;

/* A thread's share of the tiles, and of the weights before that. */
static void convolve_share(const gy_conv_pass *p, const gy_plane *g, const operands *o,
                           gy_member me)
{
    float *own = p->scratch + gy_tiles_zeros(g), *v = own + weights_floats(g);
    const float *u = p->packed != NULL ? p->packed : own;
    int64_t rows = block(g), tiles = gy_plane_tiles(g), steps = gy_pieces(tiles, BLOCK_STEP);
    int64_t v_step = gy_tiles_step(rows, gy_plane_in(g)),
            m_step = gy_tiles_step(rows, g->out_panels);
    int64_t to = gy_least(gy_share(me, steps, 1) * BLOCK_STEP, tiles);
    v += me.number * own_floats(g);
    float *m = v + POINTS * v_step;
    if (p->packed == NULL) {
        gy_plane_weights(p->kernel, g, p->w, o->flip, own, me);
        gy_team_wait(me);
    }
    for (int64_t at = gy_share(me, steps, 0) * BLOCK_STEP; at < to; at += rows) {
        gy_tiles part = {p->kernel->vector, g, p->scratch, at, gy_least(at + rows, to)};
        gy_tiles_input(&part, o->x, v, v_step);
        multiply(p->kernel->winograd, g, part.to - at, v, v_step, u, m, m_step);
        gy_tiles_output(&part, p, m, m_step, o->y);
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

static void convolve(const gy_conv_pass *p, const gy_plane *g, const operands *o)
{
    memset(p->scratch, 0, sizeof *p->scratch * (size_t)gy_tiles_zeros(g));
    GY_TEAM(gy_conv_threads(p), me, convolve_share(p, g, o, me));
}

static void forward(const gy_conv_pass *p)
{
    gy_plane g = gy_plane_forward(p->c, p->batch);
    convolve(p, &g, &(operands){p->x, false, p->y});
}

static void backward_data(const gy_conv_pass *p)
{
    gy_plane g = gy_plane_backward(p->c, p->batch);
    convolve(p, &g, &(operands){p->dz, true, p->dx});
}

const gy_conv_method gy_conv_by_winograd = {
    .can = can,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = gy_winograd_backward_weight,
};
