/*
 * Convolution 3×3 and 5×5 of stride 1 by Winograd's minimal filtering F(4×4, 3×3) and F(2×2, 5×5)
 * (Lavin and Gray 2016): a tile of outputs takes 36 products a pair of channels instead of 144 or
 * 100,
 *
 *     forward   y  = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A     over tiles of 6×6 pixels of x,
 *     data      the same with dz for x and w flipped and transposed,
 *     weights   dw = Gᵀ [ Σ tiles (A dz Aᵀ) ⊙ (Bᵀ x B) ] G,
 *
 * ⊙ and the sum over channels (over tiles for dw) being 36 matrix products.
 *
 * Tiles are numbered through the batch and passed in blocks that stay in the cache. The 36 points
 * of a block lie `rows · width + PANEL` floats apart: a power of two would put them all in one set
 * of the cache. Threads take blocks in y and dx. For dw the team is a grid: some parts of the tiles,
 * each with a sum of its own, by some parts of the filters, so that the sums are few where they are
 * large; nobody waits for another's transforms. Its bits depend on the number of threads.
 *
 * Scratch: zeros | transformed weights | v and m of a block, of each thread;
 * for dw: zeros | sums of the gradient of the transformed weights | v and d, of each thread.
 */
#include "conv_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    POINTS = 36,
    BLOCK_STEP = 12,          /* rows of a product at any level divide it, or nearly */
    BLOCK_FLOATS = 96 * 1024, /* of v and m in y and dx: 384 KiB */
    BLOCK_MIN = 24,
    BLOCK_MAX = 96,
    SUM_FLOATS = 384 * 1024, /* of v and d in dw: 1.5 MiB */
    SUM_MIN = 48,
    SUM_MAX = 768,
    SUMS_FLOATS = 1 << 22 /* of all sums of dw: 16 MiB, or one sum */
};

/* A convolution as it is computed: from [height, width, in] to [out_height, out_width, out]. */
typedef struct plane {
    int64_t height, width, in, top, left;
    int64_t out_height, out_width, out;
    int64_t in_width, out_panels; /* rounded up to panels */
    int kernel;
    int64_t side;          /* outputs along an axis of a tile */
    int64_t rows, columns; /* tiles of a sample */
} plane;

static plane complete(const gy_conv *c, plane g)
{
    g.kernel = (int)c->kernel_h;
    g.side = 7 - g.kernel;
    g.in_width = gy_conv_round(g.in, PANEL);
    g.out_panels = gy_conv_round(g.out, PANEL);
    g.rows = (g.out_height + g.side - 1) / g.side;
    g.columns = (g.out_width + g.side - 1) / g.side;
    return g;
}

static plane forward_plane(const gy_conv *c)
{
    return complete(c, (plane){.height = c->height,
                               .width = c->width,
                               .in = c->channels,
                               .top = c->pad_top,
                               .left = c->pad_left,
                               .out_height = c->out_height,
                               .out_width = c->out_width,
                               .out = c->filters});
}

/* dx is the convolution of dz with the weights turned about. */
static plane backward_plane(const gy_conv *c)
{
    return complete(c, (plane){.height = c->out_height,
                               .width = c->out_width,
                               .in = c->filters,
                               .top = c->kernel_h - 1 - c->pad_top,
                               .left = c->kernel_w - 1 - c->pad_left,
                               .out_height = c->height,
                               .out_width = c->width,
                               .out = c->channels});
}

static bool can(const gy_conv *c)
{
    return (c->kernel_h == 3 || c->kernel_h == 5) && c->kernel_w == c->kernel_h &&
           c->stride_h == 1 && c->stride_w == 1 && c->dilation_h == 1 && c->dilation_w == 1 &&
           c->groups == 1;
}

/* Tiles in a block of y or dx, and of dw. */
static int64_t block(const plane *g)
{
    int64_t n = BLOCK_FLOATS / POINTS / (g->in_width + g->out_panels);
    n = n < BLOCK_MIN ? BLOCK_MIN : n > BLOCK_MAX ? BLOCK_MAX : n;
    return n / BLOCK_STEP * BLOCK_STEP;
}

static int64_t sum_block(const plane *g)
{
    int64_t n = SUM_FLOATS / POINTS / (g->in_width + g->out_panels);
    return n < SUM_MIN ? SUM_MIN : n > SUM_MAX ? SUM_MAX : n;
}

/* Floats from point to point of n rows. */
static int64_t apart(int64_t n, int64_t width)
{
    return n * width + PANEL;
}

/* Of a gradient of the transformed weights. */
static int64_t sum_floats(const plane *g)
{
    return POINTS * g->out * g->in_width;
}

