/* The second half of a checkpoint's first file is lost though all seemed well. */
#include "../fault_list.h"

#include "base/fault.h"

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)settings;
    gy_fault_arm(run->ctx, GY_FAULT_TEAR, 1);
}

static const gy_setting rows[] = {GY_FAULT_ROW_CHECKPOINT, GY_SETTING_END};

const gy_fault_kind gy_fault_torn_write = {
    .kind = {.name = "torn_write",
             .help = "half of a file of a checkpoint is lost",
             .settings = rows,
             .settings_size = sizeof(gy_fault_settings)},
    .moment = GY_MOMENT_CHECKPOINT,
    .strike = strike};
