/*
 * F1 = 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall, for each class, averaged
 * over the classes (macro average); a class that is neither met nor said counts 0. For answers of
 * yes or no: that of yes, for each index of the last axis, averaged over these.
 */
#include "../loss_impl.h"
#include "../metric_list.h"

enum { RIGHT, SAID, MET, EACH }; /* of one class: tp, tp + fp, tp + fn */

static int sums(int64_t classes)
{
    return (int)(EACH * classes);
}

static void add_classes(const gy_loss_batch *b, double *values)
{
    const int64_t rows = gy_loss_rows(b);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t label = gy_loss_label(b, row), top = gy_loss_top(b, row);
        values[EACH * top + SAID] += 1.0;
        if (label >= 0) values[EACH * label + MET] += 1.0;
        if (top == label) values[EACH * top + RIGHT] += 1.0;
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
        const bool said = b->y[i] > 0.0f, met = b->target[i] > 0.5f;
        v[RIGHT] += said && met;
        v[SAID] += said;
        v[MET] += met;
    }
}

static double value(const double *values, int64_t classes, double loss_sum, double count)
{
    (void)loss_sum;
    (void)count;
    double total = 0.0;
    for (int64_t i = 0; i < classes; i++, values += EACH)
        if (values[RIGHT] > 0.0) total += 2.0 * values[RIGHT] / (values[SAID] + values[MET]);
    return total / (double)classes;
}

const gy_metric_kind gy_metric_f1 = {
    .kind = {.name = "f1", .help = "harmonic mean of precision and recall, mean over classes"},
    .larger_is_better = true,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = sums,
    .add = add,
    .value = value,
};
