/*
 * Pools: for each output position a loop over the pixels of its window, whose channels lie side by
 * side and so go in vectors.
 */
#include "pooling.h"

#include "kernel_impl.h"

#include <string.h>

enum { COST = 4 }; /* simple operations an element of x */

/* Windows of one line of outputs: what of them is within the grid, but for the columns. */
static gy_pool_window windows_of(const gy_pooling *p, int64_t plane, int64_t row)
{
    const gy_window *d = &p->axis[GY_DEPTH], *h = &p->axis[GY_HEIGHT];
    const int64_t front = plane * d->stride - d->before, top = row * h->stride - h->before;
    const int64_t width = p->axis[GY_WIDTH].in, area = h->in * width;
    const int64_t first = gy_most(front, 0) * area + gy_most(top, 0) * width;
    return (gy_pool_window){.channels = p->channels,
                            .first = first,
                            .planes = gy_least(front + d->size, d->in) - gy_most(front, 0),
                            .rows = gy_least(top + h->size, h->in) - gy_most(top, 0),
                            .area = area,
                            .width = width};
}

/* The window of one column of them. */
static gy_pool_window window_of(const gy_pooling *p, gy_pool_window of, int64_t column)
{
    const gy_window *w = &p->axis[GY_WIDTH];
    const int64_t left = column * w->stride - w->before;
    of.first += gy_most(left, 0);
    of.columns = gy_least(left + w->size, w->in) - gy_most(left, 0);
    return of;
}

static int64_t image(const gy_pooling *p)
{
    return gy_windows_in(p->axis) * p->channels;
}

/* Whether no position is in two windows along an axis. */
static bool is_apart(const gy_window *w)
{
    return w->stride >= w->size;
}

static bool are_apart(const gy_pooling *p)
{
    return is_apart(&p->axis[GY_DEPTH]) && is_apart(&p->axis[GY_HEIGHT]) &&
           is_apart(&p->axis[GY_WIDTH]);
}

/* A line of outputs of a batch. */
typedef struct line {
    int64_t sample, plane, row;
    int64_t at; /* its first output */
} line;

static int64_t lines_of(const gy_pooling *p)
{
    return p->axis[GY_DEPTH].out * p->axis[GY_HEIGHT].out;
}

static line line_at(const gy_pooling *p, int64_t i)
{
    const int64_t rows = p->axis[GY_HEIGHT].out, lines = lines_of(p);
    return (line){i / lines, i % lines / rows, i % rows, i * p->axis[GY_WIDTH].out * p->channels};
}

/*
 * What a thread takes of a backward pass at once: a line of outputs with the lines of the grid down to
 * the next one's, or a whole sample where the windows of lines overlap.
 */
static int64_t lines_at_once(const gy_pooling *p)
{
    return is_apart(&p->axis[GY_DEPTH]) && is_apart(&p->axis[GY_HEIGHT]) ? 1 : lines_of(p);
}

/* The first position along an axis that belongs to an output. */
static int64_t position_of(const gy_window *w, int64_t output)
{
    if (output == 0) return 0;
    return output == w->out ? w->in : output * w->stride - w->before;
}

/* dx = 0 in what belongs to the lines of outputs from `at` on; returns the sample's dx. */
static float *clear(const gy_pooling *p, const line *at, float *dx)
{
    const gy_window *d = &p->axis[GY_DEPTH], *h = &p->axis[GY_HEIGHT];
    const bool all = lines_at_once(p) > 1;
    const int64_t width = p->axis[GY_WIDTH].in * p->channels;
    const int64_t planes = all ? d->in : position_of(d, at->plane + 1);
    const int64_t top = position_of(h, at->row), bottom = all ? h->in : position_of(h, at->row + 1);
    float *out = dx + at->sample * image(p);
    for (int64_t i = position_of(d, at->plane); i < planes; i++)
        memset(out + (i * h->in + top) * width, 0, sizeof *out * (size_t)((bottom - top) * width));
    return out;
}

