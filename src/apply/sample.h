/** Draws a token from logits. Local. */
#ifndef GY_APPLY_SAMPLE_H
#define GY_APPLY_SAMPLE_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct gy_sampler {
    gy_context *ctx;
    int64_t n, never; /* tokens; one that is never drawn, −1: none */
    double temperature;
    int64_t top_k;
    float *sorted;  /* [n] */
    double *weight; /* [n] */
} gy_sampler;

/** @param temperature  0: the likeliest  @param top_k  0: all */
gy_status gy_sampler_init(gy_sampler *s, gy_context *ctx, int64_t n, int64_t never,
                          double temperature, int64_t top_k) GY_CHECKED;
void gy_sampler_clear(gy_sampler *s);

/** The token at `u` in [0, 1) of softmax(logits / temperature) over the top_k; ties: the lower one. */
int64_t gy_sampler_draw(gy_sampler *s, const float *logits, double u);

#endif
