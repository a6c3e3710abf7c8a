/* What adam, adamw and lamb have in common: two moments with their bias corrections. */
#include "optim_impl.h"

#include <math.h>

const gy_slot_kind gy_moments_slots[] = {
    {.name = "first_moment"}, {.name = "second_moment"}, {.name = NULL}};

const gy_setting gy_moments_rows[] = {
    GY_OPTIM_DECAY(gy_moments_settings, beta1, "0.9", "decay of the mean of gradients"),
    GY_OPTIM_DECAY(gy_moments_settings, beta2, "0.999", "decay of the mean of squared gradients"),
    GY_OPTIM_EPSILON(gy_moments_settings, "1.0e-8", "added to the root of the mean of squares"),
    GY_SETTING_END,
};

gy_moments gy_moments_of(const gy_moments_settings *s, const gy_update *u)
{
    const double t = (double)u->count;
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
