/*
 * Convolution without a matrix of patches: products of 16 outputs a panel walk over a band of the
 * input, their inner dimension being the planes, lines and columns of the window and the channels. For every
 * shape; the best one for few channels, for strides, and for one channel a group ("depthwise").
 *
 *     forward   y[pixel, 16 f]    = Σ i j c   x[pixel + (i, j), c] w[i, j, c, 16 f]
 *     data      dx[pixel, 16 c]   = Σ i j f   dz[…, f] w[i, j, f, 16 c]       in phases
 *     weights   dw[i j c, 16 f]  += Σ pixels  x[pixel + (i, j), c] dz[pixel, 16 f]
 *
 * Outputs that are too few for a panel are conv_direct_few.c's; for dw x and dz change places then.
 *
 * For dw the team is a grid: some parts of the batch, each with a sum of its own, by some parts of
 * the panels, so that the sums are few where they are large. Bits depend on the number of threads.
 *
 * Scratch: the weights in panels | sums of dw | for each thread: a band of x, a row of outputs of a
 * panel that is not whole, a band of dz, what few outputs take.
 */
#include "conv_direct_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    PANELS_FLOATS = 10 * 1024, /* weights that a line of outputs is made with at once: 40 KiB */
    PANELS_MAX = 8,
    SUMS_FLOATS = 1 << 22 /* of all sums of dw: 16 MiB, or one sum */
};

static bool can(const gy_conv *c)
{
    (void)c;
    return true;
}

/*
 * The slide whose products are summed up for dw: that of y, or that of dx, x and dz changing places, where
 * its panels are fuller.
 */
static gy_slide slide_of_weights(const gy_conv *c)
{
    const gy_slide f = gy_slide_forward(c), b = gy_slide_backward(c, 0);
    const bool strides = f.d.stride > 1 || f.v.stride > 1 || f.h.stride > 1;
    return !strides && gy_slide_packed(&b) < gy_slide_packed(&f) ? b : f;
}

/* How the scratch is cut; floats. */
typedef struct layout {
    int64_t packed, sum, sums;   /* of all threads; sums: their number */
    int64_t band, tail, dz, few; /* of each */
} layout;

static layout layout_of(const gy_conv *c)
{
    gy_slide f = gy_slide_forward(c), w = slide_of_weights(c);
    layout l = {.packed = gy_slide_packed(&f),
                .sum = gy_slide_packed(&w),
                .band = gy_slide_band(&f),
                .tail = f.h.out,
                .dz = w.rows * w.h.out * w.panel,
                .few = gy_few_floats(&f)};
    for (int64_t i = 0; i < gy_slide_phases(c); i++) {
        gy_slide b = gy_slide_backward(c, i);
        l.packed = gy_most(l.packed, gy_slide_packed(&b));
        l.band = gy_most(l.band, gy_slide_band(&b));
        l.tail = gy_most(l.tail, b.h.out);
        l.few = gy_most(l.few, gy_few_floats(&b));
    }
    l.band = gy_round_up(l.band, PANEL);
    l.tail *= PANEL;
    l.sums = 1; /* the largest divisor of the threads that fits */
    for (int64_t n = 2; n <= c->threads && n * l.sum <= SUMS_FLOATS; n++)
        if (c->threads % n == 0) l.sums = n;
    return l;
}

static int64_t own_floats(const layout *l)
{
    return l->band + l->tail + l->dz + l->few;
}

static int64_t scratch(const gy_conv *c)
{
    layout l = layout_of(c);
    return l.packed + l.sums * l.sum + c->threads * own_floats(&l);
}

static float *own_scratch(const gy_conv_pass *p, const layout *l, gy_member me)
{
    return p->scratch + l->packed + l->sums * l->sum + me.number * own_floats(l);
}

static void multiply(const gy_conv_pass *p, const gy_slide *s, const gy_panel_product *product)
{
    if (s->diagonal)
        p->kernel->vector->panel_diagonal(product);
    else
        p->kernel->vector->panel_product(product);
}

/* Floats of a sample of inputs, and of outputs. */
static int64_t inputs_of(const gy_slide *s)
{
    return s->d.in * s->v.in * s->h.in * s->in_channels;
}

static int64_t outputs_of(const gy_slide *s)
{
    return s->out_depth * s->out_height * s->out_width * s->channels;
}

/* The columns of a line lie side by side and are walked as one. */
static bool is_merged(const gy_slide *s)
{
    return !s->diagonal && (s->h.apart == 1 || s->h.taps == 1);
}

