/* Counting what is said and met. */
#include "counts.h"

#include "loss_impl.h"

#include <math.h>

int gy_counts_sums(int64_t classes)
{
    return (int)(GY_COUNT_EACH * classes);
}

static void add_classes(const gy_loss_batch *b, double *counts)
{
    const int64_t rows = gy_loss_rows(b);
    for (int64_t row = 0; row < rows; row++) {
        const double w = gy_loss_weight(b, row);
        if (w <= 0.0) continue;
        const int64_t label = gy_loss_label(b, row), said = gy_loss_answer(b, row);
        if (said >= 0) counts[GY_COUNT_EACH * said + GY_COUNT_SAID] += w;
        if (label >= 0) counts[GY_COUNT_EACH * label + GY_COUNT_MET] += w;
        if (said >= 0 && said == label) counts[GY_COUNT_EACH * said + GY_COUNT_BOTH] += w;
    }
}

void gy_counts_add(const gy_loss_batch *b, double *counts)
{
    if (b->loss->target == GY_TARGET_CLASS) {
        add_classes(b, counts);
        return;
    }
    const int64_t outputs = gy_loss_classes(b);
    for (int64_t i = 0; i < b->batch * b->outputs; i++) {
        double *v = counts + GY_COUNT_EACH * (i % outputs);
        const double w = gy_loss_weight(b, i);
        const bool met = b->target[i] > 0.5f, said = isnan(b->y[i]) ? !met : b->y[i] > 0.0f;
        if (w <= 0.0) continue;
        v[GY_COUNT_BOTH] += said && met ? w : 0.0;
        v[GY_COUNT_SAID] += said ? w : 0.0;
        v[GY_COUNT_MET] += met ? w : 0.0;
    }
}

double gy_counts_mean(const double *counts, int64_t classes, double (*of)(const double *count))
{
    double total = 0.0, occur = 0.0;
    for (int64_t i = 0; i < classes; i++, counts += GY_COUNT_EACH) {
        if (counts[GY_COUNT_SAID] + counts[GY_COUNT_MET] == 0.0) continue;
        occur += 1.0;
        total += of(counts);
    }
    return occur > 0.0 ? total / occur : 1.0;
}
