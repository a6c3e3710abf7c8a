/* Frames: a line is copied or added as a whole, its ends pixel by pixel. */
#include "frame.h"

#include "kernel_impl.h"

#include <string.h>

#define NAME(name) #name,
const char *const gy_border_names[GY_BORDER_COUNT + 1] = {GY_BORDER_LIST(NAME) NULL};

int64_t gy_border_most(gy_border border, int64_t n)
{
    return border == GY_BORDER_circular ? n : border == GY_BORDER_reflect ? n - 1 : -1;
}

int64_t gy_frame_floats(const gy_frame *f)
{
    return f->out[GY_DEPTH] * f->out[GY_HEIGHT] * f->out[GY_WIDTH] * f->channels;
}

/* The position of the grid that stands at position i of the frame. */
static int64_t source(const gy_frame *f, int axis, int64_t i)
{
    const int64_t n = f->in[axis], at = i - f->before[axis];
    if (at >= 0 && at < n) return at;
    switch (f->border) {
    case GY_BORDER_circular:
        return at < 0 ? at + n : at - n;
    case GY_BORDER_reflect:
        return at < 0 ? -at : 2 * n - 2 - at;
    default:
        return at < 0 ? 0 : n - 1;
    }
}

/* Pixels of a line that are the grid's own: [first, end) of the frame, from the grid's first on. */
static void own_pixels(const gy_frame *f, int64_t *first, int64_t *end)
{
    *first = f->before[GY_WIDTH];
    *end = gy_least(*first + f->in[GY_WIDTH], f->out[GY_WIDTH]);
}

static void put_line(const gy_frame *f, const float *x, float *y)
{
    const size_t pixel = sizeof *y * (size_t)f->channels;
    int64_t first, end;
    own_pixels(f, &first, &end);
    for (int64_t i = 0; i < f->out[GY_WIDTH]; i++) {
        if (i == first) {
            memcpy(y + i * f->channels, x, pixel * (size_t)(end - first));
            i = end - 1;
        } else {
            memcpy(y + i * f->channels, x + source(f, GY_WIDTH, i) * f->channels, pixel);
        }
    }
}

void gy_frame_put(const gy_kernel *k, const gy_frame *f, int64_t batch, const float *x, float *y)
{
    const int64_t rows = f->out[GY_HEIGHT], lines = f->out[GY_DEPTH] * rows;
    const int64_t in = f->in[GY_WIDTH] * f->channels, out = f->out[GY_WIDTH] * f->channels;
    GY_SPREAD(gy_team(k, batch * lines * out, 1), i, batch * lines, 1, {
        const int64_t plane = source(f, GY_DEPTH, i % lines / rows);
        const int64_t row = source(f, GY_HEIGHT, i % rows);
        const int64_t at = (i / lines * f->in[GY_DEPTH] + plane) * f->in[GY_HEIGHT] + row;
        put_line(f, x + at * in, y + i * out);
    });
}

static void fold_line(const gy_vector *v, const gy_frame *f, const float *dy, float *dx)
{
    const int64_t n = f->channels;
    int64_t first, end;
    own_pixels(f, &first, &end);
    for (int64_t i = 0; i < f->out[GY_WIDTH]; i++) {
        if (i == first) {
            v->axpby((end - first) * n, 1.0F, dy + i * n, 1.0F, dx);
            i = end - 1;
        } else {
            v->axpby(n, 1.0F, dy + i * n, 1.0F, dx + source(f, GY_WIDTH, i) * n);
        }
    }
}

/* All that a line of the grid was put for. */
static void fold_lines(const gy_vector *v, const gy_frame *f, int64_t plane, int64_t row,
                       const float *dy, float *dx)
{
    const int64_t out = f->out[GY_WIDTH] * f->channels;
    v->fill(f->in[GY_WIDTH] * f->channels, 0.0F, dx);
    for (int64_t p = 0; p < f->out[GY_DEPTH]; p++) {
        if (source(f, GY_DEPTH, p) != plane) continue;
        for (int64_t r = 0; r < f->out[GY_HEIGHT]; r++)
            if (source(f, GY_HEIGHT, r) == row)
                fold_line(v, f, dy + (p * f->out[GY_HEIGHT] + r) * out, dx);
    }
}

void gy_frame_fold(const gy_kernel *k, const gy_frame *f, int64_t batch, const float *dy, float *dx)
{
    const int64_t rows = f->in[GY_HEIGHT], lines = f->in[GY_DEPTH] * rows;
    const int64_t in = f->in[GY_WIDTH] * f->channels;
    GY_SPREAD(gy_team(k, batch * lines * in, 2), i, batch * lines, 1, {
        const float *from = dy + i / lines * gy_frame_floats(f);
        fold_lines(k->vector, f, i % lines / rows, i % rows, from, dx + i * in);
    });
}
