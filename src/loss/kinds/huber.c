/* Huber's loss: e²/2 up to |e| = delta, delta (|e| − delta/2) beyond, e = y − target. */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

typedef struct settings {
    double huber_delta;
} settings;

static const gy_setting rows[] = {
    {.key = "huber_delta",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, huber_delta),
     .standard = "1.0",
     .min = 1e-9,
     .max = 1e9,
     .help = "error at which the loss goes from quadratic to linear"},
    GY_SETTING_END,
};

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    const settings *s = values;
    return gy_huber_error(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight,
                          (float)s->huber_delta, scale, dy);
}

const gy_loss_kind gy_loss_huber = {
    .kind = {.name = "huber",
             .help = "squared for small errors, absolute for large ones",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .target = GY_TARGET_VALUE,
    .run = run,
};
