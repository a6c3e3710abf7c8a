/* e to the mean loss: how many equally likely classes would be as hard to tell. */
#include "../loss_impl.h"
#include "../metric_list.h"

#include <math.h>

static int sums(int64_t classes)
{
    (void)classes;
    return 0;
}

static double value(const double *values, int64_t classes, double loss_sum, double count)
{
    (void)values;
    (void)classes;
    return exp(loss_sum / count);
}

const gy_metric_kind gy_metric_perplexity = {
    .kind = {.name = "perplexity", .help = "exponential of the mean cross entropy"},
    .targets = GY_TARGET_CLASS,
    .sums = sums,
    .value = value,
};
