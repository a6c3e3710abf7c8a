/* The geometry of direct convolution: phases, bands, weights in panels. */
#include "conv_direct_impl.h"

#include <string.h>

enum {
    PANEL = GY_PANEL,
    PLANE_FLOATS = 24 * 1024, /* of a band: 96 KiB */
    FEW_INPUTS = 4,
    FEW_BOTH = 8 /* inputs and outputs */
};

int64_t gy_slide_band(const gy_slide *s)
{
    return gy_slide_taps(s) == 0 ? 0 : s->d.taps * gy_slide_plane(s, s->rows) * s->wide;
}

int64_t gy_slide_bands(const gy_slide *s)
{
    return s->d.out * gy_pieces(s->v.out, s->rows);
}

gy_band gy_slide_band_at(const gy_slide *s, int64_t i)
{
    int64_t bands = gy_pieces(s->v.out, s->rows), row = i % bands * s->rows;
    return (gy_band){i / bands, row, gy_least(s->rows, s->v.out - row)};
}

int64_t gy_slide_packed(const gy_slide *s)
{
    return s->groups * s->panel * gy_slide_taps(s) * s->depth;
}

/* Groups, and as many rows as fit, at least one. */
static gy_slide complete(const gy_conv *c, const gy_operand *o, gy_slide s)
{
    s.groups = c->groups;
    s.in = s.in_channels / c->groups;
    s.out = s.channels / c->groups;
    s.diagonal = s.in == 1 && s.out == 1 && c->groups > 1;
    if (s.diagonal) {
        s.groups = gy_pieces(c->groups, PANEL);
        s.in = s.out = PANEL;
    }
    s.inner = s.diagonal ? 1 : s.in;
    s.plain = s.inner < FEW_INPUTS || (s.in < FEW_BOTH && s.out < FEW_BOTH);
    s.few = gy_few_can(&s);
    s.wide = s.plain || s.few ? s.in : gy_round_up(s.in, o->group);
    s.units = s.plain ? s.in : gy_units(o, s.in);
    s.depth = s.diagonal ? 1 : s.units;
    s.panel = gy_round_up(s.out, PANEL);
    s.rows = 1;
    while (s.rows < s.v.out && gy_slide_plane(&s, s.rows + 1) * s.wide <= PLANE_FLOATS) s.rows++;
    return s;
}

static gy_axis all_of(const gy_window *w)
{
    return (gy_axis){w->in, w->out, w->size, w->dilation, w->stride, w->before, 0, 1, 0, 1};
}

gy_slide gy_slide_forward(const gy_conv *c, const gy_operand *o)
{
    const gy_window *d = &c->axis[GY_DEPTH], *v = &c->axis[GY_HEIGHT], *h = &c->axis[GY_WIDTH];
    return complete(c, o,
                    (gy_slide){.d = all_of(d),
                               .v = all_of(v),
                               .h = all_of(h),
                               .in_channels = c->channels,
                               .channels = c->filters,
                               .out_depth = d->out,
                               .out_height = v->out,
                               .out_width = h->out});
}

/*
 * Weight i meets pixel p of x in pixel (p + pad − i dilation) / stride of dz, where that is whole:
 * along p = first, first + stride, … for the weights i = tap, tap + step, …, the last one first.
 */
static gy_axis phase(const gy_window *w, int64_t first)
{
    const int64_t stride = w->stride, few = gy_least(w->size, stride);
    gy_axis a = {.in = w->out, .out = gy_pieces(w->in - first, stride), .stride = 1};
    int64_t tap = 0, step = stride;
    a.first = first;
    a.skip = stride;
    while (tap < few && (first + w->before - tap * w->dilation) % stride != 0) tap++;
    if (tap >= few) return a;
    for (int64_t rest = w->dilation, gcd = stride; gcd > 0;) { /* Euclid */
        int64_t next = rest % gcd;
        rest = gcd;
        gcd = next;
        step = stride / rest;
    }
    a.taps = (w->size - 1 - tap) / step + 1;
    a.tap = tap + (a.taps - 1) * step;
    a.tap_step = -step;
    a.apart = step * w->dilation / stride;
    a.before = -((first + w->before - a.tap * w->dilation) / stride);
    return a;
}

static int64_t phases_of(const gy_window *w)
{
    return gy_least(w->stride, w->in);
}

int64_t gy_slide_phases(const gy_conv *c)
{
    const gy_window *w = c->axis;
    return phases_of(&w[GY_DEPTH]) * phases_of(&w[GY_HEIGHT]) * phases_of(&w[GY_WIDTH]);
}

gy_slide gy_slide_backward(const gy_conv *c, const gy_operand *o, int64_t i)
{
    const gy_window *d = &c->axis[GY_DEPTH], *v = &c->axis[GY_HEIGHT], *h = &c->axis[GY_WIDTH];
    const int64_t columns = phases_of(h), rows = phases_of(v);
    return complete(c, o,
                    (gy_slide){.d = phase(d, i / columns / rows),
                               .v = phase(v, i / columns % rows),
                               .h = phase(h, i % columns),
                               .in_channels = c->filters,
                               .channels = c->channels,
                               .out_depth = d->in,
                               .out_height = v->in,
                               .out_width = h->in,
                               .flip = true});
}

