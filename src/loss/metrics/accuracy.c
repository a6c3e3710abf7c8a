/*
 * The share of right answers: positions whose largest logit (the first of equals) is the target's
 * class; or outputs on the target's side of no (logit ≤ 0) and yes (target > 1/2).
 */
#include "../loss_impl.h"
#include "../metric_list.h"

static int sums(int64_t classes)
{
    (void)classes;
    return 1;
}

static void add(const gy_loss_batch *b, double *values)
{
    const int64_t rows = gy_loss_rows(b);
    int64_t right = 0;
    if (b->loss->target == GY_TARGET_CLASS)
        for (int64_t row = 0; row < rows; row++)
            right += gy_loss_top(b, row) == gy_loss_label(b, row);
    else
        for (int64_t i = 0; i < b->batch * b->outputs; i++)
            right += (b->y[i] > 0.0f) == (b->target[i] > 0.5f);
    values[0] += (double)right;
}

static double value(const double *values, int64_t classes, double loss_sum, double count)
{
    (void)classes;
    (void)loss_sum;
    return values[0] / count;
}

const gy_metric_kind gy_metric_accuracy = {
    .kind = {.name = "accuracy", .help = "share of right answers"},
    .larger_is_better = true,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .sums = sums,
    .add = add,
    .value = value,
};
