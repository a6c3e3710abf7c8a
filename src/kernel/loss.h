/**
 * Losses with their gradients in one pass. Each returns the sum over rows or elements, in double, each
 * times its weight, as is its gradient; weight NULL: all count once. What stands where the weight is 0
 * is not looked at. dy may be NULL: the loss only.
 */
#ifndef GY_KERNEL_LOSS_H
#define GY_KERNEL_LOSS_H

#include "kernel.h"

/**
 * Softmax and cross entropy: logits [rows, classes], label [rows] whole numbers in [0, classes); any
 * other label makes loss and gradient NaN. Target (1 − smoothing) one-hot + smoothing / classes.
 *
 * @param weight  [rows]
 * @param scale   dlogits = scale (softmax − target); dlogits may be logits
 * @return Σ rows −Σ target log softmax
 */
double gy_softmax_cross_entropy(const gy_kernel *k, int64_t rows, int64_t classes,
                                const float *logits, const float *label, const float *weight,
                                float smoothing, float scale, float *dlogits);

/** Sigmoid and binary cross entropy on logits, targets in [0, 1]; over n elements. */
double gy_sigmoid_cross_entropy(const gy_kernel *k, int64_t n, const float *logits,
                                const float *target, const float *weight, float scale, float *dy);

/**
 * How far the outputs are from a teacher's, both logits at a temperature T: T² KL(p ‖ q) for p of the
 * teacher's and q of these (Hinton, Vinyals, Dean 2015), whose gradient is scale T (q − p). A softmax of
 * each row; a sigmoid of each of n elements.
 *
 * @param teacher  [rows, classes], [n]; not dlogits
 */
double gy_softmax_divergence(const gy_kernel *k, int64_t rows, int64_t classes, const float *logits,
                             const float *teacher, const float *weight, float temperature,
                             float scale, float *dlogits);
double gy_sigmoid_divergence(const gy_kernel *k, int64_t n, const float *logits,
                             const float *teacher, const float *weight, float temperature,
                             float scale, float *dy);

/** Σ e², |e|, or Huber's (e²/2 within delta, delta (|e| − delta/2) beyond), e = y − target. */
double gy_squared_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                        const float *weight, float scale, float *dy);
double gy_absolute_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                         const float *weight, float scale, float *dy);
double gy_huber_error(const gy_kernel *k, int64_t n, const float *y, const float *target,
                      const float *weight, float delta, float scale, float *dy);

/**
 * (s + (target − mean)² e^−s) / 2 of y [rows, n means, then n logarithms of variances], target and
 * weight [rows, n]; s counts as ±20 beyond these, where its gradient is 0.
 */
double gy_gaussian_nll(const gy_kernel *k, int64_t rows, int64_t n, const float *y,
                       const float *target, const float *weight, float scale, float *dy);

/** The mean of max(q e, (q − 1) e), e = target − y, over the quantiles of each target: y [n, quantiles]. */
double gy_quantile_error(const gy_kernel *k, int64_t n, int64_t quantiles, const float *quantile,
                         const float *y, const float *target, const float *weight, float scale,
                         float *dy);

/** ‖y − target‖ / ‖target‖ of each of the samples [samples, n], weight [samples]; 0 where y = target. */
double gy_relative_error(const gy_kernel *k, int64_t samples, int64_t n, const float *y,
                         const float *target, const float *weight, float scale, float *dy);

#endif
