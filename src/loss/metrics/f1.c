/*
 * F1 = 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall, for each class, averaged
 * over the classes that are met or said (macro average), as scikit-learn has it. For answers of yes or
 * no: that of yes, for each index of the last axis, likewise. 1 where there is nothing to be said.
 */
#include "../counts.h"
#include "../metric_list.h"

static double of(const double *count)
{
    return 2.0 * count[GY_COUNT_BOTH] / (count[GY_COUNT_SAID] + count[GY_COUNT_MET]);
}

static double value(const double *counts, int64_t classes, double count)
{
    (void)count;
    return gy_counts_mean(counts, classes, of);
}

const gy_metric_kind gy_metric_f1 = {
    .kind = {.name = "f1",
             .help = "harmonic mean of precision and recall, mean over classes that occur"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = gy_counts_sums,
    .add = gy_counts_add,
    .value = value,
};
