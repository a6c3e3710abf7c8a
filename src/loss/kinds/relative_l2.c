/* The error of a sample in relation to its target, ‖y − t‖ / ‖t‖ over all elements: of fields. */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    (void)values;
    return gy_relative_error(b->kernel, b->batch, b->outputs, b->y, b->target, b->weight, scale,
                             dy);
}

const gy_loss_kind gy_loss_relative_l2 = {
    .kind = {.name = "relative_l2", .help = "norm of a sample's error over that of its target"},
    .target = GY_TARGET_VALUE,
    .whole = true,
    .run = run,
};
