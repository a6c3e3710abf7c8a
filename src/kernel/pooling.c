/*
 * Pools: for each output position a loop over the pixels of its window, whose channels lie side by
 * side and so go in vectors.
 */
#include "pooling.h"

#include "kernel_impl.h"

#include <string.h>

enum { COST = 4 }; /* simple operations an element of x */

/* What of an output's window is within the image. */
static gy_pool_window window_of(const gy_pooling *p, int64_t row, int64_t column)
{
    int64_t top = row * p->stride_h - p->pad_top, left = column * p->stride_w - p->pad_left;
    int64_t bottom = gy_least(top + p->size_h, p->height);
    int64_t right = gy_least(left + p->size_w, p->width);
    top = gy_most(top, 0);
    left = gy_most(left, 0);
    return (gy_pool_window){p->channels, top * p->width + left, bottom - top, right - left,
                            p->width};
}

static int64_t image(const gy_pooling *p)
{
    return p->height * p->width * p->channels;
}

static int64_t outputs(const gy_pooling *p)
{
    return p->out_height * p->out_width * p->channels;
}

/* Whether no pixel is in two windows. */
static bool are_apart(const gy_pooling *p)
{
    return p->stride_h >= p->size_h && p->stride_w >= p->size_w;
}

/*
 * What a thread takes of a backward pass at once: a row of outputs with the lines of the image down
 * to the next one's, or a whole sample where the windows of rows overlap.
 */
typedef struct strip {
    int64_t sample, row, end; /* outputs [row, end) */
    int64_t top, bottom;      /* lines [top, bottom) of the image */
} strip;

static int64_t strips_of(const gy_pooling *p)
{
    return p->stride_h >= p->size_h ? p->out_height : 1;
}

/* The first line of the image that belongs to a row of outputs. */
static int64_t line_of(const gy_pooling *p, int64_t row)
{
    if (row == 0) return 0;
    return row == p->out_height ? p->height : row * p->stride_h - p->pad_top;
}

static strip strip_at(const gy_pooling *p, int64_t i)
{
    const int64_t strips = strips_of(p), rows = p->out_height / strips, row = i % strips * rows;
    return (strip){i / strips, row, row + rows, line_of(p, row), line_of(p, row + rows)};
}

/* dx = 0 all over a strip; returns the sample's dx. */
static float *clear(const gy_pooling *p, const strip *s, float *dx)
{
    const int64_t line = p->width * p->channels;
    float *out = dx + s->sample * image(p);
    memset(out + s->top * line, 0, sizeof *out * (size_t)((s->bottom - s->top) * line));
    return out;
}

void gy_max_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y, bool mask, int32_t *from)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), row, batch * p->out_height, 1, {
        const float *in = x + row / p->out_height * image(p);
        for (int64_t column = 0; column < p->out_width; column++) {
            const gy_pool_window w = window_of(p, row % p->out_height, column);
            const int64_t at = (row * p->out_width + column) * p->channels;
            k->vector->pool_maximum(&w, in, y + at, mask, from == NULL ? NULL : from + at);
        }
    });
}

static void hand_back(const gy_vector *v, const gy_pooling *p, const strip *s, const float *dy,
                      const int32_t *from, float *dx)
{
    const bool add = !are_apart(p);
    int64_t at = s->sample * outputs(p) + s->row * p->out_width * p->channels;
    for (int64_t row = s->row; row < s->end; row++)
        for (int64_t column = 0; column < p->out_width; column++, at += p->channels) {
            const gy_pool_window w = window_of(p, row, column);
            v->pool_maximum_gradient(&w, add, dy + at, from + at, dx);
        }
}

void gy_max_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          const int32_t *from, float *dx)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * strips_of(p), 1, {
        const strip s = strip_at(p, i);
        hand_back(k->vector, p, &s, dy, from, clear(p, &s, dx));
    });
}

static float share(const gy_pool_window *w)
{
    return 1.0F / (float)(w->rows * w->columns);
}

static void average(const gy_vector *v, const gy_pool_window *w, const float *x, float *y)
{
    const int64_t n = w->channels;
    v->fill(n, 0.0F, y);
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t column = 0; column < w->columns; column++)
            v->axpby(n, 1.0F, x + (w->first + row * w->width + column) * n, 1.0F, y);
    v->axpby(n, share(w), y, 0.0F, y);
}

void gy_avg_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), row, batch * p->out_height, 1, {
        const float *in = x + row / p->out_height * image(p);
        for (int64_t column = 0; column < p->out_width; column++) {
            const gy_pool_window w = window_of(p, row % p->out_height, column);
            average(k->vector, &w, in, y + (row * p->out_width + column) * p->channels);
        }
    });
}

static void hand_out(const gy_vector *v, const gy_pooling *p, const strip *s, const float *dy,
                     float *dx)
{
    const int64_t n = p->channels;
    dy += s->sample * outputs(p) + s->row * p->out_width * n;
    for (int64_t output = s->row; output < s->end; output++)
        for (int64_t at = 0; at < p->out_width; at++, dy += n) {
            const gy_pool_window w = window_of(p, output, at);
            for (int64_t row = 0; row < w.rows; row++)
                for (int64_t column = 0; column < w.columns; column++)
                    v->axpby(n, share(&w), dy, 1.0F, dx + (w.first + row * w.width + column) * n);
        }
}

void gy_avg_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          float *dx)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * strips_of(p), 1, {
        const strip s = strip_at(p, i);
        hand_out(k->vector, p, &s, dy, clear(p, &s, dx));
    });
}
