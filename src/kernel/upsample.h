/**
 * Grids made finer by whole factors, channels last: each output is of two positions of the input along
 * each axis. Local, spread over the kernel's threads by lines of outputs, backward by samples.
 */
#ifndef GY_KERNEL_UPSAMPLE_H
#define GY_KERNEL_UPSAMPLE_H

#include "kernel.h"
#include "vector/upsample.h"
#include "windows.h"

#include <stdbool.h>

typedef struct gy_upsample {
    int64_t in[GY_AXES], out[GY_AXES], channels;
    const gy_tap *taps[GY_AXES]; /* [out] */
    int threads;
} gy_upsample;

/**
 * What output i of an axis of `in` positions is made of.
 *
 * @param linear  between the two next to (i + ½) / factor − ½, the edges standing for what is beyond;
 *                else the position i / factor
 */
gy_tap gy_upsample_tap(int64_t i, int64_t factor, int64_t in, bool linear);

/** Floats that a pass needs, whatever the batch. */
int64_t gy_upsample_scratch(const gy_upsample *u);

void gy_upsample_forward(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *x,
                         float *y, float *scratch);
void gy_upsample_backward(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *dy,
                          float *dx, float *scratch);

#endif
