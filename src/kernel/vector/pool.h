/** The window of one output of a pool: what of it lies within the image. */
#ifndef GY_KERNEL_VECTOR_POOL_H
#define GY_KERNEL_VECTOR_POOL_H

#include <stdint.h>

/** Pixels first + row width + column, row < rows, column < columns, of `channels` floats each. */
typedef struct gy_pool_window {
    int64_t channels;
    int64_t first, rows, columns, width;
} gy_pool_window;

#endif
