/* A rank is late in every step, as one that shares its cores with others. */
#include "../fault_list.h"

#include <time.h>

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)run;
    double s = settings->ms * 1e-3;
    struct timespec time = {.tv_sec = (time_t)s};
    time.tv_nsec = (long)((s - (double)time.tv_sec) * 1e9);
    (void)nanosleep(&time, NULL);
}

static const gy_setting rows[] = {GY_FAULT_ROW_RANK,
                                  {.key = "ms",
                                   .type = GY_SETTING_FLOAT,
                                   .offset = offsetof(gy_fault_settings, ms),
                                   .min = 0,
                                   .max = 1e6,
                                   .help = "by how many milliseconds"},
                                  GY_SETTING_END};

const gy_fault_kind gy_fault_slow = {.kind = {.name = "slow",
                                              .help = "a rank is late in every step",
                                              .settings = rows,
                                              .settings_size = sizeof(gy_fault_settings)},
                                     .moment = GY_MOMENT_STEP,
                                     .strike = strike};
