/* The root of the mean squared error over all outputs. */
#include "../loss_impl.h"
#include "../metric_list.h"

#include "kernel/loss.h"

#include <math.h>

static void add(const gy_loss_batch *b, double *values)
{
    values[0] +=
        gy_squared_error(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight, 0.0f, NULL);
}

static double value(const double *values, int64_t classes, double count)
{
    (void)classes;
    return sqrt(values[0] / count);
}

const gy_metric_kind gy_metric_rmse = {
    .kind = {.name = "rmse", .help = "root of the mean squared error"},
    .targets = GY_TARGET_VALUE,
    .add = add,
    .value = value,
};
