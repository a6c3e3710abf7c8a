/*
 * Cross entropy of a softmax: takes logits […, K] and a class for each position […]. The targets'
 * probabilities are (1 − ε) one-hot + ε / K.
 */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

typedef struct settings {
    double label_smoothing;
} settings;

static const gy_setting rows[] = {
    {.key = "label_smoothing",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, label_smoothing),
     .standard = "0.0",
     .min = 0.0,
     .max = 1.0,
     .help = "share of each target that is spread over all classes"},
    GY_SETTING_END,
};

static gy_status shape(const void *values, const gy_shape *out, const gy_shape *target,
                       int64_t *count)
{
    (void)values;
    char outputs[GY_SHAPE_TEXT], targets[GY_SHAPE_TEXT];
    gy_shape positions = *out;
    if (positions.n > 0) positions.n--;
    const int64_t classes = out->n > 0 ? out->d[out->n - 1] : 1;
    GY_REQUIRE(gy_shape_alike(&positions, target), GY_E_SHAPE,
               "the targets do not fit the model" GY_AT "loss cross_entropy" GY_WHY
               "a sample's targets are %s, its outputs %s" GY_HINT "%s",
               gy_shape_text(target, targets), gy_shape_text(out, outputs),
               gy_shape_alike(out, target)
                   ? "give classes as numbers from 0, not as one-hot rows"
                   : "end the model with one output a class at each position that has a target");
    GY_REQUIRE(classes >= 2, GY_E_SHAPE,
               "there is nothing to choose from" GY_AT "loss cross_entropy" GY_WHY
               "a sample's outputs are %s, so there is one class" GY_HINT
               "use binary_cross_entropy for one output of yes or no",
               gy_shape_text(out, outputs));
    *count = gy_shape_count(&positions);
    return GY_OK;
}

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    const settings *s = values;
    return gy_softmax_cross_entropy(b->kernel, gy_loss_rows(b), gy_loss_classes(b), b->y, b->target,
                                    (float)s->label_smoothing, scale, dy);
}

const gy_loss_kind gy_loss_cross_entropy = {
    .kind = {.name = "cross_entropy",
             .help = "softmax and cross entropy on logits; targets are classes",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .target = GY_TARGET_CLASS,
    .classifies = true,
    .shape = shape,
    .run = run,
};
