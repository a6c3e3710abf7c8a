/*
 * The exponential moving average of parameters that evaluation may use instead of the parameters. By
 * the difference, so that what does not change stays as it is to the bit.
 */
#include "optim.h"

#include "kernel/elementwise.h"

#include <math.h>

void gy_average_update(const gy_kernel *k, double decay, int64_t count, int64_t n, const float *w,
                       float *average)
{
    const double t = (double)count;
    gy_lerp(k, n, (float)(1.0 - fmin(decay, (1.0 + t) / (10.0 + t))), w, average);
}
