/* The gradient of a step is not finite, as after an overflow. */
#include "../fault_list.h"

#include <math.h>

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)settings;
    if (gy_model_params(run->network.model)->trainable > 0)
        gy_model_gradients(run->network.model)[0] = NAN;
}

static const gy_setting rows[] = {GY_FAULT_ROW_STEP, GY_SETTING_END};

const gy_fault_kind gy_fault_not_finite = {.kind = {.name = "not_finite",
                                                    .help = "the gradient of a step is not finite",
                                                    .settings = rows,
                                                    .settings_size = sizeof(gy_fault_settings)},
                                           .moment = GY_MOMENT_GRADIENT,
                                           .strike = strike};