/*
 * Asks for n channels of the pixels of a line, `step` apart, before they are written. Inlined, since
 * GCC drops calls of a function that changes nothing.
 */
static inline __attribute__((always_inline)) void fetch(const float *y, int64_t pixels,
                                                        int64_t step, int64_t n)
{
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t j = 0; j < n; j += PANEL) __builtin_prefetch(y + i * step + j, 0, 1);
}

/* The outputs of a band in the panels from output o on, of one group. */
static void slide_panels(const gy_conv_pass *p, const gy_slide *s, gy_panel_product product,
                         int64_t group, int64_t o, const gy_band *at, const float *band,
                         float *tail, float *image)
{
    int64_t first = group * s->out + o, step = s->h.skip * s->channels;
    int64_t n = gy_least(gy_least(PANEL, s->out - o), s->channels - first);
    int64_t line = gy_slide_line(s) * s->v.stride;
    float start[PANELS_MAX * PANEL] = {0};
    if (product.panels > 1) n = product.panels * PANEL;
    if (p->bias != NULL) memcpy(start, p->bias + first, sizeof *start * (size_t)n);
    product.start = start;
    /* a line that is not written from end to end at once */
    bool scattered = s->channels > 2 * PANEL || s->h.skip > 1;
    for (int64_t r = 0; r < at->rows; r++) {
        float *y = image + gy_slide_line_at(s, at->plane, at->row + r) + first;
        product.a = band + r * line;
        product.c = n < PANEL ? tail : y;
        product.c_row = n < PANEL ? PANEL : step;
        if (scattered && r + 1 < at->rows)
            fetch(y + s->v.skip * s->out_width * s->channels, s->h.out, step, n);
        multiply(p, s, &product);
        for (int64_t i = 0; n < PANEL && i < s->h.out; i++)
            memcpy(y + i * step, tail + i * PANEL, sizeof *y * (size_t)n);
    }
}

/*
 * Whole panels that a line of outputs is made for at once: as many as stay in the cache from line
 * to line; two where not even one does.
 */
static int64_t panels_at_once(const gy_slide *s)
{
    int64_t fit = PANELS_FLOATS / (gy_slide_taps(s) * s->inner * PANEL);
    return s->diagonal ? 1 : fit == 0 ? 2 : gy_least(fit, PANELS_MAX);
}

/* The outputs of a band. */
static void slide_band(const gy_conv_pass *p, const gy_slide *s, const float *packed, int64_t group,
                       const gy_band *at, const float *band, float *tail, float *image)
{
    int64_t taps = s->h.taps;
    int64_t panel = gy_slide_taps(s) * s->inner * PANEL; /* floats */
    gy_panel_product product = {.rows = s->h.out,
                                .planes = s->d.taps,
                                .lines = s->v.taps,
                                .columns = is_merged(s) ? 1 : taps,
                                .depth = is_merged(s) ? taps * s->inner : s->inner,
                                .a_row = s->h.stride * s->in,
                                .a_plane = gy_slide_plane(s, at->rows),
                                .a_line = s->v.apart * gy_slide_line(s),
                                .a_column = s->h.apart * s->in,
                                .a_step = 1,
                                .b_plane = s->v.taps * taps * s->inner * PANEL,
                                .b_line = taps * s->inner * PANEL,
                                .b_column = s->inner * PANEL,
                                .b_step = PANEL,
                                .b_panel = panel,
                                .relu = p->relu};
    int64_t whole = s->out / PANEL, most = panels_at_once(s);
    for (int64_t o = 0; o < s->out; o += product.panels * PANEL) {
        product.panels = gy_most(gy_least(whole - o / PANEL, most), 1);
        product.b = packed + (group * s->panel + o) / PANEL * panel;
        slide_panels(p, s, product, group, o, at, band, tail, image);
    }
}

/* The outputs of a slide that no weight meets. By all of the team. */
static void clear_all(const gy_conv_pass *p, const gy_slide *s, float *y, gy_member me)
{
    size_t pixel = sizeof *y * (size_t)s->channels;
    int64_t lines = s->d.out * s->v.out;
    GY_SHARE(me, line, p->batch * lines) {
        int64_t n = line / lines, plane = line % lines / s->v.out, row = line % s->v.out;
        float *to = y + n * outputs_of(s) + gy_slide_line_at(s, plane, row);
        for (int64_t i = 0; i < s->h.out; i++) memset(to + i * s->h.skip * s->channels, 0, pixel);
    }
}

