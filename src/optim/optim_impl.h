/** What the kinds of optimizers share. Inside the optim room only. */
#ifndef GY_OPTIM_OPTIM_IMPL_H
#define GY_OPTIM_OPTIM_IMPL_H

#include "optim.h"

#include "kernel/update.h"

#include <stddef.h>

/** ‖w‖ / ‖d‖; 1 where either is 0 or the tensor takes no ratio. */
double gy_trust_ratio(const gy_update *u, double d_norm);

/** The settings of adam, adamw and lamb, and their rows. */
typedef struct gy_moments_settings {
    double beta1, beta2, epsilon;
} gy_moments_settings;

extern const gy_setting gy_moments_rows[];
extern const char *const gy_moments_slots[]; /* first_moment, second_moment */

/** Their constants for a step with rate and shrink as for a plain step of length `rate`. */
gy_moments gy_moments_of(const gy_moments_settings *s, const gy_update *u);

#endif
