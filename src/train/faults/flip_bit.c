/* One bit of a rank's parameters changes after a step, as in memory without error correction. */
#include "../fault_list.h"

#include <string.h>

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)settings;
    uint32_t bits;
    float *w = gy_model_values(run->network.model);
    if (gy_model_params(run->network.model)->elements == 0) return;
    memcpy(&bits, w, sizeof bits);
    bits ^= 1U << 10;
    memcpy(w, &bits, sizeof bits);
}

static const gy_setting rows[] = {GY_FAULT_ROW_RANK, GY_FAULT_ROW_STEP, GY_SETTING_END};

const gy_fault_kind gy_fault_flip_bit = {.kind = {.name = "flip_bit",
                                                  .help = "one bit of a rank's parameters changes",
                                                  .settings = rows,
                                                  .settings_size = sizeof(gy_fault_settings)},
                                         .moment = GY_MOMENT_UPDATED,
                                         .strike = strike};