void gy_max_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y, bool mask, int32_t *from)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * lines_of(p), 1, {
        const line l = line_at(p, i);
        const gy_pool_window all = windows_of(p, l.plane, l.row);
        for (int64_t column = 0; column < p->axis[GY_WIDTH].out; column++) {
            const gy_pool_window w = window_of(p, all, column);
            const int64_t at = l.at + column * p->channels;
            k->vector->pool_maximum(&w, x + l.sample * image(p), y + at, mask,
                                    from == NULL ? NULL : from + at);
        }
    });
}

/* A line's gradients. */
static void hand_back(const gy_vector *v, const gy_pooling *p, const line *l, const float *dy,
                      const int32_t *from, float *dx)
{
    const bool add = !are_apart(p);
    const gy_pool_window all = windows_of(p, l->plane, l->row);
    for (int64_t column = 0; column < p->axis[GY_WIDTH].out; column++) {
        const gy_pool_window w = window_of(p, all, column);
        const int64_t at = l->at + column * p->channels;
        v->pool_maximum_gradient(&w, add, dy + at, from + at, dx);
    }
}

void gy_max_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          const int32_t *from, float *dx)
{
    const int64_t lines = lines_at_once(p);
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * lines_of(p), lines, {
        line l = line_at(p, i);
        float *to = clear(p, &l, dx);
        for (int64_t j = 0; j < lines; j++) {
            l = line_at(p, i + j);
            hand_back(k->vector, p, &l, dy, from, to);
        }
    });
}

static float share(const gy_pool_window *w)
{
    return 1.0F / (float)(w->planes * w->rows * w->columns);
}

/* Where a pixel of line i of a window lies. */
static int64_t pixel_of(const gy_pool_window *w, int64_t i, int64_t column)
{
    return (w->first + i / w->rows * w->area + i % w->rows * w->width + column) * w->channels;
}

static void average(const gy_vector *v, const gy_pool_window *w, const float *x, float *y)
{
    const int64_t n = w->channels;
    v->fill(n, 0.0F, y);
    for (int64_t i = 0; i < w->planes * w->rows; i++)
        for (int64_t column = 0; column < w->columns; column++)
            v->axpby(n, 1.0F, x + pixel_of(w, i, column), 1.0F, y);
    v->axpby(n, share(w), y, 0.0F, y);
}

void gy_avg_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * lines_of(p), 1, {
        const line l = line_at(p, i);
        const gy_pool_window all = windows_of(p, l.plane, l.row);
        for (int64_t column = 0; column < p->axis[GY_WIDTH].out; column++) {
            const gy_pool_window w = window_of(p, all, column);
            average(k->vector, &w, x + l.sample * image(p), y + l.at + column * p->channels);
        }
    });
}

/* A line's gradients. */
static void hand_out(const gy_vector *v, const gy_pooling *p, const line *l, const float *dy,
                     float *dx)
{
    const int64_t n = p->channels;
    const gy_pool_window all = windows_of(p, l->plane, l->row);
    dy += l->at;
    for (int64_t at = 0; at < p->axis[GY_WIDTH].out; at++, dy += n) {
        const gy_pool_window w = window_of(p, all, at);
        for (int64_t i = 0; i < w.planes * w.rows; i++)
            for (int64_t column = 0; column < w.columns; column++)
                v->axpby(n, share(&w), dy, 1.0F, dx + pixel_of(&w, i, column));
    }
}

void gy_avg_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          float *dx)
{
    const int64_t lines = lines_at_once(p);
    GY_SPREAD(gy_team(k, batch * image(p), COST), i, batch * lines_of(p), lines, {
        line l = line_at(p, i);
        float *to = clear(p, &l, dx);
        for (int64_t j = 0; j < lines; j++) {
            l = line_at(p, i + j);
            hand_out(k->vector, p, &l, dy, to);
        }
    });
}
