/* Maxima of windows at one level: a vector of channels at a time, over all pixels of the window. */
#include "pool.h"
#include "wide.h"

INLINE bits get_numbers(const int32_t *from, int64_t at, int64_t n)
{
    bits v = {0};
    memcpy(&v, from + at, at + WIDTH <= n ? sizeof v : sizeof(int32_t) * (size_t)(n - at));
    return v;
}

INLINE void put_numbers(int32_t *to, int64_t at, int64_t n, bits v)
{
    memcpy(to + at, &v, at + WIDTH <= n ? sizeof v : sizeof(int32_t) * (size_t)(n - at));
}

/* a where the mask is set, else b. */
INLINE bits choose(bits mask, bits a, bits b)
{
    return (a & mask) | (b & ~mask);
}

/* The first pixel of a line of a window. */
INLINE int64_t line_of(const gy_pool_window *w, int64_t line)
{
    int64_t plane = w->planes == 1 ? 0 : line / w->rows;
    return w->first + plane * w->area + (line - plane * w->rows) * w->width;
}

/* The first of equals is taken, and the first NaN stays; masked: from −1 where it is not above 0. */
INLINE void maximum(const gy_pool_window *w, int64_t at, const float *x, float *y, bool mask,
                    int32_t *from)
{
    const int64_t n = w->channels;
    vec most = get(x + w->first * n, at, n);
    bits place = (bits){0} + (int32_t)w->first;
    for (int64_t line = 0; line < w->planes * w->rows; line++) {
        int64_t pixel = line_of(w, line);
        for (int64_t end = pixel + w->columns; pixel < end; pixel++) {
            vec v = get(x + pixel * n, at, n);
            bits larger = ~(v <= most) & (most == most);
            most = (vec)choose(larger, (bits)v, (bits)most);
            place = choose(larger, (bits){0} + (int32_t)pixel, place);
        }
    }
    put(y, at, n, most);
    if (mask) place |= most <= (vec){0};
    if (from != NULL) put_numbers(from, at, n, place);
}

void GY_OF_LEVEL(pool_maximum)(const gy_pool_window *w, const float *x, float *y, bool mask,
                               int32_t *from)
{
    for (int64_t at = 0; at < w->channels; at += WIDTH) {
        if (from != NULL)
            maximum(w, at, x, y, mask, from);
        else
            maximum(w, at, x, y, false, NULL);
    }
}

/* dx [+]= dy where the maximum is from. */
INLINE void hand_back(const gy_pool_window *w, int64_t at, bool add, const float *dy,
                      const int32_t *from, float *dx)
{
    const int64_t n = w->channels;
    bits g = (bits)get(dy, at, n), place = get_numbers(from, at, n);
    for (int64_t line = 0; line < w->planes * w->rows; line++) {
        int64_t pixel = line_of(w, line);
        for (int64_t end = pixel + w->columns; pixel < end; pixel++) {
            float *to = dx + pixel * n;
            vec v = (vec)(g & (place == (bits){0} + (int32_t)pixel));
            put(to, at, n, add ? get(to, at, n) + v : v);
        }
    }
}

void GY_OF_LEVEL(pool_maximum_gradient)(const gy_pool_window *w, bool add, const float *dy,
                                        const int32_t *from, float *dx)
{
    for (int64_t at = 0; at < w->channels; at += WIDTH) {
        if (add)
            hand_back(w, at, true, dy, from, dx);
        else
            hand_back(w, at, false, dy, from, dx);
    }
}
