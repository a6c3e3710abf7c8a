/** Activations, and softmax by rows: see kernel/activation.h. */
#ifndef GY_KERNEL_VECTOR_ACTIVATION_H
#define GY_KERNEL_VECTOR_ACTIVATION_H

#include "../activation.h"
#include "unit.h"

#define GY_VECTOR_ACTIVATION_LIST(X)                                                               \
    /* all but softmax */                                                                          \
    X(void, activation_forward, (gy_activation a, int64_t n, const float *x, float *y))            \
    X(void, activation_backward,                                                                   \
      (gy_activation a, int64_t n, const float *x, const float *y, const float *dy, float *dx))    \
    /* y apart from x */                                                                           \
    X(void, activation_slope,                                                                      \
      (gy_activation a, int64_t n, const float *x, float *y, float *slope))                        \
    X(void, softmax_forward, (int64_t rows, int64_t columns, const float *x, float *y))            \
    X(void, softmax_backward,                                                                      \
      (int64_t rows, int64_t columns, const float *y, const float *dy, float *dx))

GY_VECTOR_ACTIVATION_LIST(GY_UNIT)

#endif
