/*
 * Intersection over union, tp / (tp + fp + fn), for each class, averaged over the classes that are met or
 * said. For answers of yes or no: that of yes, for each index of the last axis, likewise.
 */
#include "../counts.h"
#include "../metric_list.h"

static double of(const double *count)
{
    return count[GY_COUNT_BOTH] /
           (count[GY_COUNT_SAID] + count[GY_COUNT_MET] - count[GY_COUNT_BOTH]);
}

static double value(const double *counts, int64_t classes, double count)
{
    (void)count;
    return gy_counts_mean(counts, classes, of);
}

const gy_metric_kind gy_metric_iou = {
    .kind = {.name = "iou",
             .help =
                 "intersection over union of what is said and met, mean over classes that occur"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = gy_counts_sums,
    .add = gy_counts_add,
    .value = value,
};