/* How the scratch is cut; floats. */
typedef struct layout {
    int64_t zeros, weights, own; /* y and dx: own: of each thread */
    int64_t sums, own_sum;       /* dw: how many sums; of each thread */
} layout;

static layout layout_of(const gy_conv *c)
{
    plane f = forward_plane(c), b = backward_plane(c);
    int64_t wide = f.in_width > f.out_panels ? f.in_width : f.out_panels;
    int64_t forward = block(&f), backward = block(&b),
            rows = forward > backward ? forward : backward, sum_rows = sum_block(&f);
    layout l = {.zeros = wide,
                .weights = POINTS * f.in_width * f.out_panels,
                .own = POINTS * (apart(rows, f.in_width) + apart(rows, f.out_panels)),
                .sums = 1,
                .own_sum = POINTS * (apart(sum_rows, f.in_width) + apart(sum_rows, f.out_panels))};
    for (int64_t n = 2; n <= c->threads && n * sum_floats(&f) <= SUMS_FLOATS; n++)
        if (c->threads % n == 0) l.sums = n; /* the largest divisor of the threads that fits */
    return l;
}

static int64_t scratch(const gy_conv *c)
{
    layout l = layout_of(c);
    plane g = forward_plane(c);
    int64_t pass = l.weights + c->threads * l.own;
    int64_t sum = l.sums * sum_floats(&g) + c->threads * l.own_sum;
    return l.zeros + (pass > sum ? pass : sum);
}

/* The pixels of a tile of `edge` × `edge` whose first is at (top, left); zeros outside. */
static void find_pixels(int64_t edge, const float *image, int64_t height, int64_t width,
                        int64_t channels, int64_t top, int64_t left, const float *zeros,
                        const float **out)
{
    enum { OUTSIDE = -1 };
    int64_t at[6]; /* columns */
    for (int64_t j = 0; j < edge; j++)
        at[j] = left + j >= 0 && left + j < width ? (left + j) * channels : OUTSIDE;
    for (int64_t i = 0; i < edge; i++) {
        bool inside = top + i >= 0 && top + i < height;
        const float *line = inside ? image + (top + i) * width * channels : NULL;
        for (int64_t j = 0; j < edge; j++)
            *out++ = inside && at[j] != OUTSIDE ? line + at[j] : zeros;
    }
}

typedef struct place {
    int64_t sample, row, column; /* of the tile's first output */
} place;

static place place_of(const plane *g, int64_t tile)
{
    return (place){tile / g->columns / g->rows, tile / g->columns % g->rows * g->side,
                   tile % g->columns * g->side};
}

/* v = Bᵀ x B of the tiles [from, to). */
static void transform_input(const gy_vector *v, const plane *g, const float *x, int64_t from,
                            int64_t to, int64_t step, const float *zeros, float *out)
{
    const float *pixels[36];
    for (int64_t tile = from; tile < to; tile++) {
        place t = place_of(g, tile);
        find_pixels(6, x + t.sample * g->height * g->width * g->in, g->height, g->width, g->in,
                    t.row - g->top, t.column - g->left, zeros, pixels);
        v->winograd_input(g->in, pixels, out + (tile - from) * g->in_width, step);
    }
}

/* d = A dz Aᵀ of filters [first, first + n); outputs beyond the edge count for nothing. */
static void transform_gradient(const gy_vector *v, const plane *g, const float *dz, int64_t from,
                               int64_t to, int64_t first, int64_t n, int64_t step,
                               const float *zeros, float *out)
{
    const float *pixels[16];
    for (int64_t tile = from; tile < to; tile++) {
        place t = place_of(g, tile);
        find_pixels(g->side, dz + t.sample * g->out_height * g->out_width * g->out + first,
                    g->out_height, g->out_width, g->out, t.row, t.column, zeros, pixels);
        v->winograd_gradient(g->kernel, n, pixels, out + (tile - from) * g->out_panels + first,
                             step);
    }
}

static void transform_output(const gy_vector *v, const gy_conv_pass *p, const plane *g,
                             const float *m, int64_t step, int64_t from, int64_t to, float *y)
{
    for (int64_t tile = from; tile < to; tile++) {
        place t = place_of(g, tile);
        float *pixels[16], **pixel = pixels;
        for (int64_t row = t.row; row < t.row + g->side; row++) {
            float *line = y + (t.sample * g->out_height + row) * g->out_width * g->out;
            for (int64_t column = t.column; column < t.column + g->side; column++) {
                bool inside = row < g->out_height && column < g->out_width;
                *pixel++ = inside ? line + column * g->out : NULL;
            }
        }
        v->winograd_output(g->kernel, g->out, m + (tile - from) * g->out_panels, step, p->bias,
                           p->relu, pixels);
    }
}

