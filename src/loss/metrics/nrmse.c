/* The root of Σ e² / Σ t² over all outputs: an error in units of what is told. */
#include "../loss_impl.h"
#include "../metric_list.h"

#include "kernel/loss.h"

#include <math.h>

enum { ERRORS, TARGETS, ALL };

static int sums(int64_t classes)
{
    (void)classes;
    return ALL;
}

static void add(const gy_loss_batch *b, double *values)
{
    const int64_t n = b->batch * b->outputs;
    values[ERRORS] += gy_squared_error(b->kernel, n, b->y, b->target, b->weight, 0.0f, NULL);
    for (int64_t i = 0; i < n; i++) {
        const double w = gy_loss_weight(b, i), t = (double)b->target[i];
        if (w > 0.0) values[TARGETS] += w * t * t;
    }
}

/* Where all targets are 0, it is 0 if all errors are. */
static double value(const double *values, int64_t classes, double count)
{
    (void)classes;
    (void)count;
    return values[ERRORS] == 0.0 ? 0.0 : sqrt(values[ERRORS] / values[TARGETS]);
}

const gy_metric_kind gy_metric_nrmse = {
    .kind = {.name = "nrmse", .help = "root of the squared errors over the squared targets"},
    .targets = GY_TARGET_VALUE,
    .sums = sums,
    .add = add,
    .value = value,
};
