/* Counting for each class apart. */
#include "confusion.h"

#include "counts.h"
#include "loss_impl.h"

static int sums(int64_t classes)
{
    return (int)(classes * (GY_COUNT_EACH + classes));
}

/* | counts of all classes | what is said where class 0 is met | class 1 | … */
static void add(const gy_loss_batch *b, double *values)
{
    const int64_t classes = gy_loss_classes(b), rows = gy_loss_rows(b);
    gy_counts_add(b, values);
    if (b->loss->target != GY_TARGET_CLASS) return;
    values += GY_COUNT_EACH * classes;
    for (int64_t row = 0; row < rows; row++) {
        const double w = gy_loss_weight(b, row);
        if (w <= 0.0) continue;
        const int64_t label = gy_loss_label(b, row), said = gy_loss_answer(b, row);
        if (label >= 0 && said >= 0) values[label * classes + said] += w;
    }
}

static double value(const double *values, int64_t classes, double count)
{
    (void)values;
    (void)classes;
    return count;
}

static double share(double part, double of)
{
    return of > 0.0 ? part / of : 0.0;
}

gy_class_score gy_confusion_score(const double *values, int64_t classes, int64_t class)
{
    const double *count = values + GY_COUNT_EACH * class, both = count[GY_COUNT_BOTH];
    return (gy_class_score){
        .precision = share(both, count[GY_COUNT_SAID]),
        .recall = share(both, count[GY_COUNT_MET]),
        .f1 = share(2.0 * both, count[GY_COUNT_SAID] + count[GY_COUNT_MET]),
        .met = count[GY_COUNT_MET],
        .said = values + GY_COUNT_EACH * classes + class * classes,
    };
}

const gy_metric_kind gy_metric_confusion = {
    .kind = {.name = "confusion", .help = "what is said where each class is met"},
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = sums,
    .add = add,
    .value = value,
};
