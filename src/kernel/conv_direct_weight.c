/*
 * The weight gradient of direct convolution:
 *
 *     dw[i j c, 16 f]  += Σ pixels  x[pixel + (i, j), c] dz[pixel, 16 f]
 *
 * Outputs that are too few for a panel change places with the inputs.
 *
 * The inner dimension of these products is the pixels of a line, which in pairs begin at even pixels of dz, but
 * under an odd tap at odd pixels of x. So where operands are in groups a line of x is packed with the pixels under
 * all taps side by side, and they are the rows of one product.
 *
 * The team is a grid: some parts of the batch, each with a sum of its own, by some parts of the
 * panels, so that the sums are few where they are large. Bits depend on the number of threads.
 *
 * Scratch: sums of dw | for each thread: a band of x, the same by taps, a band of dz.
 */
#include "conv_direct_impl.h"

#include <string.h>

enum { PANEL = GY_PANEL };

/* Floats of dw in panels. */
static int64_t sum_floats(const gy_slide *s)
{
    return s->groups * s->panel * gy_slide_taps(s) * s->inner;
}

/*
 * The slide whose products are summed up for dw: that of y, or that of dx, x and dz changing places, where
 * its panels are fuller.
 */
static gy_slide slide_of(const gy_conv *c)
{
    static const gy_operand floats = {.group = 1, .per = 1};
    const gy_slide f = gy_slide_forward(c, &floats), b = gy_slide_backward(c, &floats, 0);
    const bool strides = f.d.stride > 1 || f.v.stride > 1 || f.h.stride > 1;
    return !strides && sum_floats(&b) < sum_floats(&f) ? b : f;
}

/* How the scratch is cut; floats. */
typedef struct layout {
    int64_t sum, sums;      /* of all threads; sums: their number */
    int64_t band, taps, dz; /* of each */
} layout;

/* Places of a pixel under all taps of a line. */
static int64_t taps_row(const gy_slide *s)
{
    return gy_round_up(s->h.taps * s->in, PANEL);
}

static layout layout_of(const gy_conv *c, const gy_slide *s)
{
    const int64_t line = gy_round_up(s->h.out, GY_UNIT_MOST);
    layout l = {.sum = sum_floats(s),
                .sums = gy_conv_sums(c, sum_floats(s)),
                .band = gy_round_up(gy_slide_band(s), PANEL) + PANEL,
                .dz = s->rows * line * s->panel};
    if (!s->diagonal) l.taps = s->d.taps * gy_axis_span(&s->v, s->rows) * line * taps_row(s);
    return l;
}

static int64_t own_floats(const layout *l)
{
    return l->band + l->taps + l->dz;
}

int64_t gy_direct_weight_scratch(const gy_conv *c)
{
    const gy_slide s = slide_of(c);
    const layout l = layout_of(c, &s);
    return l.sums * l.sum + c->threads * own_floats(&l);
}

/* What a band's products are of: from pixel to pixel, line to line and plane to plane of x and of dz. */
typedef struct sources {
    const float *x, *dz;
    int64_t x_pixel, x_line, x_plane, dz_pixel, dz_line;
    int64_t pixels; /* of a line, in units */
    bool merged;    /* the taps of a line lie side by side */
} sources;

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

/* As floats; dz where it lies, where its rows are whole panels. */
static sources plain_sources(const gy_slide *s, int64_t group, const gy_band *at, const float *band,
                             const float *dz, float *copy)
{
    const bool whole = s->out == s->panel && s->channels % s->out == 0;
    const int64_t pixel = whole ? s->channels : s->panel;
    if (!whole) copy_gradient(s, dz, group, at->rows * s->h.out, copy);
    return (sources){.x = band,
                     .x_pixel = s->h.stride * s->in,
                     .x_line = gy_slide_line(s) * s->in,
                     .x_plane = gy_slide_plane(s, at->rows) * s->in,
                     .dz = whole ? dz + group * s->out : copy,
                     .dz_pixel = pixel,
                     .dz_line = s->h.out * pixel,
                     .pixels = s->h.out,
                     .merged = gy_slide_is_merged(s)};
}

/* The pixels under all taps of a line: x [pixels, width] → [pixels in units, taps, in]. */
static void pack_line(const gy_slide *s, const gy_operand *o, const float *x, float *to)
{
    const int64_t row = taps_row(s), pixel = s->h.stride * s->in;
    if (gy_slide_is_merged(
            s)) { /* whole vectors: what lies behind the taps is packed, too, and not read */
        o->down(s->h.out, row, x, pixel, to, row);
        return;
    }
    for (int64_t j = 0; j < s->h.taps; j++)
        o->down(s->h.out, s->in, x + j * s->h.apart * s->in, pixel, to + j * s->in, row);
}

