/* Schedules: the warm-up that all have, and what a kind remembers. */
#include "optim.h"

#include "schedule_list.h"

#include <math.h>

#define ENTRY(name) &gy_schedule_##name.kind,
GY_REGISTRY(gy_schedule_registry, "schedule", ENTRY, GY_SCHEDULE_LIST)

#define AT(field) .offset = offsetof(gy_schedule_settings, field)
const gy_setting gy_schedule_setting_rows[] = {
    {.key = "kind",
     .type = GY_SETTING_KIND,
     AT(kind),
     .standard = "constant",
     .registry = &gy_schedule_registry,
     .help = "the learning rate's course"},
    {.key = "warmup_steps",
     .type = GY_SETTING_INT,
     AT(warmup_steps),
     .standard = "0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "steps over which the learning rate rises in a line, before all else"},
    {.key = "min_learning_rate",
     .type = GY_SETTING_FLOAT,
     AT(min_learning_rate),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "what the learning rate falls to at least"},
    GY_SETTING_END,
};

double gy_schedule_rate(const gy_schedule_settings *s, const gy_schedule_state *state,
                        const gy_schedule_point *at)
{
    const gy_schedule_kind *kind = (const gy_schedule_kind *)s->kind.kind;
    gy_schedule_point p = *at;
    p.warmup = s->warmup_steps;
    p.min_rate = s->min_learning_rate;
    p.plateau = state != NULL ? state->factor : 1.0;
    if (p.step < p.warmup) return p.rate * (double)(p.step + 1) / (double)p.warmup;
    return kind->rate(s->kind.settings, &p);
}

void gy_schedule_state_init(gy_schedule_state *state)
{
    *state = (gy_schedule_state){.factor = 1.0, .best = (double)NAN};
}

void gy_schedule_observe(const gy_schedule_settings *s, double value, bool larger_is_better,
                         gy_schedule_state *state)
{
    const gy_schedule_kind *kind = (const gy_schedule_kind *)s->kind.kind;
    if (kind->observe != NULL) kind->observe(s->kind.settings, value, larger_is_better, state);
}
