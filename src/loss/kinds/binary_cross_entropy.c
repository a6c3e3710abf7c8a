/* Binary cross entropy of a sigmoid, on logits, for each output apart: max(x, 0) − x t + log(1 + e^−|x|). */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

typedef struct settings {
    gy_class_settings classes;
} settings;

static const gy_setting rows[] = {
    GY_LOSS_CLASS_ROWS(settings, classes), /* of no and of yes */
    GY_SETTING_END,
};

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    (void)values;
    return gy_sigmoid_cross_entropy(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight,
                                    scale, dy);
}

static double imitate(const gy_loss_batch *b, double temperature, float scale, float *dy)
{
    return gy_sigmoid_divergence(b->kernel, b->batch * b->outputs, b->y, b->target, b->weight,
                                 (float)temperature, scale, dy);
}

static const gy_class_settings *classes(const void *values)
{
    const settings *s = values;
    return &s->classes;
}

const gy_loss_kind gy_loss_binary_cross_entropy = {
    .kind = {.name = "binary_cross_entropy",
             .help = "sigmoid and cross entropy on logits; targets from 0 to 1",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .target = GY_TARGET_SIGN,
    .classes = classes,
    .run = run,
    .imitate = imitate,
};
