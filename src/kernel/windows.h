/**
 * Windows that slide over the axes of a grid: of convolutions and pools. There are three axes, depth,
 * height and width; an image is a grid of depth 1, a sequence one of height 1 too.
 */
#ifndef GY_KERNEL_WINDOWS_H
#define GY_KERNEL_WINDOWS_H

#include <stdint.h>

enum { GY_DEPTH, GY_HEIGHT, GY_WIDTH, GY_AXES };

/**
 * One axis: output p is of the positions p stride + i dilation − before, i < size, of `in`. What else
 * is read beyond the edges follows from `out`.
 */
typedef struct gy_window {
    int64_t in, size, stride, dilation, before, out;
} gy_window;

/** An axis that is not there. */
#define GY_WINDOW_NONE ((gy_window){.in = 1, .size = 1, .stride = 1, .dilation = 1, .out = 1})

/** Positions under a window. */
static inline int64_t gy_window_reach(const gy_window *w)
{
    return (w->size - 1) * w->dilation + 1;
}

/** Positions of the input, windows, and positions of a window, over all axes. */
static inline int64_t gy_windows_in(const gy_window w[GY_AXES])
{
    return w[GY_DEPTH].in * w[GY_HEIGHT].in * w[GY_WIDTH].in;
}

static inline int64_t gy_windows_out(const gy_window w[GY_AXES])
{
    return w[GY_DEPTH].out * w[GY_HEIGHT].out * w[GY_WIDTH].out;
}

static inline int64_t gy_windows_size(const gy_window w[GY_AXES])
{
    return w[GY_DEPTH].size * w[GY_HEIGHT].size * w[GY_WIDTH].size;
}

#endif
