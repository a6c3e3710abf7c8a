/**
 * Updates of parameters: one fused pass over weights w, gradient g and state. The gradient that
 * counts is g' = clip g + decay w, where `decay` is 0 unless the method adds its weight decay there.
 * State (v, m) that would be denormal is 0.
 */
#ifndef GY_KERNEL_UPDATE_H
#define GY_KERNEL_UPDATE_H

#include "kernel.h"

#include <stdbool.h>

/** g += l1 sign(w) + l2 w. @return Σ g² after that, in double */
double gy_penalize(const gy_kernel *k, int64_t n, float l1, float l2, const float *w, float *g);

/** w −= rate g'. */
void gy_update_plain(const gy_kernel *k, int64_t n, float rate, float clip, float decay, float *w,
                     const float *g);

/** v = momentum v + g'; w −= rate v or, with nesterov, rate (g' + momentum v). */
void gy_update_momentum(const gy_kernel *k, int64_t n, float rate, float clip, float decay,
                        float momentum, bool nesterov, float *w, const float *g, float *v);

/** v = keep v + share g'²; w −= rate g' / (√v + epsilon). */
void gy_update_squares(const gy_kernel *k, int64_t n, float rate, float clip, float decay,
                       float keep, float share, float epsilon, float *w, const float *g, float *v);

/** Constants of the methods with two moments. */
typedef struct gy_moments {
    float clip, decay;   /* of g' */
    float beta1, share1; /* m = beta1 m + share1 g' */
    float beta2, share2; /* v = beta2 v + share2 g'² */
    float correct1;      /* m̂ = correct1 m */
    float correct2;      /* √v̂ = correct2 √v */
    float epsilon;
    float rate;   /* of m̂ / (√v̂ + epsilon) */
    float shrink; /* of w itself */
} gy_moments;

/** m, v as above; w −= shrink w + rate m̂ / (√v̂ + epsilon). */
void gy_update_moments(const gy_kernel *k, int64_t n, const gy_moments *u, float *w, const float *g,
                       float *m, float *v);

/** Σ (shrink w + rate m̂ / (√v̂ + epsilon))² of the update to come, which changes nothing. */
double gy_moments_squares(const gy_kernel *k, int64_t n, const gy_moments *u, const float *w,
                          const float *g, const float *m, const float *v);

#endif
