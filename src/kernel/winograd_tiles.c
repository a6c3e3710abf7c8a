/* Tiles of planes, and their transforms to and from the 36 points. */
#include "winograd_impl.h"

#include <string.h>

enum { PANEL = GY_PANEL, POINTS = GY_POINTS, EDGE = 6, LINE = 16 /* floats of a cache line */ };

static gy_plane complete(const gy_conv *c, int64_t samples, gy_plane g)
{
    g.samples = samples;
    g.taps = c->axis[GY_DEPTH].size;
    g.dilation = c->axis[GY_DEPTH].dilation;
    g.kernel = (int)c->axis[GY_HEIGHT].size;
    g.side = EDGE + 1 - g.kernel;
    g.in_width = gy_round_up(g.in, PANEL);
    g.in_rows = gy_round_up(g.in, GY_UNIT_MOST);
    g.out_panels = gy_round_up(g.out, PANEL);
    g.rows = gy_pieces(g.out_height, g.side);
    g.columns = gy_pieces(g.out_width, g.side);
    return g;
}

gy_plane gy_plane_forward(const gy_conv *c, int64_t samples)
{
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    return complete(c, samples,
                    (gy_plane){.depth = d->in,
                               .front = d->before,
                               .out_depth = d->out,
                               .height = h->in,
                               .width = w->in,
                               .in = c->channels,
                               .top = h->before,
                               .left = w->before,
                               .out_height = h->out,
                               .out_width = w->out,
                               .out = c->filters});
}

/* dx is the convolution of dz with the weights turned about. */
gy_plane gy_plane_backward(const gy_conv *c, int64_t samples)
{
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    return complete(c, samples,
                    (gy_plane){.depth = d->out,
                               .front = (d->size - 1) * d->dilation - d->before,
                               .out_depth = d->in,
                               .height = h->out,
                               .width = w->out,
                               .in = c->filters,
                               .top = h->size - 1 - h->before,
                               .left = w->size - 1 - w->before,
                               .out_height = h->in,
                               .out_width = w->in,
                               .out = c->channels});
}

int64_t gy_tiles_zeros(const gy_plane *g)
{
    return gy_most(g->in_width, g->out_panels);
}

/* All images of a plane's input or output: a plane of a sample is one. */
typedef struct images {
    int64_t n, height, width, channels;
} images;

static images input_of(const gy_plane *g)
{
    return (images){g->samples * g->depth, g->height, g->width, g->in};
}

static images output_of(const gy_plane *g)
{
    return (images){g->samples * g->out_depth, g->out_height, g->out_width, g->out};
}

typedef struct place {
    int64_t image, row, column; /* of a tile's first pixel */
} place;

static place place_of(const gy_plane *g, int64_t tile)
{
    return (place){tile / g->columns / g->rows, tile / g->columns % g->rows * g->side,
                   tile % g->columns * g->side};
}

/* Where a tap of the tile at p is in the input; false: beyond the first or the last plane. */
static bool under(const gy_plane *g, place p, int64_t tap, place *out)
{
    const int64_t plane = p.image % g->out_depth - g->front + tap * g->dilation;
    *out = (place){p.image / g->out_depth * g->depth + plane, p.row - g->top, p.column - g->left};
    return plane >= 0 && plane < g->depth;
}

/* The pixels of a tile of `edge` × `edge` whose first is at p; zeros outside. */
static void find_pixels(const images *m, const float *x, place p, int64_t edge, const float *zeros,
                        const float **out)
{
    enum { OUTSIDE = -1 };
    int64_t at[EDGE]; /* columns */
    for (int64_t j = 0; j < edge; j++)
        at[j] =
            p.column + j >= 0 && p.column + j < m->width ? (p.column + j) * m->channels : OUTSIDE;
    for (int64_t i = 0; i < edge; i++) {
        bool inside = p.row + i >= 0 && p.row + i < m->height;
        const float *line = x + (p.image * m->height + p.row + i) * m->width * m->channels;
        for (int64_t j = 0; j < edge; j++)
            *out++ = inside && at[j] != OUTSIDE ? line + at[j] : zeros;
    }
}

/*
 * Asks for n channels of the `side` × `side` pixels from p on, which the tile below will touch first:
 * the machine does not foresee lines so far apart. Passes take up to a third less time by it. Inlined,
 * since GCC drops calls of a function that changes nothing.
 */
static inline __attribute__((always_inline)) void fetch(const images *m, const float *x, place p,
                                                        int64_t side, int64_t n)
{
    int64_t row = p.image * m->height + p.row, end = gy_least(row + side, m->n * m->height);
    int64_t column = gy_most(p.column, 0), columns = gy_least(side, m->width - column);
    int64_t runs = n == m->channels ? 1 : columns, run = runs == 1 ? columns * n : n;
    for (; row < end; row++) {
        const float *at = x + (row * m->width + column) * m->channels;
        for (int64_t i = 0; i < runs; i++, at += m->channels)
            for (int64_t c = 0; c < run; c += LINE) __builtin_prefetch(at + c, 0, 1);
    }
}

