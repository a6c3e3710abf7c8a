/*
 * The coefficient of determination 1 − Σ e² / Σ (t − mean t)², for each index of the last axis,
 * averaged over these. Where the targets of one do not vary it counts as 1 if the errors are 0,
 * else as 0.
 */
#include "../loss_impl.h"
#include "../metric_list.h"

enum { ERRORS, TARGETS, SQUARES, WEIGHTS, EACH }; /* Σ w e², Σ w t, Σ w t², Σ w of one output */

static int sums(int64_t outputs)
{
    return (int)(EACH * outputs);
}

static void add(const gy_loss_batch *b, double *values)
{
    const int64_t outputs = gy_loss_classes(b);
    for (int64_t i = 0; i < b->batch * b->outputs; i++) {
        double *v = values + EACH * (i % outputs), t = (double)b->target[i];
        const double e = (double)b->y[i] - t, w = gy_loss_weight(b, i);
        if (w <= 0.0) continue;
        v[ERRORS] += w * e * e;
        v[TARGETS] += w * t;
        v[SQUARES] += w * t * t;
        v[WEIGHTS] += w;
    }
}

static double value(const double *values, int64_t outputs, double count)
{
    double total = 0.0;
    (void)count;
    for (int64_t i = 0; i < outputs; i++, values += EACH) {
        const double mean = values[WEIGHTS] > 0.0 ? values[TARGETS] / values[WEIGHTS] : 0.0;
        const double spread = values[SQUARES] - values[TARGETS] * mean;
        if (spread > 1e-13 * values[SQUARES])
            total += 1.0 - values[ERRORS] / spread;
        else /* no spread but rounding */
            total += values[ERRORS] == 0.0 ? 1.0 : 0.0;
    }
    return total / (double)outputs;
}

const gy_metric_kind gy_metric_r2 = {
    .kind = {.name = "r2", .help = "share of the targets' variance explained, mean over outputs"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_VALUE,
    .sums = sums,
    .add = add,
    .value = value,
};
