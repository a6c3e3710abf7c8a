/** Updates: see kernel/update.h. */
#ifndef GY_KERNEL_VECTOR_UPDATE_H
#define GY_KERNEL_VECTOR_UPDATE_H

#include "../update.h"
#include "unit.h"

#define GY_VECTOR_UPDATE_LIST(X)                                                                   \
    X(double, penalize, (int64_t n, float l1, float l2, const float *w, float *g))                 \
    X(void, update_plain,                                                                          \
      (int64_t n, float rate, float clip, float decay, float *w, const float *g))                  \
    X(void, update_momentum,                                                                       \
      (int64_t n, float rate, float clip, float decay, float momentum, bool nesterov, float *w,    \
       const float *g, float *v))                                                                  \
    X(void, update_squares,                                                                        \
      (int64_t n, float rate, float clip, float decay, float keep, float share, float epsilon,     \
       float *w, const float *g, float *v))                                                        \
    X(void, update_moments,                                                                        \
      (int64_t n, const gy_moments *u, float *w, const float *g, float *m, float *v))              \
    X(double, moments_squares,                                                                     \
      (int64_t n, const gy_moments *u, const float *w, const float *g, const float *m,             \
       const float *v))

GY_VECTOR_UPDATE_LIST(GY_UNIT)

#endif
