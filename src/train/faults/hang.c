/* A rank stands still for ever, as one that reads from a file server that is gone. */
#include "../fault_list.h"

#include <unistd.h>

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)run;
    (void)settings;
    for (;;) (void)pause();
}

static const gy_setting rows[] = {GY_FAULT_ROW_RANK, GY_FAULT_ROW_STEP, GY_SETTING_END};

const gy_fault_kind gy_fault_hang = {.kind = {.name = "hang",
                                              .help = "a rank stands still for ever",
                                              .settings = rows,
                                              .settings_size = sizeof(gy_fault_settings)},
                                     .moment = GY_MOMENT_STEP,
                                     .strike = strike};
