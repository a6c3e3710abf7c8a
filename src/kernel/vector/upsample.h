/** Lines of grids that are made finer: see kernel/upsample.h. */
#ifndef GY_KERNEL_VECTOR_UPSAMPLE_H
#define GY_KERNEL_VECTOR_UPSAMPLE_H

#include "unit.h"

/** An output is (1 − share) of one position and share of the other. */
typedef struct gy_tap {
    int64_t one, other;
    float share;
} gy_tap;

#define GY_VECTOR_UPSAMPLE_LIST(X)                                                                 \
    /* y [n, channels] of x, by a tap each */                                                      \
    X(void, upsample_line,                                                                         \
      (int64_t n, int64_t channels, const gy_tap *taps, const float *x, float *y))                 \
    /* dx += what dy [n, channels] hands back */                                                   \
    X(void, upsample_line_gradient,                                                                \
      (int64_t n, int64_t channels, const gy_tap *taps, const float *dy, float *dx))

GY_VECTOR_UPSAMPLE_LIST(GY_UNIT)

#endif
