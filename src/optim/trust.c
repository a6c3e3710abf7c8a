/* What lars and lamb have in common: steps in proportion to the norm of a tensor's weights. */
#include "optim_impl.h"

#include <math.h>

int64_t gy_trust_sums(const gy_param *tensor, int round)
{
    (void)tensor;
    (void)round;
    return 2;
}

double gy_trust_ratio(double w_norm, double d_norm)
{
    return w_norm > 0.0 && d_norm > 0.0 ? w_norm / d_norm : 1.0;
}