/* Few outputs have few weights. */
static int64_t packed(const gy_conv *c)
{
    const gy_slide s = gy_slide_forward(c);
    return s.few ? 0 : gy_slide_packed(&s);
}

static void pack(const gy_conv_pass *p, float *to)
{
    const gy_slide s = gy_slide_forward(p->c);
    GY_TEAM(gy_conv_threads(p), me, gy_slide_pack(p->c, &s, p->w, to, me));
}

/* A whole slide by all of the team: every one of its outputs is written. */
static void slide_all(const gy_conv_pass *p, const gy_slide *s, const layout *l, const float *x,
                      float *y, gy_member me)
{
    int64_t bands = gy_slide_bands(s);
    float *band = own_scratch(p, l, me), *tail = band + l->band, *few = tail + l->tail + l->dz;
    const float *weights = p->packed != NULL ? p->packed : p->scratch;
    if (gy_slide_taps(s) == 0) {
        clear_all(p, s, y, me);
        return;
    }
    if (p->packed == NULL) {
        (s->few ? gy_few_pack : gy_slide_pack)(p->c, s, p->w, p->scratch, me);
        gy_team_wait(me);
    }
    GY_SHARE(me, item, p->batch * bands) {
        const int64_t n = item / bands;
        const gy_band at = gy_slide_band_at(s, item % bands);
        for (int64_t g = 0; g < s->groups; g++) {
            gy_slide_copy(s, x + n * inputs_of(s), g, &at, band);
            if (s->few)
                gy_few_band(p, s, weights, g, &at, band, few, y + n * outputs_of(s));
            else
                slide_band(p, s, weights, g, &at, band, tail, y + n * outputs_of(s));
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

static void forward(const gy_conv_pass *p)
{
    gy_slide s = gy_slide_forward(p->c);
    layout l = layout_of(p->c);
    GY_TEAM(gy_conv_threads(p), me, slide_all(p, &s, &l, p->x, p->y, me));
}

/* All phases, which are all of dx, by all of the team. */
static void slide_phases(const gy_conv_pass *p, const layout *l, gy_member me)
{
    for (int64_t at = 0; at < gy_slide_phases(p->c); at++) {
        gy_slide s = gy_slide_backward(p->c, at);
        if (at > 0) gy_team_wait(me); /* for the panels of the one before */
        slide_all(p, &s, l, p->dz, p->dx, me);
    }
}

static void backward_data(const gy_conv_pass *p)
{
    layout l = layout_of(p->c);
    GY_TEAM(gy_conv_threads(p), me, slide_phases(p, &l, me));
}

/* dz of a band and group, its rows rounded up to panels. */
static void copy_gradient(const gy_slide *s, const float *dz, int64_t group, int64_t pixels,
                          float *to)
{
    int64_t n = gy_least(s->out, s->channels - group * s->out);
    for (int64_t i = 0; i < pixels; i++, to += s->panel) {
        memcpy(to, dz + i * s->channels + group * s->out, sizeof *to * (size_t)n);
        memset(to + n, 0, sizeof *to * (size_t)(s->panel - n));
    }
}

/* sum [16 of a panel: kernel sizes, inner, 16] += the products of a band, panels [from, to) */
static void sum_band(const gy_conv_pass *p, const gy_slide *s, int64_t from, int64_t to,
                     int64_t rows, const float *band, const float *dz, int64_t dz_pixel, float *sum)
{
    int64_t width = gy_slide_line(s), taps = s->h.taps;
    bool merged = is_merged(s), all = merged || s->diagonal; /* columns as rows of one product */
    gy_panel_product product = {.rows = s->diagonal ? taps
                                        : merged    ? taps * s->in
                                                    : s->in,
                                .lines = rows,
                                .columns = s->diagonal ? s->h.out : 1,
                                .depth = s->diagonal ? 1 : s->h.out,
                                .a_row = s->diagonal ? s->h.apart * s->in : 1,
                                .a_line = s->v.stride * width,
                                .a_column = s->h.stride * s->in,
                                .a_step = s->h.stride * s->in,
                                .b_line = s->h.out * dz_pixel,
                                .b_column = dz_pixel,
                                .b_step = dz_pixel,
                                .c_row = PANEL,
                                .add = true};
    for (int64_t panel = from; panel < to; panel++) {
        product.b = dz + panel * PANEL;
        for (int64_t i = 0; i < s->d.taps * s->v.taps; i++) {
            const float *line =
                band + i / s->v.taps * gy_slide_plane(s, rows) + i % s->v.taps * s->v.apart * width;
            for (int64_t j = 0; j < (all ? 1 : taps); j++) {
                product.a = line + j * s->h.apart * s->in;
                product.c =
                    sum + ((panel * s->d.taps * s->v.taps + i) * taps + j) * s->inner * PANEL;
                multiply(p, s, &product);
            }
        }
    }
}

/* dw = beta dw + Σ sums in their order; from panels to [filters, …]. By all of the team. */
static void combine(const gy_conv_pass *p, const gy_slide *s, const float *sums, const layout *l,
                    gy_member me)
{
    const int64_t depth = p->c->channels / p->c->groups, filters = s->flip ? s->in : s->out;
    const int64_t taps = gy_slide_taps(s), panel = taps * s->inner * PANEL;
    GY_SHARE(me, i, p->c->filters * taps) {
        const int64_t f = i / taps, t = s->flip ? taps - 1 - i % taps : i % taps;
        for (int64_t c = 0; c < depth; c++) {
            const int64_t o = s->flip ? c : f % filters, k = s->flip ? f % filters : c;
            const int64_t at = (f / filters * s->panel + o) / PANEL * panel;
            const float *from = sums + at + (t * s->inner + k) * PANEL + o % PANEL;
            float *to = p->dw + i * depth + c, sum = from[0];
            for (int64_t j = 1; j < l->sums; j++) sum += from[j * l->sum];
            *to = p->beta == 0 ? sum : p->beta * *to + sum;
        }
    }
}

/* Panels [from, to), counted through all groups, of the samples' bands [begin, end). */
static void sum_part(const gy_conv_pass *p, const gy_slide *s, const layout *l, int64_t begin,
                     int64_t end, int64_t from, int64_t to, float *sum, gy_member me)
{
    const float *x = s->flip ? p->dz : p->x, *y = s->flip ? p->x : p->dz;
    float *band = own_scratch(p, l, me), *copy = band + l->band + l->tail;
    int64_t bands = gy_slide_bands(s), panels = s->panel / PANEL;
    bool whole = s->out == s->panel && s->channels % s->out == 0;
    for (int64_t item = begin; item < end; item++) {
        const int64_t n = item / bands;
        const gy_band band_at = gy_slide_band_at(s, item % bands);
        const float *dz = y + n * outputs_of(s) + gy_slide_line_at(s, band_at.plane, band_at.row);
        for (int64_t at = from; at < to;) {
            int64_t g = at / panels, last = gy_least(to, (g + 1) * panels);
            gy_slide_copy(s, x + n * inputs_of(s), g, &band_at, band);
            if (!whole) copy_gradient(s, dz, g, band_at.rows * s->h.out, copy);
            sum_band(p, s, at - g * panels, last - g * panels, band_at.rows, band,
                     whole ? dz + g * s->out : copy, whole ? s->channels : s->panel,
                     sum + g * s->panel * gy_slide_taps(s) * s->inner);
            at = last;
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

/*
 * Thread t: part t mod parts of the batch, part t / parts of the panels. Where the grid has fewer places
 * than threads the last ones only clear and combine.
 */
static void backward_weight_share(const gy_conv_pass *p, const gy_slide *s, const layout *l,
                                  gy_member me)
{
    float *sums = p->scratch + l->packed;
    int64_t items = p->batch * gy_slide_bands(s);
    int64_t panels = s->groups * s->panel / PANEL;
    int parts = (int)gy_least(l->sums, me.team), columns = me.team / parts;
    gy_member row = {me.number % parts, parts}, column = {me.number / parts, columns};
    GY_SHARE(me, i, l->sums) memset(sums + i * l->sum, 0, sizeof *sums * (size_t)l->sum);
    gy_team_wait(me);
    if (column.number < columns)
        sum_part(p, s, l, gy_share(row, items, 0), gy_share(row, items, 1),
                 gy_share(column, panels, 0), gy_share(column, panels, 1),
                 sums + row.number * l->sum, me);
    gy_team_wait(me);
    combine(p, s, sums, l, me);
}

static void backward_weight(const gy_conv_pass *p)
{
    gy_slide s = slide_of_weights(p->c);
    layout l = layout_of(p->c);
    GY_TEAM(gy_conv_threads(p), me, backward_weight_share(p, &s, &l, me));
}

const gy_conv_method gy_conv_by_direct = {
    .can = can,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = backward_weight,
};
