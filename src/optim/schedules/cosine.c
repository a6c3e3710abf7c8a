/* Falls along half a cosine to min_learning_rate at the end of the run (Loshchilov, Hutter 2017). */
#include "../schedule_impl.h"
#include "../schedule_list.h"

static double rate(const void *settings, const gy_schedule_point *at)
{
    (void)settings;
    return gy_half_cosine(at->rate, at->min_rate, gy_schedule_share(at));
}

const gy_schedule_kind gy_schedule_cosine = {
    .kind = {.name = "cosine", .help = "falls along half a cosine to min_learning_rate"},
    .needs = GY_NEEDS_END,
    .rate = rate,
};
