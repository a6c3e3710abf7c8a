/*
 * F1 = 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall, for each class, averaged
 * over the classes that are met or said (macro average), as scikit-learn has it. For answers of yes or
 * no: that of yes, for each index of the last axis, likewise. 1 where there is nothing to be said. NaN is never right.
 */
#include "../loss_impl.h"
#include "../metric_list.h"

#include <math.h>

enum { RIGHT, SAID, MET, EACH }; /* of one class: tp, tp + fp, tp + fn */

static int sums(int64_t classes)
{
    return (int)(EACH * classes);
}

static void add_classes(const gy_loss_batch *b, double *values)
{
    const int64_t rows = gy_loss_rows(b);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t label = gy_loss_label(b, row), said = gy_loss_answer(b, row);
        if (said >= 0) values[EACH * said + SAID] += 1.0;
        if (label >= 0) values[EACH * label + MET] += 1.0;
        if (said >= 0 && said == label) values[EACH * said + RIGHT] += 1.0;
    }
}

static void add(const gy_loss_batch *b, double *values)
{
    if (b->loss->target == GY_TARGET_CLASS) {
        add_classes(b, values);
        return;
    }
    const int64_t outputs = gy_loss_classes(b);
    for (int64_t i = 0; i < b->batch * b->outputs; i++) {
        double *v = values + EACH * (i % outputs);
        const bool met = b->target[i] > 0.5f, said = isnan(b->y[i]) ? !met : b->y[i] > 0.0f;
        v[RIGHT] += said && met;
        v[SAID] += said;
        v[MET] += met;
    }
}

static double value(const double *values, int64_t classes, double count)
{
    (void)count;
    double total = 0.0, occur = 0.0;
    for (int64_t i = 0; i < classes; i++, values += EACH) {
        const double both = values[SAID] + values[MET];
        if (both == 0.0) continue;
        occur += 1.0;
        total += 2.0 * values[RIGHT] / both;
    }
    return occur > 0.0 ? total / occur : 1.0;
}

const gy_metric_kind gy_metric_f1 = {
    .kind = {.name = "f1",
             .help = "harmonic mean of precision and recall, mean over classes that occur"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = sums,
    .add = add,
    .value = value,
};
