/**
 * Pools of grids, channels last: x [batch, depth, height, width, channels] → y [batch, windows,
 * channels]; each output is of one window of one channel. What a window has beyond the edges does not
 * count, and no window lies beyond them as a whole. Local, spread over the kernel's threads by rows of
 * outputs, backward by samples where the windows of rows overlap.
 */
#ifndef GY_KERNEL_POOLING_H
#define GY_KERNEL_POOLING_H

#include "kernel.h"
#include "windows.h"

#include <stdbool.h>

typedef struct gy_pooling {
    gy_window axis[GY_AXES]; /* fewer than 2³¹ positions; the dilation is not read */
    int64_t channels;
} gy_pooling;

/**
 * Maxima; NaN is larger than everything.
 *
 * @param mask  whether maxima that are not above 0 come from nowhere, so that nothing is handed
 *              back to them: the slope of a relu that made x
 * @param from  as y, takes the position within the sample of each maximum, of the first in
 *              row-major order among equals; NULL where no backward pass follows
 */
void gy_max_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y, bool mask, int32_t *from);
void gy_max_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          const int32_t *from, float *dx);

/** Means. */
void gy_avg_pool_forward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *x,
                         float *y);
void gy_avg_pool_backward(const gy_kernel *k, const gy_pooling *p, int64_t batch, const float *dy,
                          float *dx);

#endif
