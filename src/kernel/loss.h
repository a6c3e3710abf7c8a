/** Losses with their gradients in one pass. Each returns the sum over rows or elements, in double. */
#ifndef GY_KERNEL_LOSS_H
#define GY_KERNEL_LOSS_H

#include "kernel.h"

/**
 * Softmax and cross entropy: logits [rows, classes], label [rows] whole numbers in [0, classes); any
 * other label makes loss and gradient NaN. Target (1 − smoothing) one-hot + smoothing / classes.
 *
 * @param scale  dlogits = scale (softmax − target); dlogits may be logits, or NULL: loss only
 * @return Σ rows −Σ target log softmax
 */
double gy_softmax_cross_entropy(const gy_kernel *k, int64_t rows, int64_t classes,
                                const float *logits, const float *label, float smoothing,
                                float scale, float *dlogits);

/** Sigmoid and binary cross entropy on logits, targets in [0, 1]; over n elements. */
double gy_sigmoid_cross_entropy(const gy_kernel *k, int64_t n, const float *logits,
                                const float *target, float scale, float *dy);

/** Σ e², |e|, or Huber's (e²/2 within delta, delta (|e| − delta/2) beyond), e = y − target. */
double gy_squared_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                        float scale, float *dy);
double gy_absolute_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                         float scale, float *dy);
double gy_huber_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                      float delta, float scale, float *dy);

#endif
