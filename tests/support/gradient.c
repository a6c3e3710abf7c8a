#include "gradient.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double along(const gy_gradient_check *check, int64_t n, float *x, const float *start,
                    const double *d, double h)
{
    double loss[2], reach = 0;
    for (int side = 0; side < 2; side++) {
        for (int64_t i = 0; i < n; i++) x[i] = (float)(start[i] + (side == 0 ? h : -h) * d[i]);
        loss[side] = check->loss(check->user);
    }
    reach = 2 * h;
    return (loss[0] - loss[1]) / reach;
}

/* Half along the gradient, where the signal is, half at random, where mistakes are. */
static void choose(int64_t n, const float *g, double norm, gy_rng key, uint64_t number, double *d)
{
    double sum = 0, mix = 0;
    for (int64_t i = 0; i < n; i++) {
        d[i] = gy_rng_normal(key, (uint64_t)i, number);
        sum += d[i] * d[i];
    }
    for (int64_t i = 0; i < n; i++) {
        d[i] /= sqrt(sum);
        if (norm > 0 && number % 2 == 0) d[i] += g[i] / norm;
        mix += d[i] * d[i];
    }
    for (int64_t i = 0; i < n; i++) d[i] /= sqrt(mix);
}

gy_gradient_result gy_gradient_compare(const gy_gradient_check *check, int64_t n, float *x,
                                       const float *g, uint64_t seed)
{
    gy_gradient_result r = {0};
    double step = check->step > 0 ? check->step : 0.02;
    double tolerance = check->tolerance > 0 ? check->tolerance : 0.01;
    double floor = check->floor > 0 ? check->floor : 2e-4;
    int directions = check->directions > 0 ? check->directions : 6;
    float *start = malloc((size_t)n * sizeof *start);
    double *d = malloc((size_t)n * sizeof *d);
    if (start == NULL || d == NULL) abort();
    memcpy(start, x, (size_t)n * sizeof *start);
    for (int64_t i = 0; i < n; i++) r.norm += (double)g[i] * g[i];
    r.norm = sqrt(r.norm);
    for (int k = 0; k < directions; k++) {
        choose(n, g, r.norm, (gy_rng){seed, GY_RNG_INIT, 77}, (uint64_t)k, d);
        double want = 0;
        for (int64_t i = 0; i < n; i++) want += d[i] * g[i];
        double wide = along(check, n, x, start, d, step);
        double narrow = along(check, n, x, start, d, step / 2);
        double allowed = tolerance * r.norm + floor;
        /* much curved: the two steps must agree better than what is allowed afterwards */
        for (int turn = 0; turn < 2 && fabs(wide - narrow) > allowed / 4; turn++) {
            wide = along(check, n, x, start, d, step / (4 << turn));
            narrow = along(check, n, x, start, d, step / (8 << turn));
        }
        if (fabs(wide - narrow) > 3 * allowed) continue; /* a kink */
        double error = fabs((4 * narrow - wide) / 3 - want);
        r.used++;
        if (!(error <= allowed)) r.failed++;
        if (error / (r.norm + floor) > r.worst) r.worst = error / (r.norm + floor);
    }
    memcpy(x, start, (size_t)n * sizeof *start);
    free(start);
    free(d);
    return r;
}
