/* The share of positions where fewer than five logits are above that of the target's class. */
#include "../loss_impl.h"
#include "../metric_list.h"

static void add(const gy_loss_batch *b, double *values)
{
    const int64_t classes = gy_loss_classes(b), rows = gy_loss_rows(b);
    for (int64_t row = 0; row < rows; row++) {
        const float *x = b->y + row * classes;
        const int64_t label = gy_loss_label(b, row);
        if (label < 0 || gy_loss_answer(b, row) < 0) continue;
        int64_t above = 0;
        for (int64_t i = 0; i < classes; i++)
            above += x[i] > x[label] || (i < label && x[i] >= x[label]); /* ties: the first wins */
        values[0] += above < 5 ? gy_loss_weight(b, row) : 0.0;
    }
}

const gy_metric_kind gy_metric_top5 = {
    .kind = {.name = "top5", .help = "share of targets among the five likeliest classes"},
    .larger_is_better = true,
    .best = 1.0,
    .targets = GY_TARGET_CLASS,
    .add = add,
};
