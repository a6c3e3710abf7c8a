/** Activations, elementwise but for softmax (over the last axis). */
#ifndef GY_KERNEL_ACTIVATION_H
#define GY_KERNEL_ACTIVATION_H

#include "kernel.h"

#include <stdbool.h>

/**
 * X(name, reads_x, halves): the elementwise ones; the loops of each are made of forward_name and
 * backward_name in vector/activation.c.
 *
 * reads_x  the derivative is computed from x; of the others from y alone
 * halves   about half of what it is given becomes nearly 0: weights before it start √2 larger
 */
#define GY_ELEMENTWISE_LIST(X)                                                                     \
    X(none, false, false)                                                                          \
    X(relu, false, true)                                                                           \
    X(leaky_relu, false, true)                                                                     \
    X(elu, false, true)                                                                            \
    X(gelu, true, true)                                                                            \
    X(gelu_tanh, true, true)                                                                       \
    X(silu, true, true)                                                                            \
    X(sigmoid, false, false)                                                                       \
    X(tanh, false, false)                                                                          \
    X(softplus, false, false)
/** All of them. */
#define GY_ACTIVATION_LIST(X) GY_ELEMENTWISE_LIST(X) X(softmax, false, false)
#define GY_ACTIVATION_ENUM(name, ...) GY_ACTIVATION_##name,
typedef enum gy_activation {
    GY_ACTIVATION_LIST(GY_ACTIVATION_ENUM) GY_ACTIVATION_COUNT
} gy_activation;
#undef GY_ACTIVATION_ENUM

extern const char *const gy_activation_names[GY_ACTIVATION_COUNT + 1]; /* NULL-terminated */

bool gy_activation_reads_x(gy_activation a);
bool gy_activation_halves(gy_activation a);

/** y = a(x), [rows, columns]; y may be x. */
void gy_activation_forward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                           const float *x, float *y);

/** dx = a'(x) dy; x is read only where gy_activation_reads_x, y only elsewhere; dx may be dy. */
void gy_activation_backward(const gy_kernel *k, gy_activation a, int64_t rows, int64_t columns,
                            const float *x, const float *y, const float *dy, float *dx);

/** y = a(x), slope = a'(x) of n elements, in one pass; not of softmax. slope may be x. */
void gy_activation_slope(const gy_kernel *k, gy_activation a, int64_t n, const float *x, float *y,
                         float *slope);

#endif
