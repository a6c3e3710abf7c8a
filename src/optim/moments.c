/* What adam, adamw and lamb have in common: two moments with their bias corrections. */
#include "optim_impl.h"

#include <math.h>

const char *const gy_moments_slots[] = {"first_moment", "second_moment", NULL};

const gy_setting gy_moments_rows[] = {
    {.key = "beta1",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_moments_settings, beta1),
     .standard = "0.9",
     .min = 0.0,
     .max = 0.9999999,
     .help = "decay of the mean of gradients"},
    {.key = "beta2",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_moments_settings, beta2),
     .standard = "0.999",
     .min = 0.0,
     .max = 0.9999999,
     .help = "decay of the mean of squared gradients"},
    {.key = "epsilon",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_moments_settings, epsilon),
     .standard = "1.0e-8",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "added to the root of the mean of squares"},
    GY_SETTING_END,
};

gy_moments gy_moments_of(const gy_moments_settings *s, const gy_update *u)
{
    const double t = (double)u->step;
    return (gy_moments){.clip = (float)u->clip,
                        .beta1 = (float)s->beta1,
                        .share1 = (float)(1.0 - s->beta1),
                        .beta2 = (float)s->beta2,
                        .share2 = (float)(1.0 - s->beta2),
                        .correct1 = (float)(1.0 / (1.0 - pow(s->beta1, t))),
                        .correct2 = (float)sqrt(1.0 / (1.0 - pow(s->beta2, t))),
                        .epsilon = (float)s->epsilon,
                        .rate = (float)u->rate};
}
