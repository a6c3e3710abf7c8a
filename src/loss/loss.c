/* The registries of losses and metrics, what targets must be, and what kinds share. */
#include "loss_impl.h"

#include "loss_list.h"
#include "metric_list.h"

#include <math.h>

#define LOSS(name) &gy_loss_##name.kind,
GY_REGISTRY(gy_loss_registry, "loss", LOSS, GY_LOSS_LIST)

#define METRIC(name) &gy_metric_##name.kind,
GY_REGISTRY(gy_metric_registry, "metric", METRIC, GY_METRIC_LIST)

const char *const gy_loss_balanced[] = {"balanced", NULL};
const char *const gy_loss_no_label[] = {"none", NULL};

const char *gy_target_text(gy_target target)
{
    switch (target) {
    case GY_TARGET_CLASS:
        return "classes";
    case GY_TARGET_SIGN:
        return "numbers from 0 to 1";
    case GY_TARGET_VALUE:
        break;
    }
    return "values";
}

static bool is_right(gy_target target, float v, float classes)
{
    switch (target) {
    case GY_TARGET_CLASS:
        return v >= 0.0f && v < classes && v == floorf(v);
    case GY_TARGET_SIGN:
        return v >= 0.0f && v <= 1.0f;
    case GY_TARGET_VALUE:
        break;
    }
    return true;
}

int64_t gy_target_find_wrong(gy_target target, int64_t classes, const float *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!is_right(target, v[i], (float)classes)) return i;
    return -1;
}

/* One class for each position of the outputs, whose last axis is what is chosen from. */
static gy_status check_classes(const gy_loss_kind *loss, const gy_shape *out,
                               const gy_shape *target, int64_t *count)
{
    char outputs[GY_SHAPE_TEXT], targets[GY_SHAPE_TEXT];
    gy_shape positions = *out;
    if (positions.n > 0) positions.n--;
    GY_REQUIRE(gy_shape_alike(&positions, target), GY_E_SHAPE,
               "the targets do not fit the model" GY_AT "loss %s" GY_WHY
               "a sample's targets are %s, its outputs %s" GY_HINT "%s",
               loss->kind.name, gy_shape_text(target, targets), gy_shape_text(out, outputs),
               gy_shape_alike(out, target)
                   ? "give classes as numbers from 0, not as one-hot rows"
                   : "end the model with one output a class at each position that has a target");
    GY_REQUIRE(gy_shape_last(out) >= 2, GY_E_SHAPE,
               "there is nothing to choose from" GY_AT "loss %s" GY_WHY
               "a sample's outputs are %s, so there is one class" GY_HINT
               "use binary_cross_entropy for one output of yes or no",
               loss->kind.name, gy_shape_text(out, outputs));
    *count = gy_shape_count(&positions);
    return GY_OK;
}

int64_t gy_loss_width(const gy_loss_kind *loss, const void *settings)
{
    return loss->width == NULL ? 1 : loss->width(settings);
}

gy_aspect gy_loss_aspect(const gy_loss_kind *loss, const void *settings, int64_t targets, int64_t j)
{
    if (loss->aspect != NULL) return loss->aspect(settings, targets, j);
    return (gy_aspect){.target = j, .answers = true};
}

gy_status gy_loss_answer_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                               gy_shape *answers)
{
    char outputs[GY_SHAPE_TEXT];
    const int64_t width = gy_loss_width(loss, settings);
    *answers = *out;
    if (width == 1) return GY_OK;
    GY_REQUIRE(gy_shape_last(out) % width == 0, GY_E_SHAPE,
               "the outputs do not fit the loss" GY_AT "loss %s" GY_WHY
               "a sample's outputs are %s, and it takes %lld for each target" GY_HINT
               "give the last layer that many times as many",
               loss->kind.name, gy_shape_text(out, outputs), (long long)width);
    answers->d[answers->n - 1] /= width;
    return GY_OK;
}

gy_status gy_loss_target_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                               gy_shape *target)
{
    GY_TRY(gy_loss_answer_shape(loss, settings, out, target));
    if (loss->target == GY_TARGET_CLASS && target->n > 0) target->n--;
    return GY_OK;
}

gy_status gy_loss_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                        const gy_shape *target, int64_t *count)
{
    char outputs[GY_SHAPE_TEXT], targets[GY_SHAPE_TEXT];
    gy_shape answers;
    if (loss->target == GY_TARGET_CLASS) return check_classes(loss, out, target, count);
    GY_TRY(gy_loss_answer_shape(loss, settings, out, &answers));
    GY_REQUIRE(gy_shape_alike(&answers, target), GY_E_SHAPE,
               "the targets do not fit the model" GY_AT "loss %s" GY_WHY
               "a sample's targets are %s, its outputs %s" GY_HINT
               "end the model with %lld output%s for each target",
               loss->kind.name, gy_shape_text(target, targets), gy_shape_text(out, outputs),
               (long long)gy_loss_width(loss, settings),
               gy_loss_width(loss, settings) == 1 ? "" : "s");
    *count = loss->whole ? 1 : gy_shape_count(&answers);
    return GY_OK;
}

int64_t gy_loss_classes(const gy_loss_batch *b)
{
    return gy_shape_last(b->out);
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

int64_t gy_loss_top(int64_t n, const float *x)
{
    int64_t best = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) return -1;
        if (x[i] > x[best]) best = i;
    }
    return best;
}

int64_t gy_loss_answer(const gy_loss_batch *b, int64_t row)
{
    const int64_t n = gy_loss_classes(b);
    return gy_loss_top(n, b->y + row * n);
}

int gy_metric_sums(const gy_metric_kind *metric, int64_t classes)
{
    return metric->sums == NULL ? 1 : metric->sums(classes);
}

double gy_metric_value(const gy_metric_kind *metric, const double *sums, int64_t classes,
                       double count)
{
    return metric->value == NULL ? sums[0] / count : metric->value(sums, classes, count);
}

gy_status gy_metric_check(const gy_metric_kind *metric, const gy_loss_kind *loss, int64_t classes)
{
    GY_REQUIRE((metric->targets & (unsigned)loss->target) != 0, GY_E_CONFIG,
               "the metric does not fit the loss" GY_AT "metric %s" GY_WHY
               "with the loss %s targets are %s" GY_HINT "%s",
               metric->kind.name, loss->kind.name, gy_target_text(loss->target),
               loss->target == GY_TARGET_CLASS  ? "choose among accuracy, top5, perplexity, f1, iou"
               : loss->target == GY_TARGET_SIGN ? "choose among accuracy, f1, iou"
                                                : "choose among mae, rmse, nrmse, relative_l2, r2");
    const int most = GY_METRIC_SUMS * GY_METRIC_CLASSES;
    GY_REQUIRE(gy_metric_sums(metric, 1) == gy_metric_sums(metric, 2) ||
                   (classes <= GY_METRIC_CLASSES && gy_metric_sums(metric, classes) <= most),
               GY_E_CONFIG,
               "the metric is not for so many classes" GY_AT "metric %s" GY_WHY
               "there are %lld, and it counts for each of at most %d" GY_HINT "drop it",
               metric->kind.name, (long long)classes, GY_METRIC_CLASSES);
    return GY_OK;
}
