/*
 * Pools: for each output position a loop over the elements of its window, and inside it over the
 * channels, which lie side by side and so go in vectors.
 */
#include "pooling.h"

#include <string.h>

/* The part of a window that is within the image: rows [top, bottom), columns [left, right). */
typedef struct window {
    int64_t top, bottom, left, right;
} window;

static window window_of(const gy_pooling *p, int64_t row, int64_t column)
{
    int64_t top = row * p->stride_h - p->pad_top, left = column * p->stride_w - p->pad_left;
    int64_t bottom = top + p->size_h, right = left + p->size_w;
    return (window){top < 0 ? 0 : top, bottom > p->height ? p->height : bottom, left < 0 ? 0 : left,
                    right > p->width ? p->width : right};
}

static int64_t image(const gy_pooling *p)
{
    return p->height * p->width * p->channels;
}

static int64_t outputs(const gy_pooling *p)
{
    return p->out_height * p->out_width * p->channels;
}

/* y = max(y, x) and where it comes from; the first NaN stays. */
static void take(int64_t n, const float *restrict x, float *restrict y, int32_t at,
                 int32_t *restrict from)
{
    for (int64_t c = 0; c < n; c++) {
        bool larger = !(x[c] <= y[c]) && y[c] == y[c];
        y[c] = larger ? x[c] : y[c];
        from[c] = larger ? at : from[c];
    }
}

static void take_value(int64_t n, const float *restrict x, float *restrict y)
{
    for (int64_t c = 0; c < n; c++) {
        bool larger = !(x[c] <= y[c]) && y[c] == y[c];
        y[c] = larger ? x[c] : y[c];
    }
}

static void max_window(const gy_pooling *p, window v, const float *x, float *y, int32_t *from)
{
    int64_t n = p->channels, first = v.top * p->width + v.left;
    memcpy(y, x + first * n, sizeof *y * (size_t)n);
    for (int64_t c = 0; from != NULL && c < n; c++) from[c] = (int32_t)first;
    for (int64_t row = v.top; row < v.bottom; row++) {
        for (int64_t column = v.left; column < v.right; column++) {
            int64_t at = row * p->width + column;
            if (from == NULL)
                take_value(n, x + at * n, y);
            else
                take(n, x + at * n, y, (int32_t)at, from);
        }
    }
}

void gy_max_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y, int32_t *from)
{
#pragma omp parallel for schedule(static) num_threads(gy_kernel_threads(k))
    for (int64_t n = 0; n < batch; n++) {
        int64_t at = n * outputs(p);
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, at += p->channels)
                max_window(p, window_of(p, row, column), x + n * image(p), y + at,
                           from == NULL ? NULL : from + at);
    }
}

void gy_max_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          const int32_t *from, float *dx)
{
    int64_t n = p->channels;
#pragma omp parallel for schedule(static) num_threads(gy_kernel_threads(k))
    for (int64_t s = 0; s < batch; s++) {
        float *out = dx + s * image(p);
        memset(out, 0, sizeof *out * (size_t)image(p));
        for (int64_t at = s * outputs(p); at < (s + 1) * outputs(p); at += n)
            for (int64_t c = 0; c < n; c++) out[from[at + c] * n + c] += dy[at + c];
    }
}

static float share(window v)
{
    return 1.0F / (float)((v.bottom - v.top) * (v.right - v.left));
}

static void add(int64_t n, float scale, const float *restrict x, float *restrict y)
{
    for (int64_t c = 0; c < n; c++) y[c] += scale * x[c];
}

static void avg_window(const gy_pooling *p, window v, const float *x, float *restrict y)
{
    int64_t n = p->channels;
    memset(y, 0, sizeof *y * (size_t)n);
    for (int64_t row = v.top; row < v.bottom; row++)
        for (int64_t column = v.left; column < v.right; column++)
            add(n, 1, x + (row * p->width + column) * n, y);
    float scale = share(v);
    for (int64_t c = 0; c < n; c++) y[c] *= scale;
}

void gy_avg_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y)
{
#pragma omp parallel for schedule(static) num_threads(gy_kernel_threads(k))
    for (int64_t n = 0; n < batch; n++) {
        float *out = y + n * outputs(p);
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, out += p->channels)
                avg_window(p, window_of(p, row, column), x + n * image(p), out);
    }
}

static void spread(const gy_pooling *p, window v, const float *dy, float *dx)
{
    int64_t n = p->channels;
    for (int64_t row = v.top; row < v.bottom; row++)
        for (int64_t column = v.left; column < v.right; column++)
            add(n, share(v), dy, dx + (row * p->width + column) * n);
}

void gy_avg_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          float *dx)
{
#pragma omp parallel for schedule(static) num_threads(gy_kernel_threads(k))
    for (int64_t n = 0; n < batch; n++) {
        const float *in = dy + n * outputs(p);
        memset(dx + n * image(p), 0, sizeof *dx * (size_t)image(p));
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++, in += p->channels)
                spread(p, window_of(p, row, column), in, dx + n * image(p));
    }
}
