/* The registries of losses and metrics, and what kinds share. */
#include "loss_impl.h"

#include "loss_list.h"
#include "metric_list.h"

#define LOSS(name) &gy_loss_##name.kind,
GY_REGISTRY(gy_loss_registry, "loss", LOSS, GY_LOSS_LIST)

#define METRIC(name) &gy_metric_##name.kind,
GY_REGISTRY(gy_metric_registry, "metric", METRIC, GY_METRIC_LIST)

gy_status gy_loss_values_shape(const gy_loss_kind *loss, const gy_shape *out,
                               const gy_shape *target, int64_t *count)
{
    char outputs[GY_SHAPE_TEXT], targets[GY_SHAPE_TEXT];
    GY_REQUIRE(gy_shape_alike(out, target), GY_E_SHAPE,
               "the targets do not fit the model" GY_AT "loss %s" GY_WHY
               "a sample's targets are %s, its outputs %s" GY_HINT
               "end the model with as many outputs as there are targets",
               loss->kind.name, gy_shape_text(target, targets), gy_shape_text(out, outputs));
    *count = gy_shape_count(out);
    return GY_OK;
}

int64_t gy_loss_classes(const gy_loss_batch *b)
{
    return b->out->n > 0 ? b->out->d[b->out->n - 1] : 1;
}

int64_t gy_loss_rows(const gy_loss_batch *b)
{
    return b->batch * b->outputs / gy_loss_classes(b);
}

int64_t gy_loss_label(const gy_loss_batch *b, int64_t row)
{
    const float label = b->target[row];
    return label >= 0.0f && label < (float)gy_loss_classes(b) ? (int64_t)label : -1;
}

int64_t gy_loss_top(const gy_loss_batch *b, int64_t row)
{
    const int64_t n = gy_loss_classes(b);
    const float *x = b->y + row * n;
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

static const char *target_text(gy_target target)
{
    switch (target) {
    case GY_TARGET_CLASS:
        return "classes";
    case GY_TARGET_SIGN:
        return "yes or no";
    case GY_TARGET_VALUE:
        break;
    }
    return "values";
}

gy_status gy_metric_check(const gy_metric_kind *metric, const gy_loss_kind *loss, int64_t classes)
{
    GY_REQUIRE((metric->targets & (unsigned)loss->target) != 0, GY_E_CONFIG,
               "the metric does not fit the loss" GY_AT "metric %s" GY_WHY
               "with the loss %s targets are %s" GY_HINT "%s",
               metric->kind.name, loss->kind.name, target_text(loss->target),
               loss->target == GY_TARGET_CLASS  ? "choose among accuracy, top5, perplexity, f1"
               : loss->target == GY_TARGET_SIGN ? "choose accuracy or f1"
                                                : "choose among mae, rmse, r2");
    const int most = GY_METRIC_SUMS * GY_METRIC_CLASSES;
    GY_REQUIRE(metric->sums(1) == metric->sums(2) ||
                   (classes <= GY_METRIC_CLASSES && metric->sums(classes) <= most),
               GY_E_CONFIG,
               "the metric is not for so many classes" GY_AT "metric %s" GY_WHY
               "there are %lld, and it counts for each of at most %d" GY_HINT "drop it",
               metric->kind.name, (long long)classes, GY_METRIC_CLASSES);
    return GY_OK;
}
