/*
 * Cross entropy of a softmax: takes logits […, K] and a class for each position […]. The targets'
 * probabilities are (1 − ε) one-hot + ε / K.
 */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

typedef struct settings {
    double label_smoothing;
    gy_class_settings classes;
} settings;

static const gy_setting rows[] = {
    {.key = "label_smoothing",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, label_smoothing),
     .standard = "0.0",
     .min = 0.0,
     .max = 1.0,
     .help = "share of each target that is spread over all classes"},
    GY_LOSS_CLASS_ROWS(settings, classes),
    GY_SETTING_END,
};

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    const settings *s = values;
    return gy_softmax_cross_entropy(b->kernel, gy_loss_rows(b), gy_loss_classes(b), b->y, b->target,
                                    b->weight, (float)s->label_smoothing, scale, dy);
}

static double imitate(const gy_loss_batch *b, double temperature, float scale, float *dy)
{
    return gy_softmax_divergence(b->kernel, gy_loss_rows(b), gy_loss_classes(b), b->y, b->target,
                                 b->weight, (float)temperature, scale, dy);
}

static const gy_class_settings *classes(const void *values)
{
    const settings *s = values;
    return &s->classes;
}

const gy_loss_kind gy_loss_cross_entropy = {
    .kind = {.name = "cross_entropy",
             .help = "softmax and cross entropy on logits; targets are classes",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .target = GY_TARGET_CLASS,
    .classes = classes,
    .run = run,
    .imitate = imitate,
};
