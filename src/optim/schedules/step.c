/* Falls by a factor at the start of each epoch named. */
#include "../schedule_impl.h"
#include "../schedule_list.h"

typedef struct settings {
    gy_ints step_epochs;
    double factor;
} settings;

static const gy_setting rows[] = {
    {.key = "step_epochs",
     .type = GY_SETTING_INTS,
     .offset = offsetof(settings, step_epochs),
     .standard = "[30, 60]",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "epochs, counted from 0, at whose start the rate falls"},
    GY_SCHEDULE_FACTOR(settings, "what the rate is multiplied by"),
    GY_SETTING_END,
};

static double rate(const void *values, const gy_schedule_point *at)
{
    const settings *s = values;
    double factor = 1.0;
    for (int i = 0; i < s->step_epochs.n; i++)
        if (s->step_epochs.v[i] <= at->epoch) factor *= s->factor;
    return fmax(at->min_rate, at->rate * factor);
}

const gy_schedule_kind gy_schedule_step = {
    .kind = {.name = "step",
             .help = "falls by a factor at given epochs",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .needs = GY_NEEDS_EPOCHS,
    .rate = rate,
};
