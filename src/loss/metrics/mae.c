/* The mean absolute error over all outputs. */
#include "../loss_impl.h"
#include "../metric_list.h"

#include "kernel/loss.h"

static void add(const gy_loss_batch *b, double *values)
{
    values[0] +=
        gy_absolute_error(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight, 0.0f, NULL);
}

const gy_metric_kind gy_metric_mae = {
    .kind = {.name = "mae", .help = "mean absolute error"},
    .targets = GY_TARGET_VALUE,
    .add = add,
};