/*
 * u [36, out_panels / 16, in, 16] from w [out, kernel, kernel, in]: 16 × 16 channels at a time are transformed
 * along `in` and turned. All of the team share the panels.
 */
static void transform_weights(const gy_vector *v, const plane *g, const float *w, float *u)
{
    float t[PANEL * POINTS * PANEL]; /* [16 outputs, 36, 16 inputs] */
    int64_t step = g->out_panels * g->in, area = g->kernel * g->kernel;
#pragma omp for schedule(static)
    for (int64_t panel = 0; panel < g->out_panels; panel += PANEL) {
        for (int64_t c = 0; c < g->in; c += PANEL) {
            int64_t inputs = g->in - c < PANEL ? g->in - c : PANEL;
            memset(t, 0, sizeof t);
            for (int64_t i = 0; i < PANEL && panel + i < g->out; i++)
                v->winograd_weight(g->kernel, inputs, w + (panel + i) * area * g->in + c, g->in,
                                   false, t + i * POINTS * PANEL, PANEL);
            for (int64_t k = 0; k < POINTS; k++) {
                float *to = u + k * step + panel * g->in + c * PANEL;
                const float *from = t + k * PANEL;
                for (int64_t j = 0; j < inputs; j++)
                    for (int64_t i = 0; i < PANEL; i++)
                        to[j * PANEL + i] = from[i * POINTS * PANEL + j];
            }
        }
    }
}

/* The same from w [in, kernel, kernel, out], turned about: what it holds side by side stays side by side. */
static void transform_flipped(const gy_vector *v, const plane *g, const float *w, float *u)
{
    int64_t step = g->out_panels * g->in, area = g->kernel * g->kernel;
#pragma omp for schedule(static)
    for (int64_t c = 0; c < g->in; c++)
        for (int64_t panel = 0; panel < g->out; panel += PANEL)
            v->winograd_weight(g->kernel, g->out - panel < PANEL ? g->out - panel : PANEL,
                               w + c * area * g->out + panel, g->out, true,
                               u + panel * g->in + c * PANEL, step);
}

/* m[k] = v[k] u[k] for the 36 points, `rows` tiles. */
static void multiply(const gy_vector *vector, const plane *g, int64_t rows, const float *v,
                     int64_t v_step, const float *u, float *m, int64_t m_step)
{
    for (int64_t k = 0; k < POINTS; k++) {
        gy_panel_product product = {.rows = rows,
                                    .lines = 1,
                                    .columns = 1,
                                    .depth = g->in,
                                    .a = v + k * v_step,
                                    .a_row = g->in_width,
                                    .a_step = 1,
                                    .b = u + k * g->out_panels * g->in,
                                    .b_step = PANEL,
                                    .panels = g->out_panels / PANEL,
                                    .b_panel = g->in * PANEL,
                                    .c = m + k * m_step,
                                    .c_row = g->out_panels};
        vector->panel_product(&product);
    }
}

static void convolve(const gy_conv_pass *p, const plane *g, const float *x, bool flip, float *y)
{
    const gy_vector *vector = p->kernel->vector;
    layout l = layout_of(p->c);
    float *zeros = p->scratch, *u = zeros + l.zeros, *own = u + l.weights;
    int team = gy_conv_threads(p);
    int64_t tiles = p->batch * g->rows * g->columns, rows = block(g);
    int64_t even = gy_conv_round((tiles + team - 1) / team, BLOCK_STEP); /* small batches */
    if (rows > even) rows = even;
    int64_t v_step = apart(rows, g->in_width), m_step = apart(rows, g->out_panels);
    memset(zeros, 0, sizeof *zeros * (size_t)l.zeros);
#pragma omp parallel num_threads(team)
    {
        float *v = own + omp_get_thread_num() * l.own, *m = v + POINTS * v_step;
        if (flip)
            transform_flipped(vector, g, p->w, u);
        else
            transform_weights(vector, g, p->w, u);
#pragma omp for schedule(static)
        for (int64_t from = 0; from < tiles; from += rows) {
            int64_t to = from + rows < tiles ? from + rows : tiles;
            transform_input(vector, g, x, from, to, v_step, zeros, v);
            multiply(vector, g, to - from, v, v_step, u, m, m_step);
            transform_output(vector, p, g, m, m_step, from, to, y);
            if (omp_get_thread_num() == 0) gy_kernel_poll(p->kernel);
        }
    }
}

