/** Maxima of the window of one output of a pool. */
#ifndef GY_KERNEL_VECTOR_POOL_H
#define GY_KERNEL_VECTOR_POOL_H

#include "unit.h"

/**
 * What of a window lies within the grid: pixels first + plane area + row width + column of
 * `channels` floats each; plane < planes, row < rows, column < columns.
 */
typedef struct gy_pool_window {
    int64_t channels;
    int64_t first, planes, rows, columns, area, width;
} gy_pool_window;

/** Maxima of one window: see kernel/pooling.c; `from` may be NULL. add: dx += … */
#define GY_VECTOR_POOL_LIST(X)                                                                     \
    X(void, pool_maximum,                                                                          \
      (const gy_pool_window *w, const float *x, float *y, bool mask, int32_t *from))               \
    X(void, pool_maximum_gradient,                                                                 \
      (const gy_pool_window *w, bool add, const float *dy, const int32_t *from, float *dx))

GY_VECTOR_POOL_LIST(GY_UNIT)

#endif
