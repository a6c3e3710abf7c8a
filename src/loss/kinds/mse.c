/* Mean squared error: e², e = y − target. */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    (void)values;
    return gy_squared_error(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight, scale,
                            dy);
}

const gy_loss_kind gy_loss_mse = {
    .kind = {.name = "mse", .help = "mean of the squared errors"},
    .target = GY_TARGET_VALUE,
    .run = run,
};
