/*
 * Convolution without a matrix of patches: a band of rows of the input is copied into a frame of
 * zeros, and products of 16 outputs a panel walk over it, their inner dimension being the lines and
 * columns of the window. For every shape; the best one for few channels and for strides.
 *
 *     forward   y[pixel, 16 f]    = Σ i j c   x[pixel + (i, j), c] w[i, j, c, 16 f]
 *     data      dx[pixel, 16 c]   = Σ i j f   dz[…, f] w[i, j, f, 16 c]
 *     weights   dw[i j c, 16 f]  += Σ pixels  x[pixel + (i, j), c] dz[pixel, 16 f]
 *
 * dx at stride s is s² convolutions of stride 1, each over every s-th pixel with every s-th weight
 * ("phases"). Scratch: the weights in panels | for each thread: a band of x and of dz, a row of
 * outputs of a panel that is not whole, and a part of dw.
 */
#include "conv_impl.h"

#include <string.h>

enum { PANEL = GY_PANEL, BAND_FLOATS = 24 * 1024 };

/* One axis of a window that slides. */
typedef struct axis {
    int64_t in, out;     /* lengths */
    int64_t taps, apart; /* weights along the axis, and the pixels between them */
    int64_t stride, before;
    int64_t first, skip;   /* outputs are at first, first + skip, … of their image */
    int64_t tap, tap_step; /* and weights at tap, tap + tap_step, … of theirs */
} axis;

/* A convolution as it is computed. Channels are of one group. */
typedef struct slide {
    axis v, h; /* vertical, horizontal */
    int64_t groups, in, out, out_panels;
    int64_t out_height, out_width; /* of the image that outputs lie in */
    int64_t rows;                  /* outputs of a band */
    bool flip;                     /* weights are [in, …, out] and not [out, …, in] */
} slide;

static bool can(const gy_conv *c)
{
    (void)c;
    return true;
}

/* Input pixels under n outputs. */
static int64_t span(const axis *a, int64_t n)
{
    return (n - 1) * a->stride + (a->taps - 1) * a->apart + 1;
}

static int64_t band_floats(const slide *s, int64_t rows)
{
    return span(&s->v, rows) * span(&s->h, s->h.out) * s->in;
}

/* As many rows as fit, at least one. */
static void choose_rows(slide *s)
{
    s->out_panels = gy_conv_round(s->out, PANEL);
    s->rows = 1;
    if (s->v.taps == 0 || s->h.taps == 0) return;
    while (s->rows < s->v.out && band_floats(s, s->rows + 1) <= BAND_FLOATS) s->rows++;
}

static slide forward_slide(const gy_conv *c)
{
    slide s = {.v = {c->height, c->out_height, c->kernel_h, c->dilation_h, c->stride_h, c->pad_top,
                     0, 1, 0, 1},
               .h = {c->width, c->out_width, c->kernel_w, c->dilation_w, c->stride_w, c->pad_left,
                     0, 1, 0, 1},
               .groups = c->groups,
               .in = c->channels / c->groups,
               .out = c->filters / c->groups,
               .out_height = c->out_height,
               .out_width = c->out_width};
    choose_rows(&s);
    return s;
}

/*
 * The phase of pixels first, first + stride, … of x: weight i meets pixel p of x in pixel
 * (p + pad − i dilation) / stride of dz, where that is whole.
 */
static axis phase(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                  int64_t pad, int64_t first)
{
    axis a = {.in = out, .out = (in - first + stride - 1) / stride, .stride = 1, .first = first};
    a.skip = stride;
    int64_t tap = 0, step = stride;
    while (tap < kernel && (first + pad - tap * dilation) % stride != 0) tap++;
    for (int64_t i = 1; i < step; i++)
        if (i * dilation % stride == 0) step = i;
    if (tap >= kernel) return a;
    a.taps = (kernel - 1 - tap) / step + 1;
    a.tap = tap + (a.taps - 1) * step; /* the last weight meets the first pixel */
    a.tap_step = -step;
    a.apart = step * dilation / stride;
    a.before = -((first + pad - a.tap * dilation) / stride);
    return a;
}

