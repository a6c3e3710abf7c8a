/*
 * Slides to few outputs, which would leave a panel nearly empty: their panels are of 16 pixels of a
 * line, and the rows of the product the outputs by each weight along the line,
 *
 *     z[tap, output; pixel]  = Σ plane line channel  w[plane, line; tap, output; channel]
 *                                                    band[plane, line; channel; pixel]
 *     y[pixel, output]       = Σ tap  z[tap, output; pixel + tap apart]
 *
 * so that the taps of a line, which need no shifted pixels, fill the registers in the outputs' stead.
 *
 * Scratch of a thread: the band in panels of pixels | z.
 */
#include "conv_direct_impl.h"

enum { PANEL = GY_PANEL, MOST_OUTPUTS = 4 };

/* Panels of a line of the band. */
static int64_t panels_of(const gy_slide *s)
{
    return gy_pieces(gy_axis_span(&s->h, s->h.out), PANEL);
}

/* Twice the work of whole panels of outputs is the least that this is worth. */
bool gy_few_can(const gy_slide *s)
{
    if (s->diagonal || s->out > MOST_OUTPUTS || s->h.stride > 1 || gy_slide_taps(s) == 0)
        return false;
    return 2 * s->out * panels_of(s) <= s->h.out;
}

static int64_t rows_of(const gy_slide *s)
{
    return s->h.taps * s->out;
}

/* Floats of a line of the band in panels. */
static int64_t line_floats(const gy_slide *s)
{
    return panels_of(s) * s->units * PANEL;
}

static int64_t turned_floats(const gy_slide *s)
{
    return s->d.taps * gy_axis_span(&s->v, s->rows) * line_floats(s);
}

int64_t gy_few_floats(const gy_slide *s)
{
    return s->few ? turned_floats(s) + rows_of(s) * panels_of(s) * PANEL : 0;
}

void gy_few_pack(const gy_conv_pass *p, const gy_slide *s, float *packed, gy_member me)
{
    enum { MOST = 64 };
    const gy_operand *operand = gy_slide_operand(p->kernel, s);
    const int64_t filter = gy_slide_filter(p->c), taps = gy_slide_taps(s);
    GY_SHARE(me, i, s->groups * taps * s->out) { /* [groups, taps, out] */
        const int64_t group = i / s->out / taps, o = i % s->out;
        const float *tap = p->w + gy_slide_tap(p->c, s, i / s->out % taps);
        const float *from =
            tap + (s->flip ? group * s->in * filter + o : (group * s->out + o) * filter);
        for (int64_t k = 0; k < s->in; k += MOST) {
            const int64_t n = gy_least(MOST, s->in - k);
            float row[MOST];
            for (int64_t j = 0; j < n; j++) row[j] = from[(k + j) * (s->flip ? filter : 1)];
            operand->along(1, n, row, n, packed + i * s->units + gy_units(operand, k), n);
        }
    }
}

/* The band's lines, each in panels of 16 pixels. */
static void turn(const gy_operand *o, const gy_slide *s, int64_t lines, const float *band,
                 float *to)
{
    const int64_t width = gy_slide_line(s);
    for (int64_t i = 0; i < lines; i++, band += width * s->wide)
        for (int64_t at = 0; at < width; at += PANEL, to += s->units * PANEL)
            o->turn(gy_least(PANEL, width - at), s->in, band + at * s->wide, s->wide, to);
}

/* A line of outputs from z, `step` floats from pixel to pixel. */
static void add_taps(const gy_conv_pass *p, const gy_slide *s, int64_t first, float *z, float *y,
                     int64_t step)
{
    const int64_t width = panels_of(s) * PANEL, n = s->h.out;
    for (int64_t o = 0; o < s->out; o++) {
        const float start = p->bias == NULL ? 0.0f : p->bias[first + o];
        float *restrict sum = z + o * width;
        for (int64_t j = 1; j < s->h.taps; j++) {
            const float *restrict from = z + (j * s->out + o) * width + j * s->h.apart;
            for (int64_t i = 0; i < n; i++) sum[i] += from[i];
        }
        for (int64_t i = 0; i < n; i++) {
            const float v = sum[i] + start;
            y[i * step + o] = p->relu && v < 0 ? 0 : v; /* NaN stays */
        }
    }
}

void gy_few_band(const gy_conv_pass *p, const gy_slide *s, const float *packed, int64_t group,
                 const gy_band *at, const float *band, float *own, float *image)
{
    const gy_operand *o = gy_slide_operand(p->kernel, s);
    const int64_t lines = gy_axis_span(&s->v, at->rows), line = line_floats(s);
    const int64_t weights = rows_of(s) * s->units; /* of a line of taps */
    float *z = own + turned_floats(s);
    gy_panel_product product = {.rows = rows_of(s),
                                .planes = s->d.taps,
                                .lines = s->v.taps,
                                .columns = 1,
                                .depth = s->units,
                                .a = packed + group * gy_slide_taps(s) * s->out * s->units,
                                .a_row = s->units,
                                .a_plane = s->v.taps * weights,
                                .a_line = weights,
                                .a_step = 1,
                                .b_plane = lines * line,
                                .b_line = s->v.apart * line,
                                .b_step = PANEL,
                                .panels = panels_of(s),
                                .b_panel = s->units * PANEL,
                                .c = z,
                                .c_row = panels_of(s) * PANEL};
    turn(o, s, s->d.taps * lines, band, own);
    for (int64_t r = 0; r < at->rows; r++) {
        product.b = own + r * s->v.stride * line;
        o->product(&product);
        add_taps(p, s, group * s->out, z,
                 image + gy_slide_line_at(s, at->plane, at->row + r) + group * s->out,
                 s->h.skip * s->channels);
    }
}
