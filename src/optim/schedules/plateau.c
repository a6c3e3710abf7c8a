/*
 * Falls by a factor whenever `patience` evaluations in a row bring no better monitored value than
 * the best before; counting then starts anew. NaN is never better.
 */
#include "../schedule_impl.h"
#include "../schedule_list.h"

typedef struct settings {
    double factor;
    int64_t patience;
} settings;

static const gy_setting rows[] = {
    GY_SCHEDULE_FACTOR(settings, "what the rate is multiplied by"),
    {.key = "patience",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, patience),
     .standard = "10",
     .min = 1.0,
     .max = GY_COUNT_MAX,
     .help = "evaluations without progress after which the rate falls"},
    GY_SETTING_END,
};

static double rate(const void *values, const gy_schedule_point *at)
{
    (void)values;
    return fmax(at->min_rate, at->rate * at->plateau);
}

static void observe(const void *values, double value, bool larger_is_better,
                    gy_schedule_state *state)
{
    const settings *s = values;
    const bool first = isnan(state->best) && !isnan(value);
    if (first || (larger_is_better ? value > state->best : value < state->best)) {
        state->best = value;
        state->waited = 0;
    } else if (++state->waited >= s->patience) {
        state->factor *= s->factor;
        state->waited = 0;
    }
}

const gy_schedule_kind gy_schedule_plateau = {
    .kind = {.name = "plateau",
             .help = "falls by a factor when evaluations make no progress",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .needs = GY_NEEDS_EVALUATIONS,
    .rate = rate,
    .observe = observe,
};
