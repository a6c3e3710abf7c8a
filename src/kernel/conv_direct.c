/*
 * Convolution without a matrix of patches: products of 16 outputs a panel walk over a band of the
 * input, their inner dimension being the planes, lines and columns of the window and the channels. For every
 * shape; the best one for few channels, for strides, and for one channel a group ("depthwise").
 *
 *     forward   y[pixel, 16 f]    = Σ i j c   x[pixel + (i, j), c] w[i, j, c, 16 f]
 *     data      dx[pixel, 16 c]   = Σ i j f   dz[…, f] w[i, j, f, 16 c]       in phases
 *     weights   dw[i j c, 16 f]  += Σ pixels  x[pixel + (i, j), c] dz[pixel, 16 f]
 *
 * Outputs that are too few for a panel are conv_direct_few.c's; dw is conv_direct_weight.c's.
 *
 * Scratch: the weights in panels | for each thread: a band of x, a row of outputs of a panel that is
 * not whole, what few outputs take.
 */
#include "conv_direct_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    PANELS_FLOATS = 10 * 1024, /* weights that a line of outputs is made with at once: 40 KiB */
    PANELS_MAX = 8
};

/* What most is needed for: as floats are, filled up to pairs. */
static const gy_operand floats = {.group = 1, .per = 1}, pairs = {.group = 2, .per = 1};

static bool can(const gy_conv *c)
{
    (void)c;
    return true;
}

/* How the scratch is cut; floats. */
typedef struct layout {
    int64_t packed;          /* of all threads */
    int64_t band, tail, few; /* of each */
} layout;

static layout layout_of(const gy_conv *c, const gy_operand *o)
{
    gy_slide f = gy_slide_forward(c, o);
    layout l = {.packed = gy_slide_packed(&f),
                .band = gy_slide_band(&f),
                .tail = f.h.out,
                .few = gy_few_floats(&f)};
    for (int64_t i = 0; i < gy_slide_phases(c); i++) {
        gy_slide b = gy_slide_backward(c, o, i);
        l.packed = gy_most(l.packed, gy_slide_packed(&b));
        l.band = gy_most(l.band, gy_slide_band(&b));
        l.tail = gy_most(l.tail, b.h.out);
        l.few = gy_most(l.few, gy_few_floats(&b));
    }
    l.band = gy_round_up(l.band, PANEL);
    l.tail *= PANEL;
    return l;
}

static int64_t own_floats(const layout *l)
{
    return l->band + l->tail + l->few;
}

static int64_t scratch_of(const gy_conv *c, const gy_operand *o)
{
    const layout l = layout_of(c, o);
    return l.packed + c->threads * own_floats(&l);
}

static int64_t scratch(const gy_conv *c)
{
    const int64_t pass = gy_most(scratch_of(c, &floats), scratch_of(c, &pairs));
    return gy_most(pass, gy_direct_weight_scratch(c));
}

static float *own_scratch(const gy_conv_pass *p, const layout *l, gy_member me)
{
    return p->scratch + l->packed + me.number * own_floats(l);
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
    int64_t line = gy_slide_line(s) * s->units * s->v.stride;
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
        gy_slide_multiply(p->kernel, s, &product);
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
    int64_t fit = PANELS_FLOATS / (gy_slide_taps(s) * s->depth * PANEL);
    return s->diagonal ? 1 : fit == 0 ? 2 : gy_least(fit, PANELS_MAX);
}

/* The outputs of a band. */
static void slide_band(const gy_conv_pass *p, const gy_slide *s, const float *packed, int64_t group,
                       const gy_band *at, const float *band, float *tail, float *image)
{
    int64_t taps = s->h.taps;
    int64_t panel = gy_slide_taps(s) * s->depth * PANEL; /* floats */
    gy_panel_product product = {.rows = s->h.out,
                                .planes = s->d.taps,
                                .lines = s->v.taps,
                                .columns = gy_slide_is_merged(s) ? 1 : taps,
                                .depth = gy_slide_is_merged(s) ? taps * s->depth : s->depth,
                                .a_row = s->h.stride * s->units,
                                .a_plane = gy_slide_plane(s, at->rows) * s->units,
                                .a_line = s->v.apart * gy_slide_line(s) * s->units,
                                .a_column = s->h.apart * s->units,
                                .a_step = 1,
                                .b_plane = s->v.taps * taps * s->depth * PANEL,
                                .b_line = taps * s->depth * PANEL,
                                .b_column = s->depth * PANEL,
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
        float *to = y + n * gy_slide_outputs(s) + gy_slide_line_at(s, plane, row);
        for (int64_t i = 0; i < s->h.out; i++) memset(to + i * s->h.skip * s->channels, 0, pixel);
    }
}

/* Few outputs have few weights. */
static int64_t packed(const gy_conv *c)
{
    const gy_slide s = gy_slide_forward(c, &pairs);
    return s.few ? 0 : gy_slide_packed(&s);
}

static void pack(const gy_conv_pass *p, float *to)
{
    const gy_slide s = gy_slide_forward(p->c, p->kernel->operand);
    GY_TEAM(gy_conv_threads(p), me, gy_slide_pack(p, &s, to, me));
}

/* A whole slide by all of the team: every one of its outputs is written. */
static void slide_all(const gy_conv_pass *p, const gy_slide *s, const layout *l, const float *x,
                      float *y, gy_member me)
{
    int64_t bands = gy_slide_bands(s);
    float *band = own_scratch(p, l, me), *tail = band + l->band, *few = tail + l->tail;
    const float *weights = p->packed != NULL ? p->packed : p->scratch;
    if (gy_slide_taps(s) == 0) {
        clear_all(p, s, y, me);
        return;
    }
    if (p->packed == NULL) {
        (s->few ? gy_few_pack : gy_slide_pack)(p, s, p->scratch, me);
        gy_team_wait(me);
    }
    GY_SHARE(me, item, p->batch * bands) {
        const int64_t n = item / bands;
        const gy_band at = gy_slide_band_at(s, item % bands);
        for (int64_t g = 0; g < s->groups; g++) {
            gy_slide_copy(s, s->few ? gy_slide_floats(p->kernel) : gy_slide_operand(p->kernel, s),
                          x + n * gy_slide_inputs(s), g, &at, band);
            if (s->few)
                gy_few_band(p, s, weights, g, &at, band, few, y + n * gy_slide_outputs(s));
            else
                slide_band(p, s, weights, g, &at, band, tail, y + n * gy_slide_outputs(s));
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

static void forward(const gy_conv_pass *p)
{
    gy_slide s = gy_slide_forward(p->c, p->kernel->operand);
    layout l = layout_of(p->c, p->kernel->operand);
    GY_TEAM(gy_conv_threads(p), me, slide_all(p, &s, &l, p->x, p->y, me));
}

/* All phases, which are all of dx, by all of the team. */
static void slide_phases(const gy_conv_pass *p, const layout *l, gy_member me)
{
    for (int64_t at = 0; at < gy_slide_phases(p->c); at++) {
        gy_slide s = gy_slide_backward(p->c, p->kernel->operand, at);
        if (at > 0) gy_team_wait(me); /* for the panels of the one before */
        slide_all(p, &s, l, p->dz, p->dx, me);
    }
}

static void backward_data(const gy_conv_pass *p)
{
    layout l = layout_of(p->c, p->kernel->operand);
    GY_TEAM(gy_conv_threads(p), me, slide_phases(p, &l, me));
}

const gy_conv_method gy_conv_by_direct = {
    .can = can,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = gy_direct_backward_weight,
};