static slide backward_slide(const gy_conv *c, int64_t row, int64_t column)
{
    slide s = {.v = phase(c->height, c->out_height, c->kernel_h, c->stride_h, c->dilation_h,
                          c->pad_top, row),
               .h = phase(c->width, c->out_width, c->kernel_w, c->stride_w, c->dilation_w,
                          c->pad_left, column),
               .groups = c->groups,
               .in = c->filters / c->groups,
               .out = c->channels / c->groups,
               .out_height = c->height,
               .out_width = c->width,
               .flip = true};
    choose_rows(&s);
    return s;
}

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t more(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Floats of a thread's pieces. */
typedef struct layout {
    int64_t packed; /* of all threads: weights in panels */
    int64_t band, dz, tail, part;
} layout;

static layout layout_of(const gy_conv *c)
{
    slide f = forward_slide(c);
    int64_t area = c->kernel_h * c->kernel_w * c->groups, band = band_floats(&f, f.rows), tail;
    int64_t in = gy_conv_round(f.in, PANEL), out = f.out_panels;
    tail = f.h.out;
    for (int64_t i = 0; i < less(c->stride_h, c->height); i++) {
        slide b = backward_slide(c, i, 0);
        for (int64_t j = 0; j < less(c->stride_w, c->width); j++) {
            b = backward_slide(c, i, j);
            if (b.v.taps > 0 && b.h.taps > 0) band = more(band, band_floats(&b, b.rows));
            tail = more(tail, b.h.out);
        }
    }
    return (layout){.packed = area * more(f.in * out, f.out * in),
                    .band = gy_conv_round(band, PANEL),
                    .dz = f.rows * c->out_width * out,
                    .tail = tail * PANEL,
                    .part = area * f.in * out};
}

static int64_t own_floats(const layout *l)
{
    return l->band + l->tail + l->dz + l->part;
}

static int64_t scratch(const gy_conv *c)
{
    layout l = layout_of(c);
    return l.packed + c->threads * own_floats(&l);
}

/* Weights of a slide in panels: [groups, out_panels / 16, taps, taps, in, 16]. By all of the team. */
static void pack(const gy_conv *c, const slide *s, const float *w, float *packed)
{
    int64_t panels = s->out_panels / PANEL, taps = s->v.taps * s->h.taps;
    int64_t depth = c->channels / c->groups, filter = c->kernel_h * c->kernel_w * depth;
#pragma omp for schedule(static)
    for (int64_t at = 0; at < s->groups * panels; at++) {
        int64_t g = at / panels, first = at % panels * PANEL, n = less(PANEL, s->out - first);
        float *to = packed + at * taps * s->in * PANEL;
        for (int64_t t = 0; t < taps; t++) {
            int64_t i = s->v.tap + t / s->h.taps * s->v.tap_step;
            int64_t j = s->h.tap + t % s->h.taps * s->h.tap_step;
            const float *from = w + (i * c->kernel_w + j) * depth;
            for (int64_t k = 0; k < s->in; k++, to += PANEL) {
                for (int64_t o = 0; o < PANEL; o++) {
                    int64_t f = s->flip ? g * s->in + k : g * s->out + first + o;
                    int64_t d = s->flip ? first + o : k;
                    to[o] = o < n ? from[f * filter + d] : 0;
                }
            }
        }
    }
}

/* Copies the pixels under `rows` outputs from `row` on, of one group, into a frame of zeros. */
static void copy_band(const slide *s, const float *image, int64_t g, int64_t row, int64_t rows,
                      float *band)
{
    int64_t width = span(&s->h, s->h.out), channels = s->groups * s->in;
    int64_t left = less(more(s->h.before, 0), width), skipped = more(-s->h.before, 0);
    int64_t inside = more(less(s->h.in - skipped, width - left), 0);
    int64_t top = row * s->v.stride - s->v.before;
    size_t pixel = sizeof *band * (size_t)s->in;
    for (int64_t r = top; r < top + span(&s->v, rows); r++, band += width * s->in) {
        if (r < 0 || r >= s->v.in || inside == 0) {
            memset(band, 0, pixel * (size_t)width);
            continue;
        }
        const float *from = image + (r * s->h.in + skipped) * channels + g * s->in;
        memset(band, 0, pixel * (size_t)left);
        if (s->groups == 1)
            memcpy(band + left * s->in, from, pixel * (size_t)inside);
        else
            for (int64_t i = 0; i < inside; i++)
                memcpy(band + (left + i) * s->in, from + i * channels, pixel);
        memset(band + (left + inside) * s->in, 0, pixel * (size_t)(width - left - inside));
    }
}

/* The outputs of a band: `rows` rows from `row` on of one group of a sample. */
static void slide_band(const gy_conv_pass *p, const slide *s, const float *packed, int64_t g,
                       int64_t row, int64_t rows, const float *band, float *tail, float *image)
{
    int64_t width = span(&s->h, s->h.out) * s->in, channels = s->groups * s->out;
    bool merged = s->h.apart == 1 || s->h.taps == 1; /* columns of a line lie side by side */
    gy_panel_product product = {.rows = s->h.out,
                                .lines = s->v.taps,
                                .columns = merged ? 1 : s->h.taps,
                                .depth = merged ? s->h.taps * s->in : s->in,
                                .a_row = s->h.stride * s->in,
                                .a_line = s->v.apart * width,
                                .a_column = s->h.apart * s->in,
                                .a_step = 1,
                                .b_line = s->h.taps * s->in * PANEL,
                                .b_column = s->in * PANEL,
                                .b_step = PANEL,
                                .relu = p->relu};
    for (int64_t o = 0; o < s->out; o += PANEL) {
        int64_t n = less(PANEL, s->out - o);
        float start[PANEL] = {0};
        if (p->bias != NULL) memcpy(start, p->bias + g * s->out + o, sizeof *start * (size_t)n);
        product.start = start;
        product.b = packed + (g * s->out_panels + o) * s->v.taps * s->h.taps * s->in;
        for (int64_t r = 0; r < rows; r++) {
            float *y =
                image + g * s->out + o +
                ((s->v.first + (row + r) * s->v.skip) * s->out_width + s->h.first) * channels;
            product.a = band + r * s->v.stride * width;
            product.c = n == PANEL ? y : tail;
            product.c_row = n == PANEL ? s->h.skip * channels : PANEL;
            p->kernel->vector->panel_product(&product);
            for (int64_t i = 0; n < PANEL && i < s->h.out; i++)
                memcpy(y + i * s->h.skip * channels, tail + i * PANEL, sizeof *y * (size_t)n);
        }
    }
}

/* A whole convolution by all of the team. */
static void slide_all(const gy_conv_pass *p, const slide *s, const float *x, const float *packed,
                      float *own, const layout *l, float *y)
{
    int64_t bands = (s->v.out + s->rows - 1) / s->rows;
    int64_t in = s->v.in * s->h.in * s->in * s->groups;
    int64_t out = s->out_height * s->out_width * s->out * s->groups;
#pragma omp for schedule(static)
    for (int64_t item = 0; item < p->batch * bands; item++) {
        int64_t n = item / bands, row = item % bands * s->rows,
                rows = less(s->rows, s->v.out - row);
        for (int64_t g = 0; g < s->groups; g++) {
            copy_band(s, x + n * in, g, row, rows, own);
            slide_band(p, s, packed, g, row, rows, own, own + l->band, y + n * out);
        }
        if (omp_get_thread_num() == 0) gy_kernel_poll(p->kernel);
    }
}

static void forward(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    slide s = forward_slide(c);
    layout l = layout_of(c);
#pragma omp parallel num_threads(gy_conv_threads(p))
    {
        float *own = p->scratch + l.packed + omp_get_thread_num() * own_floats(&l);
        pack(c, &s, p->w, p->scratch);
        slide_all(p, &s, p->x, p->scratch, own, &l, p->y);
    }
}

static void backward_data(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    layout l = layout_of(c);
    int64_t rows = less(c->stride_h, c->height), columns = less(c->stride_w, c->width);
    size_t image = sizeof *p->dx * (size_t)(c->height * c->width * c->channels);
#pragma omp parallel num_threads(gy_conv_threads(p))
    {
        float *own = p->scratch + l.packed + omp_get_thread_num() * own_floats(&l);
        if (rows * columns > 1) { /* phases without a weight are zero */
#pragma omp for schedule(static)
            for (int64_t n = 0; n < p->batch; n++)
                memset((char *)p->dx + (size_t)n * image, 0, image);
        }
        for (int64_t at = 0; at < rows * columns; at++) {
            slide s = backward_slide(c, at / columns, at % columns);
            if (s.v.taps == 0 || s.h.taps == 0) continue;
            pack(c, &s, p->w, p->scratch);
            slide_all(p, &s, p->dz, p->scratch, own, &l, p->dx);
        }
    }
}

/* dz of a band and group with its rows rounded up to panels. */
static void copy_gradient(const slide *s, const float *dz, int64_t g, int64_t pixels, float *to)
{
    int64_t channels = s->groups * s->out;
    for (int64_t i = 0; i < pixels; i++, to += s->out_panels) {
        memcpy(to, dz + i * channels + g * s->out, sizeof *to * (size_t)s->out);
        memset(to + s->out, 0, sizeof *to * (size_t)(s->out_panels - s->out));
    }
}

/* part [out_panels / 16, kernel_h, kernel_w, in, 16] += the products of a band. */
static void sum_band(const gy_conv_pass *p, const slide *s, int64_t rows, const float *band,
                     const float *dz, int64_t dz_pixel, float *part)
{
    int64_t width = span(&s->h, s->h.out) * s->in, taps = s->h.taps;
    bool merged = s->h.apart == 1 || taps == 1;
    gy_panel_product product = {.rows = merged ? taps * s->in : s->in,
                                .lines = rows,
                                .columns = 1,
                                .depth = s->h.out,
                                .a_row = 1,
                                .a_line = s->v.stride * width,
                                .a_step = s->h.stride * s->in,
                                .b_line = s->h.out * dz_pixel,
                                .b_step = dz_pixel,
                                .c_row = PANEL,
                                .add = true};
    for (int64_t o = 0; o < s->out; o += PANEL) {
        product.b = dz + o;
        for (int64_t i = 0; i < s->v.taps; i++) {
            for (int64_t j = 0; j < (merged ? 1 : taps); j++) {
                product.a = band + i * s->v.apart * width + j * s->h.apart * s->in;
                product.c = part + (o * s->v.taps * taps + (i * taps + j) * PANEL) * s->in;
                p->kernel->vector->panel_product(&product);
            }
        }
    }
}

/* dw = beta dw + Σ parts, in the order of threads; from panels to [filters, …]. */
static void combine(const gy_conv_pass *p, const slide *s, const float *parts, int64_t apart)
{
    int64_t inner = s->v.taps * s->h.taps * s->in;
    int team = omp_get_num_threads();
#pragma omp for schedule(static)
    for (int64_t f = 0; f < s->groups * s->out; f++) {
        int64_t g = f / s->out, o = f % s->out;
        const float *from = parts + (g * s->out_panels + o / PANEL * PANEL) * inner + o % PANEL;
        float *to = p->dw + f * inner;
        for (int64_t k = 0; k < inner; k++) {
            float sum = from[k * PANEL];
            for (int t = 1; t < team; t++) sum += from[t * apart + k * PANEL];
            to[k] = p->beta == 0 ? sum : p->beta * to[k] + sum;
        }
    }
}

static void backward_weight(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    slide s = forward_slide(c);
    layout l = layout_of(c);
    int64_t bands = (s.v.out + s.rows - 1) / s.rows, image = c->height * c->width * c->channels;
    bool whole = s.out == s.out_panels;
    float *first = p->scratch + l.packed;
    int64_t to_part = l.band + l.tail + l.dz;
#pragma omp parallel num_threads(gy_conv_threads(p))
    {
        float *own = first + omp_get_thread_num() * own_floats(&l), *part = own + to_part;
        float *copy = own + l.band + l.tail;
        memset(part, 0, sizeof *part * (size_t)l.part);
#pragma omp for schedule(static)
        for (int64_t item = 0; item < p->batch * bands; item++) {
            int64_t n = item / bands, row = item % bands * s.rows;
            int64_t rows = less(s.rows, s.v.out - row);
            const float *dz = p->dz + (n * c->out_height + row) * c->out_width * c->filters;
            for (int64_t g = 0; g < s.groups; g++) {
                copy_band(&s, p->x + n * image, g, row, rows, own);
                if (!whole) copy_gradient(&s, dz, g, rows * c->out_width, copy);
                sum_band(p, &s, rows, own, whole ? dz + g * s.out : copy,
                         whole ? c->filters : s.out_panels,
                         part + g * s.out_panels * s.v.taps * s.h.taps * s.in);
            }
            if (omp_get_thread_num() == 0) gy_kernel_poll(p->kernel);
        }
        combine(p, &s, first + to_part, own_floats(&l));
    }
}

const gy_conv_method gy_conv_by_direct = {
    .can = can,
    .scratch = scratch,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = backward_weight,
};
