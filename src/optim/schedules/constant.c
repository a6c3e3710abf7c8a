/* The same rate at every step. */
#include "../schedule_list.h"

static double rate(const void *settings, const gy_schedule_point *at)
{
    (void)settings;
    return at->rate;
}

const gy_schedule_kind gy_schedule_constant = {
    .kind = {.name = "constant", .help = "the same rate throughout"},
    .rate = rate,
};
