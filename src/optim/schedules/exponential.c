/* Falls by a factor every epoch. */
#include "../schedule_impl.h"
#include "../schedule_list.h"

typedef struct settings {
    double factor;
} settings;

static const gy_setting rows[] = {
    GY_SCHEDULE_FACTOR(settings, "what the rate is multiplied by every epoch"),
    GY_SETTING_END,
};

static double rate(const void *values, const gy_schedule_point *at)
{
    const settings *s = values;
    return fmax(at->min_rate, at->rate * pow(s->factor, (double)at->epoch));
}

const gy_schedule_kind gy_schedule_exponential = {
    .kind = {.name = "exponential",
             .help = "falls by a factor every epoch",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .needs = GY_NEEDS_EPOCHS,
    .rate = rate,
};
