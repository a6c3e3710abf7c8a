/*
 * The share of right answers: positions whose largest logit (the first of equals) is the target's
 * class; or outputs on the target's side of no (logit ≤ 0) and yes (target > 1/2). NaN is never right.
 */
#include "../loss_impl.h"
#include "../metric_list.h"

static bool is_right(const gy_loss_batch *b, int64_t row)
{
    const int64_t answer = gy_loss_answer(b, row);
    return answer >= 0 && answer == gy_loss_label(b, row);
}

static void add(const gy_loss_batch *b, double *values)
{
    const int64_t rows = gy_loss_rows(b);
    double right = 0;
    if (b->loss->target == GY_TARGET_CLASS)
        for (int64_t row = 0; row < rows; row++) right += is_right(b, row) * gy_loss_weight(b, row);
    else
        for (int64_t i = 0; i < b->batch * b->outputs; i++)
            right +=
                (b->target[i] > 0.5f ? b->y[i] > 0.0f : b->y[i] <= 0.0f) * gy_loss_weight(b, i);
    values[0] += right;
}

const gy_metric_kind gy_metric_accuracy = {
    .kind = {.name = "accuracy", .help = "share of right answers"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_CLASS | GY_TARGET_SIGN,
    .add = add,
};
