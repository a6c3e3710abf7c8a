/* The geometry of direct convolution: phases, bands, weights in panels. */
#include "conv_direct_impl.h"

#include <string.h>

enum { PANEL = GY_PANEL, BAND_FLOATS = 24 * 1024 }; /* 96 KiB */

static int64_t band_of(const gy_slide *s, int64_t rows)
{
    return gy_axis_span(&s->v, rows) * gy_axis_span(&s->h, s->h.out) * s->in;
}

int64_t gy_slide_band(const gy_slide *s)
{
    return gy_slide_taps(s) == 0 ? 0 : band_of(s, s->rows);
}

int64_t gy_slide_packed(const gy_slide *s)
{
    return s->groups * s->panel * gy_slide_taps(s) * s->inner;
}

/* Groups, and as many rows as fit, at least one. */
static gy_slide complete(const gy_conv *c, gy_slide s)
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
    s.panel = gy_round_up(s.out, PANEL);
    s.rows = 1;
    while (s.rows < s.v.out && band_of(&s, s.rows + 1) <= BAND_FLOATS) s.rows++;
    return s;
}

gy_slide gy_slide_forward(const gy_conv *c)
{
    gy_axis v = {
        c->height, c->out_height, c->kernel_h, c->dilation_h, c->stride_h, c->pad_top, 0, 1, 0, 1};
    gy_axis h = {
        c->width, c->out_width, c->kernel_w, c->dilation_w, c->stride_w, c->pad_left, 0, 1, 0, 1};
    return complete(c, (gy_slide){.v = v,
                                  .h = h,
                                  .in_channels = c->channels,
                                  .channels = c->filters,
                                  .out_height = c->out_height,
                                  .out_width = c->out_width});
}

/*
 * Weight i meets pixel p of x in pixel (p + pad − i dilation) / stride of dz, where that is whole:
 * along p = first, first + stride, … for the weights i = tap, tap + step, …, the last one first.
 */
static gy_axis phase(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                     int64_t pad, int64_t first)
{
    gy_axis a = {.in = out, .out = gy_pieces(in - first, stride), .stride = 1};
    int64_t tap = 0, step = stride;
    a.first = first;
    a.skip = stride;
    while (tap < gy_least(kernel, stride) && (first + pad - tap * dilation) % stride != 0) tap++;
    if (tap >= gy_least(kernel, stride)) return a;
    for (int64_t rest = dilation, gcd = stride; gcd > 0;) { /* Euclid */
        int64_t next = rest % gcd;
        rest = gcd;
        gcd = next;
        step = stride / rest;
    }
    a.taps = (kernel - 1 - tap) / step + 1;
    a.tap = tap + (a.taps - 1) * step;
    a.tap_step = -step;
    a.apart = step * dilation / stride;
    a.before = -((first + pad - a.tap * dilation) / stride);
    return a;
}

gy_slide gy_slide_backward(const gy_conv *c, int64_t row, int64_t column)
{
    gy_axis v =
        phase(c->height, c->out_height, c->kernel_h, c->stride_h, c->dilation_h, c->pad_top, row);
    gy_axis h =
        phase(c->width, c->out_width, c->kernel_w, c->stride_w, c->dilation_w, c->pad_left, column);
    return complete(c, (gy_slide){.v = v,
                                  .h = h,
                                  .in_channels = c->filters,
                                  .channels = c->channels,
                                  .out_height = c->height,
                                  .out_width = c->width,
                                  .flip = true});
}

/* One tap of one panel: [inner, 16]. */
static void pack_tap(const gy_slide *s, int64_t filter, int64_t group, int64_t first,
                     const float *from, float *to)
{
    int64_t n = gy_least(PANEL, s->out - first);
    if (s->diagonal) {
        int64_t channel = group * PANEL;
        for (int64_t o = 0; o < PANEL; o++)
            to[o] = channel + o < s->channels ? from[(channel + o) * filter] : 0;
        return;
    }
    for (int64_t k = 0; k < s->inner; k++, to += PANEL) {
        if (s->flip) {
            memcpy(to, from + (group * s->in + k) * filter + first, sizeof *to * (size_t)n);
            memset(to + n, 0, sizeof *to * (size_t)(PANEL - n));
            continue;
        }
        const float *column = from + (group * s->out + first) * filter + k;
        for (int64_t o = 0; o < PANEL; o++) to[o] = o < n ? column[o * filter] : 0;
    }
}

void gy_slide_pack(const gy_conv *c, const gy_slide *s, const float *w, float *packed, gy_member me)
{
    int64_t panels = s->panel / PANEL, taps = gy_slide_taps(s);
    int64_t depth = c->channels / c->groups, filter = c->kernel_h * c->kernel_w * depth;
    GY_SHARE(me, at, s->groups * panels) {
        for (int64_t t = 0; t < taps; t++) {
            int64_t i = s->v.tap + t / s->h.taps * s->v.tap_step;
            int64_t j = s->h.tap + t % s->h.taps * s->h.tap_step;
            pack_tap(s, filter, at / panels, at % panels * PANEL, w + (i * c->kernel_w + j) * depth,
                     packed + (at * taps + t) * s->inner * PANEL);
        }
    }
}

void gy_slide_copy(const gy_slide *s, const float *image, int64_t group, int64_t row, int64_t rows,
                   float *band)
{
    int64_t width = gy_axis_span(&s->h, s->h.out), first = group * s->in;
    int64_t n =
        gy_least(s->in, s->in_channels - first); /* less than `in` in the last panel alone */
    int64_t left = gy_least(gy_most(s->h.before, 0), width), skipped = gy_most(-s->h.before, 0);
    int64_t inside = gy_most(gy_least(s->h.in - skipped, width - left), 0);
    int64_t top = row * s->v.stride - s->v.before;
    size_t pixel = sizeof *band * (size_t)s->in, used = sizeof *band * (size_t)n;
    for (int64_t r = top; r < top + gy_axis_span(&s->v, rows); r++, band += width * s->in) {
        if (r < 0 || r >= s->v.in || inside == 0) {
            memset(band, 0, pixel * (size_t)width);
            continue;
        }
        const float *from = image + (r * s->h.in + skipped) * s->in_channels + first;
        float *to = band + left * s->in;
        memset(band, 0, pixel * (size_t)left);
        if (n == s->in_channels && n == s->in) {
            memcpy(to, from, pixel * (size_t)inside);
        } else {
            for (int64_t i = 0; i < inside; i++) {
                memcpy(to + i * s->in, from + i * s->in_channels, used);
                memset(to + i * s->in + n, 0, pixel - used);
            }
        }
        memset(to + inside * s->in, 0, pixel * (size_t)(width - left - inside));
    }
}
