/** Losses: see kernel/loss.h; weight and dy may be NULL. */
#ifndef GY_KERNEL_VECTOR_LOSS_H
#define GY_KERNEL_VECTOR_LOSS_H

#include "unit.h"

#define GY_VECTOR_LOSS_LIST(X)                                                                     \
    X(double, softmax_cross_entropy,                                                               \
      (int64_t rows, int64_t classes, const float *logits, const float *label,                     \
       const float *weight, float smoothing, float scale, float *dlogits))                         \
    X(double, sigmoid_cross_entropy,                                                               \
      (int64_t n, const float *logits, const float *target, const float *weight, float scale,      \
       float *dlogits))                                                                            \
    X(double, softmax_divergence,                                                                  \
      (int64_t rows, int64_t classes, const float *logits, const float *teacher,                   \
       const float *weight, float temperature, float scale, float *dlogits))                       \
    X(double, sigmoid_divergence,                                                                  \
      (int64_t n, const float *logits, const float *teacher, const float *weight,                  \
       float temperature, float scale, float *dlogits))                                            \
    X(double, squared_error,                                                                       \
      (int64_t n, const float *y, const float *target, const float *weight, float scale,           \
       float *dy))                                                                                 \
    X(double, absolute_error,                                                                      \
      (int64_t n, const float *y, const float *target, const float *weight, float scale,           \
       float *dy))                                                                                 \
    X(double, huber_error,                                                                         \
      (int64_t n, const float *y, const float *target, const float *weight, float delta,           \
       float scale, float *dy))                                                                    \
    X(double, gaussian_nll,                                                                        \
      (int64_t rows, int64_t n, const float *y, const float *target, const float *weight,          \
       float scale, float *dy))                                                                    \
    X(double, quantile_error,                                                                      \
      (int64_t n, int64_t quantiles, const float *quantile, const float *y, const float *target,   \
       const float *weight, float scale, float *dy))

GY_VECTOR_LOSS_LIST(GY_UNIT)

#endif
