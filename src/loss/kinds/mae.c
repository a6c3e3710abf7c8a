/* Mean absolute error: |e|, e = y − target; the gradient at 0 is 0. */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    (void)values;
    return gy_absolute_error(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight, scale,
                             dy);
}

const gy_loss_kind gy_loss_mae = {
    .kind = {.name = "mae", .help = "mean of the absolute errors"},
    .target = GY_TARGET_VALUE,
    .run = run,
};
