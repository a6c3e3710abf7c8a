/*
 * e to the mean cross entropy: how many equally likely classes would be as hard to tell. Of the
 * answers themselves, whatever the loss smooths.
 */
#include "../loss_impl.h"
#include "../metric_list.h"

#include "kernel/loss.h"

#include <math.h>

static void add(const gy_loss_batch *b, double *values)
{
    values[0] += gy_softmax_cross_entropy(b->kernel, gy_loss_rows(b), gy_loss_classes(b), b->y,
                                          b->target, b->weight, 0.0f, 0.0f, NULL);
}

static double value(const double *values, int64_t classes, double count)
{
    (void)classes;
    return exp(values[0] / count);
}

const gy_metric_kind gy_metric_perplexity = {
    .kind = {.name = "perplexity", .help = "exponential of the mean cross entropy, never smoothed"},
    .best = 1.0,
    .targets = GY_TARGET_CLASS,
    .add = add,
    .value = value,
};
