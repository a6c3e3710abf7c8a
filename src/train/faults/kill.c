/* A rank is killed, as by the system where memory runs out. */
#include "../fault_list.h"

#include <signal.h>

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)run;
    (void)settings;
    (void)raise(SIGKILL);
}

static const gy_setting rows[] = {GY_FAULT_ROW_RANK, GY_FAULT_ROW_STEP, GY_SETTING_END};

const gy_fault_kind gy_fault_kill = {.kind = {.name = "kill",
                                              .help = "a rank dies by SIGKILL",
                                              .settings = rows,
                                              .settings_size = sizeof(gy_fault_settings)},
                                     .moment = GY_MOMENT_STEP,
                                     .strike = strike};
