/* The mean over samples of ‖y − t‖ / ‖t‖, norms being over all elements of a sample. */
#include "../loss_impl.h"
#include "../metric_list.h"

#include "kernel/loss.h"

enum { ERRORS, SAMPLES, ALL };

static int sums(int64_t classes)
{
    (void)classes;
    return ALL;
}

static void add(const gy_loss_batch *b, double *values)
{
    values[ERRORS] +=
        gy_relative_error(b->kernel, b->batch, b->outputs, b->y, b->target, b->samples, 0.0f, NULL);
    for (int64_t i = 0; i < b->batch; i++)
        values[SAMPLES] += b->samples == NULL ? 1.0 : (double)b->samples[i];
}

static double value(const double *values, int64_t classes, double count)
{
    (void)classes;
    (void)count;
    return values[ERRORS] / values[SAMPLES];
}

const gy_metric_kind gy_metric_relative_l2 = {
    .kind = {.name = "relative_l2",
             .help = "norm of a sample's error over that of its target, mean over samples"},
    .targets = GY_TARGET_VALUE,
    .whole = true,
    .sums = sums,
    .add = add,
    .value = value,
};