void gy_tiles_input(const gy_tiles *t, const float *x, float *v, int64_t step)
{
    const gy_plane *g = t->plane;
    const images m = input_of(g);
    const float *pixels[EDGE * EDGE];
    for (int64_t tile = t->from; tile < t->to; tile++) {
        for (int64_t tap = 0; tap < g->taps; tap++, v += g->in_width) {
            place p;
            if (!under(g, place_of(g, tile), tap, &p)) {
                for (int64_t k = 0; k < POINTS; k++)
                    memset(v + k * step, 0, sizeof *v * (size_t)g->in_width);
                continue;
            }
            find_pixels(&m, x, p, EDGE, t->zeros, pixels);
            p.row += EDGE;
            fetch(&m, x, p, g->side, g->in);
            t->vector->winograd_input(g->in, pixels, v, step);
        }
    }
}

/* Outputs beyond the edge count for nothing. */
void gy_tiles_gradient(const gy_tiles *t, const float *dz, int64_t first, int64_t n, float *d,
                       int64_t step)
{
    const gy_plane *g = t->plane;
    const images m = output_of(g);
    const float *pixels[EDGE * EDGE];
    d += first;
    dz += first;
    for (int64_t tile = t->from; tile < t->to; tile++, d += g->out_panels) {
        place p = place_of(g, tile);
        find_pixels(&m, dz, p, g->side, t->zeros, pixels);
        p.row += g->side;
        fetch(&m, dz, p, g->side, n);
        t->vector->winograd_gradient(g->kernel, n, pixels, d, step);
    }
}

void gy_tiles_output(const gy_tiles *t, const gy_conv_pass *pass, const float *m, int64_t step,
                     float *y)
{
    const gy_plane *g = t->plane;
    const images all = output_of(g);
    for (int64_t tile = t->from; tile < t->to; tile++, m += g->out_panels) {
        place p = place_of(g, tile);
        float *pixels[EDGE * EDGE], **pixel = pixels;
        for (int64_t row = p.row; row < p.row + g->side; row++) {
            float *line = y + (p.image * g->out_height + row) * g->out_width * g->out;
            for (int64_t column = p.column; column < p.column + g->side; column++) {
                bool inside = row < g->out_height && column < g->out_width;
                *pixel++ = inside ? line + column * g->out : NULL;
            }
        }
        p.row += g->side;
        fetch(&all, y, p, g->side, g->out);
        t->vector->winograd_output(g->kernel, g->out, m, step, pass->bias, pass->relu, pixels);
    }
}

/* Floats from point to point of the transformed weights. */
static int64_t weights_step(const gy_plane *g)
{
    return g->out_panels * g->taps * g->in_rows;
}

/* From w [out, …, in]: 16 × 16 channels at a time are transformed along `in` and turned. */
static void turn_panel(const gy_vector *v, const gy_plane *g, const float *w, int64_t panel,
                       int64_t tap, float *u)
{
    float t[PANEL * POINTS * PANEL]; /* [16 outputs, 36, 16 inputs] */
    const int64_t area = g->kernel * g->kernel;
    for (int64_t c = 0; c < g->in; c += PANEL) {
        int64_t inputs = gy_least(PANEL, g->in - c);
        memset(t, 0, sizeof t);
        for (int64_t i = 0; i < PANEL && panel + i < g->out; i++)
            v->winograd_weight(g->kernel, inputs,
                               w + ((panel + i) * g->taps + tap) * area * g->in + c, g->in, false,
                               t + i * POINTS * PANEL, PANEL);
        for (int64_t k = 0; k < POINTS; k++) {
            float *to = u + k * weights_step(g) + c * PANEL;
            const float *from = t + k * PANEL;
            for (int64_t j = 0; j < inputs; j++)
                for (int64_t i = 0; i < PANEL; i++)
                    to[j * PANEL + i] = from[i * POINTS * PANEL + j];
        }
    }
}

/* From w [in, …, out], turned about: what it holds side by side stays side by side. */
static void flip_panel(const gy_vector *v, const gy_plane *g, const float *w, int64_t panel,
                       int64_t tap, float *u)
{
    const int64_t area = g->kernel * g->kernel, last = g->taps - 1;
    for (int64_t c = 0; c < g->in; c++)
        v->winograd_weight(g->kernel, gy_least(PANEL, g->out - panel),
                           w + (c * g->taps + last - tap) * area * g->out + panel, g->out, true,
                           u + c * PANEL, weights_step(g));
}

/* The weights of a panel and a tap, at all points, packed where they lie. */
static void pack_panel(const gy_operand *o, const gy_plane *g, float *u)
{
    if (o->group == 1) return;
    for (int64_t k = 0; k < POINTS; k++, u += weights_step(g))
        o->down(g->in, PANEL, u, PANEL, u, PANEL);
}

void gy_plane_weights(const gy_kernel *k, const gy_plane *g, const float *w, bool flip, float *u,
                      gy_member me)
{
    const int64_t panels = g->out_panels / PANEL;
    GY_SHARE(me, i, panels * g->taps) {
        float *to = u + i * g->in_rows * PANEL; /* [panels, taps] */
        const int64_t panel = i / g->taps * PANEL, tap = i % g->taps;
        if (flip)
            flip_panel(k->vector, g, w, panel, tap, to);
        else
            turn_panel(k->vector, g, w, panel, tap, to);
        pack_panel(k->winograd, g, to);
    }
}