/* In groups of pixels: [planes, lines, pixels, taps, in] of x, [rows, pixels, panels] of dz. */
static sources packed_sources(const gy_slide *s, const gy_operand *o, int64_t group,
                              const gy_band *at, const float *band, const float *dz, float *taps,
                              float *copy)
{
    const int64_t pixels = gy_units(o, s->h.out), row = taps_row(s);
    const int64_t lines = gy_axis_span(&s->v, at->rows), width = gy_slide_line(s) * s->in;
    const int64_t n = gy_least(s->out, s->channels - group * s->out);
    for (int64_t i = 0; i < s->d.taps * lines; i++)
        pack_line(s, o, band + i * width, taps + i * pixels * row);
    if (n < s->panel) memset(copy, 0, sizeof *copy * (size_t)(at->rows * pixels * s->panel));
    for (int64_t r = 0; r < at->rows; r++)
        o->down(s->h.out, n, dz + r * s->h.out * s->channels + group * s->out, s->channels,
                copy + r * pixels * s->panel, s->panel);
    return (sources){.x = taps,
                     .x_pixel = row,
                     .x_line = pixels * row,
                     .x_plane = lines * pixels * row,
                     .dz = copy,
                     .dz_pixel = s->panel,
                     .dz_line = pixels * s->panel,
                     .pixels = pixels,
                     .merged = true};
}

/* sum [16 of a panel: kernel sizes, inner, 16] += the products of a band, panels [from, to) */
static void sum_band(const gy_kernel *k, const gy_slide *s, const sources *a, int64_t from,
                     int64_t to, int64_t rows, float *sum)
{
    const int64_t taps = s->h.taps;
    const bool all = a->merged || s->diagonal; /* columns as rows of one product */
    gy_panel_product product = {.rows = s->diagonal ? taps
                                        : a->merged ? taps * s->in
                                                    : s->in,
                                .lines = rows,
                                .columns = s->diagonal ? a->pixels : 1,
                                .depth = s->diagonal ? 1 : a->pixels,
                                .a_row = s->diagonal ? s->h.apart * s->in : 1,
                                .a_line = s->v.stride * a->x_line,
                                .a_column = a->x_pixel,
                                .a_step = a->x_pixel,
                                .b_line = a->dz_line,
                                .b_column = a->dz_pixel,
                                .b_step = a->dz_pixel,
                                .c_row = PANEL,
                                .add = true};
    for (int64_t panel = from; panel < to; panel++) {
        product.b = a->dz + panel * PANEL;
        for (int64_t i = 0; i < s->d.taps * s->v.taps; i++) {
            const float *line =
                a->x + i / s->v.taps * a->x_plane + i % s->v.taps * s->v.apart * a->x_line;
            for (int64_t j = 0; j < (all ? 1 : taps); j++) {
                product.a = line + j * s->h.apart * s->in;
                product.c =
                    sum + ((panel * s->d.taps * s->v.taps + i) * taps + j) * s->inner * PANEL;
                gy_slide_multiply(k, s, &product);
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
    const gy_operand *o = gy_slide_operand(p->kernel, s);
    const int64_t bands = gy_slide_bands(s), panels = s->panel / PANEL;
    float *band = p->scratch + l->sums * l->sum + me.number * own_floats(l);
    float *taps = band + l->band, *copy = taps + l->taps;
    for (int64_t item = begin; item < end; item++) {
        const gy_band at = gy_slide_band_at(s, item % bands);
        const float *image = x + item / bands * gy_slide_inputs(s);
        const float *dz =
            y + item / bands * gy_slide_outputs(s) + gy_slide_line_at(s, at.plane, at.row);
        for (int64_t panel = from; panel < to;) {
            const int64_t g = panel / panels, last = gy_least(to, (g + 1) * panels);
            gy_slide_copy(s, gy_slide_floats(p->kernel), image, g, &at, band);
            const sources all = o->group > 1 ? packed_sources(s, o, g, &at, band, dz, taps, copy)
                                             : plain_sources(s, g, &at, band, dz, copy);
            sum_band(p->kernel, s, &all, panel - g * panels, last - g * panels, at.rows,
                     sum + g * s->panel * gy_slide_taps(s) * s->inner);
            panel = last;
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

/*
 * Thread t: part t mod parts of the batch, part t / parts of the panels. Where the grid has fewer places
 * than threads the last ones only clear and combine.
 */
static void share(const gy_conv_pass *p, const gy_slide *s, const layout *l, gy_member me)
{
    float *sums = p->scratch;
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

void gy_direct_backward_weight(const gy_conv_pass *p)
{
    const gy_slide s = slide_of(p->c);
    const layout l = layout_of(p->c, &s);
    GY_TEAM(gy_conv_threads(p), me, share(p, &s, &l, me));
}
