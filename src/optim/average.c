/* The exponential moving average of parameters that evaluation may use instead of the parameters. */
#include "optim.h"

#include "kernel/elementwise.h"

void gy_average_update(const gy_kernel *k, double decay, int64_t n, const float *w, float *average)
{
    gy_axpby(k, n, (float)(1.0 - decay), w, (float)decay, average);
}
