/** Activations, elementwise but for softmax (over the last axis). */
#ifndef GY_KERNEL_ACTIVATION_H
#define GY_KERNEL_ACTIVATION_H

#include "kernel.h"

#include <stdbool.h>

/** X(name, backward reads x): the others' derivative is a function of y alone. */
#define GY_ACTIVATION_LIST(X)                                                                      \
    X(none, false)                                                                                 \
    X(relu, false)                                                                                 \
    X(leaky_relu, false)                                                                           \
    X(elu, false)                                                                                  \
    X(gelu, true)                                                                                  \
    X(gelu_tanh, true)                                                                             \
    X(silu, true)                                                                                  \
    X(sigmoid, false)                                                                              \
    X(tanh, false)                                                                                 \
    X(softplus, false)                                                                             \
    X(softmax, false)
#define GY_ACTIVATION_ENUM(name, reads_x) GY_ACTIVATION_##name,
typedef enum gy_activation {
    GY_ACTIVATION_LIST(GY_ACTIVATION_ENUM) GY_ACTIVATION_COUNT
} gy_activation;
#undef GY_ACTIVATION_ENUM

extern const char *const gy_activation_names[GY_ACTIVATION_COUNT + 1]; /* NULL-terminated */

bool gy_activation_reads_x(gy_activation a);

/** y = a(x), [rows, columns]; y may be x. */
void gy_activation_forward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                           const float *x, float *y);

/** dx = a'(x) dy; x is read only where gy_activation_reads_x, y only elsewhere; dx may be dy. */
void gy_activation_backward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                            const float *x, const float *y, const float *dy, float *dx);

/** y = a(x), slope = a'(x) of n elements; where gy_activation_reads_x alone. slope may be x. */
void gy_activation_slope(const gy_kernel *k, gy_activation a, int64_t n, const float *x, float *y,
                         float *slope);

#endif