/* Inputs [k, k + n) of one tap of one panel: [n, 16]. */
static void copy_tap(const gy_slide *s, int64_t filter, int64_t group, int64_t first, int64_t k,
                     int64_t n, const float *from, float *to)
{
    const int64_t outputs = gy_least(PANEL, s->out - first);
    for (const int64_t end = k + n; k < end; k++, to += PANEL) {
        if (s->flip) {
            memcpy(to, from + (group * s->in + k) * filter + first, sizeof *to * (size_t)outputs);
            memset(to + outputs, 0, sizeof *to * (size_t)(PANEL - outputs));
            continue;
        }
        const float *column = from + (group * s->out + first) * filter + k;
        for (int64_t o = 0; o < PANEL; o++) to[o] = o < outputs ? column[o * filter] : 0;
    }
}

/* One tap of one panel: [depth, 16]. */
static void pack_tap(const gy_operand *o, const gy_slide *s, int64_t filter, int64_t group,
                     int64_t first, const float *from, float *to)
{
    enum { ROWS = 16 };
    float rows[ROWS * PANEL];
    if (s->diagonal) {
        const int64_t channel = group * PANEL;
        for (int64_t i = 0; i < PANEL; i++)
            to[i] = channel + i < s->channels ? from[(channel + i) * filter] : 0;
        return;
    }
    if (o->group == 1) {
        copy_tap(s, filter, group, first, 0, s->in, from, to);
        return;
    }
    for (int64_t k = 0; k < s->in; k += ROWS) {
        const int64_t n = gy_least(ROWS, s->in - k);
        copy_tap(s, filter, group, first, k, n, from, rows);
        o->down(n, PANEL, rows, PANEL, to + gy_units(o, k) * PANEL, PANEL);
    }
}

int64_t gy_slide_tap(const gy_conv *c, const gy_slide *s, int64_t t)
{
    const int64_t height = c->axis[GY_HEIGHT].size, width = c->axis[GY_WIDTH].size;
    const int64_t k = s->d.tap + t / s->h.taps / s->v.taps * s->d.tap_step;
    const int64_t i = s->v.tap + t / s->h.taps % s->v.taps * s->v.tap_step;
    const int64_t j = s->h.tap + t % s->h.taps * s->h.tap_step;
    return ((k * height + i) * width + j) * (c->channels / c->groups);
}

void gy_slide_pack(const gy_conv_pass *p, const gy_slide *s, float *packed, gy_member me)
{
    const int64_t panels = s->panel / PANEL, taps = gy_slide_taps(s);
    const gy_operand *o = gy_slide_operand(p->kernel, s);
    GY_SHARE(me, at, s->groups * panels) {
        for (int64_t t = 0; t < taps; t++)
            pack_tap(o, s, gy_slide_filter(p->c), at / panels, at % panels * PANEL,
                     p->w + gy_slide_tap(p->c, s, t), packed + (at * taps + t) * s->depth * PANEL);
    }
}

/* The pixels of a line, n floats of each, from where they are in_channels apart. */
static void copy_pixels(const gy_slide *s, const gy_operand *o, const float *from, int64_t pixels,
                        int64_t n, float *to)
{
    const size_t used = sizeof *to * (size_t)n, rest = sizeof *to * (size_t)(s->wide - n);
    const bool whole = n == s->in_channels && n == s->wide;
    for (int64_t i = 0; !whole && i < pixels; i++) {
        memcpy(to + i * s->wide, from + i * s->in_channels, used);
        memset(to + i * s->wide + n, 0, rest);
    }
    if (o->group > 1)
        o->along(1, pixels * s->wide, whole ? from : to, 0, to, 0);
    else if (whole)
        memcpy(to, from, used * (size_t)pixels);
}

/* Lines of a plane of the band, of plane `plane` of the image, from `top` on. */
static void copy_plane(const gy_slide *s, const gy_operand *o, const float *image, int64_t group,
                       int64_t plane, int64_t top, int64_t lines, float *band)
{
    const int64_t width = gy_slide_line(s), first = group * s->in;
    /* less than `wide` where that is more than there are */
    const int64_t n = gy_least(s->in, s->in_channels - first), place = gy_slide_place(s, o);
    const int64_t left = gy_least(gy_most(s->h.before, 0), width);
    const int64_t skipped = gy_most(-s->h.before, 0);
    const int64_t inside = gy_most(gy_least(s->h.in - skipped, width - left), 0);
    const size_t pixel = sizeof *band * (size_t)place;
    const bool outside = plane < 0 || plane >= s->d.in || inside == 0;
    for (int64_t r = top; r < top + lines; r++, band += width * place) {
        if (outside || r < 0 || r >= s->v.in) {
            memset(band, 0, pixel * (size_t)width);
            continue;
        }
        const float *from =
            image + ((plane * s->v.in + r) * s->h.in + skipped) * s->in_channels + first;
        memset(band, 0, pixel * (size_t)left);
        copy_pixels(s, o, from, inside, n, band + left * place);
        memset(band + (left + inside) * place, 0, pixel * (size_t)(width - left - inside));
    }
}

void gy_slide_copy(const gy_slide *s, const gy_operand *o, const float *image, int64_t group,
                   const gy_band *at, float *band)
{
    int64_t front = at->plane * s->d.stride - s->d.before;
    int64_t top = at->row * s->v.stride - s->v.before, lines = gy_axis_span(&s->v, at->rows);
    for (int64_t i = 0; i < s->d.taps; i++)
        copy_plane(s, o, image, group, front + i * s->d.apart, top, lines,
                   band + i * gy_slide_plane(s, at->rows) * gy_slide_place(s, o));
}
