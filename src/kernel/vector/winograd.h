/** Winograd's transforms of one tile: see winograd.c. */
#ifndef GY_KERNEL_VECTOR_WINOGRAD_H
#define GY_KERNEL_VECTOR_WINOGRAD_H

#include "unit.h"

#define GY_VECTOR_WINOGRAD_LIST(X)                                                                 \
    X(void, winograd_input, (int64_t n, const float *const *x, float *v, int64_t step))            \
    X(void, winograd_gradient,                                                                     \
      (int kernel, int64_t n, const float *const *dy, float *d, int64_t step))                     \
    X(void, winograd_output,                                                                       \
      (int kernel, int64_t n, const float *m, int64_t step, const float *bias, bool relu,          \
       float *const *y))                                                                           \
    X(void, winograd_weight,                                                                       \
      (int kernel, int64_t n, const float *w, int64_t w_step, bool flip, float *u, int64_t step))  \
    X(void, winograd_weight_gradient,                                                              \
      (int kernel, int64_t n, const float *du, int64_t step, float beta, float *dw))

GY_VECTOR_WINOGRAD_LIST(GY_UNIT)

#endif
