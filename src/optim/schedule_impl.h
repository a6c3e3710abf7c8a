/** What the schedules share. Inside the optim room only. */
#ifndef GY_OPTIM_SCHEDULE_IMPL_H
#define GY_OPTIM_SCHEDULE_IMPL_H

#include "optim.h"

#include <math.h>
#include <stddef.h>

/** How far a run is after its warm-up: 0 right after it, 1 at the end. */
static inline double gy_schedule_share(const gy_schedule_point *at)
{
    const double left = (double)(at->steps - at->warmup);
    return left > 0.0 ? fmin(1.0, (double)(at->step - at->warmup) / left) : 1.0;
}

/** From a to b along half a cosine, as t goes from 0 to 1. */
static inline double gy_half_cosine(double a, double b, double t)
{
    const double pi = 3.14159265358979324;
    return b + (a - b) * 0.5 * (1.0 + cos(pi * t));
}

/** The row of `factor`, a double of the settings' struct. */
#define GY_SCHEDULE_FACTOR(settings, text)                                                         \
    {                                                                                              \
        .key = "factor", .type = GY_SETTING_FLOAT, .offset = offsetof(settings, factor),           \
        .standard = "0.1", .min = 1e-300, .max = 1.0, .help = text                                 \
    }

#endif
