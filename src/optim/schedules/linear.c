/* Falls in a line to min_learning_rate at the end of the run. */
#include "../schedule_impl.h"
#include "../schedule_list.h"

static double rate(const void *settings, const gy_schedule_point *at)
{
    (void)settings;
    return at->rate + (at->min_rate - at->rate) * gy_schedule_share(at);
}

const gy_schedule_kind gy_schedule_linear = {
    .kind = {.name = "linear", .help = "falls in a line to min_learning_rate"},
    .needs = GY_NEEDS_END,
    .rate = rate,
};
