/**
 * Transposed convolution: y [batch, positions, channels] += w x [batch, windows, filters], the passes
 * of the convolution `c` from y to x with their roles changed. What it calls channels are those of y,
 * filters those of x; the weight is turned, w [channels, kernel sizes, filters]. c->groups is 1.
 */
#ifndef GY_KERNEL_CONV_TRANSPOSED_H
#define GY_KERNEL_CONV_TRANSPOSED_H

#include "conv.h"

/** Floats that a pass needs, whatever the batch; c is planned. */
int64_t gy_conv_transposed_scratch(const gy_conv *c);

/** y = a(… + bias), bias [channels] or NULL; z as in gy_conv_forward(). */
void gy_conv_transposed_forward(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                                const float *w, const float *bias, gy_activation a, float *z,
                                float *y, float *scratch);

/** dx from dz. */
void gy_conv_transposed_backward_data(const gy_kernel *k, const gy_conv *c, int64_t batch,
                                      const float *w, const float *dz, float *dx, float *scratch);

/** dw = beta dw + …; beta = 0 does not read dw. */
void gy_conv_transposed_backward_weight(const gy_kernel *k, const gy_conv *c, int64_t batch,
                                        const float *x, const float *dz, float beta, float *dw,
                                        float *scratch);

#endif
