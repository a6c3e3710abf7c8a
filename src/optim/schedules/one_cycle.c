/*
 * One cycle (Smith and Topin 2018): after the warm-up, rises along half a cosine from a 25th of the
 * rate to the rate over `peak_fraction` of the steps left, then falls along another half to
 * min_learning_rate at the end of the run.
 */
#include "../schedule_impl.h"
#include "../schedule_list.h"

typedef struct settings {
    double peak_fraction;
} settings;

static const gy_setting rows[] = {
    {.key = "peak_fraction",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, peak_fraction),
     .standard = "0.3",
     .min = 0.0,
     .max = 1.0,
     .help = "share of the steps spent rising, from a 25th of the rate"},
    GY_SETTING_END,
};

static double rate(const void *values, const gy_schedule_point *at)
{
    const settings *s = values;
    const double t = gy_schedule_share(at), peak = s->peak_fraction;
    if (t < peak) return gy_half_cosine(at->rate / 25.0, at->rate, t / peak);
    return gy_half_cosine(at->rate, at->min_rate, peak < 1.0 ? (t - peak) / (1.0 - peak) : 0.0);
}

const gy_schedule_kind gy_schedule_one_cycle = {
    .kind = {.name = "one_cycle",
             .help = "rises to the rate, then falls to min_learning_rate",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .needs = GY_NEEDS_END,
    .rate = rate,
};
