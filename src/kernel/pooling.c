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
    if (top < 0) top = 0;
    if (left < 0) left = 0;
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

void gy_max_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y, bool mask, int32_t *from)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), n, batch, 1, {
        int64_t at = n * outputs(p);
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, at += p->channels) {
                const gy_pool_window w = window_of(p, row, column);
                k->vector->pool_maximum(&w, x + n * image(p), y + at, mask,
                                        from == NULL ? NULL : from + at);
            }
    });
}

void gy_max_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          const int32_t *from, float *dx)
{
    const bool add = !are_apart(p);
    GY_SPREAD(gy_team(k, batch * image(p), COST), n, batch, 1, {
        float *out = dx + n * image(p);
        int64_t at = n * outputs(p);
        memset(out, 0, sizeof *out * (size_t)image(p));
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, at += p->channels) {
                const gy_pool_window w = window_of(p, row, column);
                k->vector->pool_maximum_gradient(&w, add, dy + at, from + at, out);
            }
    });
}

static float share(const gy_pool_window *w)
{
    return 1.0F / (float)(w->rows * w->columns);
}

static void avg_window(const gy_vector *v, const gy_pool_window *w, const float *x, float *y)
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
    GY_SPREAD(gy_team(k, batch * image(p), COST), n, batch, 1, {
        float *out = y + n * outputs(p);
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, out += p->channels) {
                const gy_pool_window w = window_of(p, row, column);
                avg_window(k->vector, &w, x + n * image(p), out);
            }
    });
}

static void spread(const gy_vector *v, const gy_pool_window *w, const float *dy, float *dx)
{
    const int64_t n = w->channels;
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t column = 0; column < w->columns; column++)
            v->axpby(n, share(w), dy, 1.0F, dx + (w->first + row * w->width + column) * n);
}

void gy_avg_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          float *dx)
{
    GY_SPREAD(gy_team(k, batch * image(p), COST), n, batch, 1, {
        const float *in = dy + n * outputs(p);
        memset(dx + n * image(p), 0, sizeof *dx * (size_t)image(p));
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, in += p->channels) {
                const gy_pool_window w = window_of(p, row, column);
                spread(k->vector, &w, in, dx + n * image(p));
            }
    });
}
