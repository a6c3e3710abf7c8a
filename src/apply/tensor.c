/* What the numbers of a parameter are like: two passes over them, and one for the histogram. */
#include "tensor.h"

#include <math.h>

void gy_tensor_count(const float *v, int64_t n, double least, double greatest, int64_t *bins,
                     int n_bins)
{
    const double width = (greatest - least) / n_bins;
    if (!isfinite(width)) return;
    for (int64_t i = 0; i < n; i++) {
        const double at = width > 0 ? ((double)v[i] - least) / width : 0;
        bins[at > 0 ? (at < n_bins ? (int)at : n_bins - 1) : 0]++;
    }
}

void gy_tensor_measure(gy_anatomy_param *p, const float *v)
{
    double sum = 0, squares = 0, apart = 0;
    int64_t zeros = 0;
    p->min = p->max = (double)v[0];
    for (int64_t i = 0; i < p->count; i++) {
        double x = (double)v[i];
        sum += x;
        squares += x * x;
        zeros += x == 0;
        if (x < p->min) p->min = x;
        if (x > p->max) p->max = x;
    }
    p->mean = sum / (double)p->count;
    for (int64_t i = 0; i < p->count; i++) {
        double d = (double)v[i] - p->mean;
        apart += d * d;
    }
    p->deviation = sqrt(apart / (double)p->count);
    p->norm = sqrt(squares);
    p->zeros = (double)zeros / (double)p->count;
    gy_tensor_count(v, p->count, p->min, p->max, p->histogram, GY_HISTOGRAM);
}