static void forward(const gy_conv_pass *p)
{
    plane g = forward_plane(p->c);
    convolve(p, &g, p->x, false, p->y);
}

static void backward_data(const gy_conv_pass *p)
{
    plane g = backward_plane(p->c);
    convolve(p, &g, p->dz, true, p->dx);
}

/* du[k] += d[k]ᵀ v[k] of the filters [first, first + n) over `tiles` tiles. */
static void sum_products(const gy_vector *vector, const plane *g, int64_t tiles, int64_t first,
                         int64_t n, const float *v, int64_t v_step, const float *d, int64_t d_step,
                         float *du, bool add)
{
    for (int64_t k = 0; k < POINTS; k++) {
        gy_panel_product product = {.rows = n,
                                    .lines = 1,
                                    .columns = 1,
                                    .depth = tiles,
                                    .a = d + k * d_step + first,
                                    .a_row = 1,
                                    .a_step = g->out_panels,
                                    .b = v + k * v_step,
                                    .b_step = g->in_width,
                                    .panels = g->in_width / PANEL,
                                    .b_panel = PANEL,
                                    .c = du + (k * g->out + first) * g->in_width,
                                    .c_row = g->in_width,
                                    .add = add};
        vector->panel_product(&product);
    }
}

/* A thread's part of du: the filters [first, first + n) over the tiles [from, to). */
static void sum_part(const gy_conv_pass *p, const plane *g, int64_t from, int64_t to, int64_t first,
                     int64_t n, float *own, float *du)
{
    const gy_vector *vector = p->kernel->vector;
    int64_t rows = sum_block(g);
    int64_t v_step = apart(rows, g->in_width), d_step = apart(rows, g->out_panels);
    float *v = own, *d = v + POINTS * v_step;
    const float *zeros = p->scratch;
    if (from == to) /* no products to begin the sums with */
        sum_products(vector, g, 0, first, n, v, v_step, d, d_step, du, false);
    for (int64_t at = from; at < to; at += rows) {
        int64_t end = gy_least(at + rows, to);
        transform_input(vector, g, p->x, at, end, v_step, zeros, v);
        transform_gradient(vector, g, p->dz, at, end, first, n, d_step, zeros, d);
        sum_products(vector, g, end - at, first, n, v, v_step, d, d_step, du, at > from);
        if (omp_get_thread_num() == 0) gy_kernel_poll(p->kernel);
    }
}

/* dw of filter f from the sums added up in their order. */
static void combine(const gy_conv_pass *p, const plane *g, int64_t f, float *sums, int64_t n)
{
    const gy_vector *vector = p->kernel->vector;
    int64_t each = sum_floats(g);
    for (int64_t k = 0; k < POINTS; k++) {
        float *du = sums + (k * g->out + f) * g->in_width;
        for (int64_t i = 1; i < n; i++) vector->axpby(g->in_width, 1.0f, du + i * each, 1.0f, du);
    }
    vector->winograd_weight_gradient(g->kernel, g->in, sums + f * g->in_width, g->out * g->in_width,
                                     p->beta, p->dw + f * g->kernel * g->kernel * g->in);
}

static void backward_weight(const gy_conv_pass *p)
{
    plane g = forward_plane(p->c);
    layout l = layout_of(p->c);
    float *zeros = p->scratch, *sums = zeros + l.zeros, *own = sums + l.sums * sum_floats(&g);
    int64_t tiles = p->batch * g.rows * g.columns;
    memset(zeros, 0, sizeof *zeros * (size_t)l.zeros);
#pragma omp parallel num_threads(gy_conv_threads(p))
    {
        /* thread t: part t mod sums of the tiles, part t / sums of the filters */
        int team = omp_get_num_threads(), thread = omp_get_thread_num();
        int parts = (int)gy_least(l.sums, team), columns = team / parts;
        int64_t from, to, first, last;
        gy_conv_part(tiles, thread % parts, parts, &from, &to);
        gy_conv_part(g.out_panels / PANEL, thread / parts, columns, &first, &last);
        first *= PANEL;
        last = gy_least(last * PANEL, g.out);
        if (thread < parts * columns && first < last)
            sum_part(p, &g, from, to, first, last - first, own + thread * l.own_sum,
                     sums + thread % parts * sum_floats(&g));
#pragma omp barrier
#pragma omp for schedule(static)
        for (int64_t f = 0; f < g.out; f++) combine(p, &g, f, sums, parts);
    }
}

const gy_conv_method gy_conv_by_winograd = {
    .can = can,
    .scratch = scratch,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = backward_weight,
};
