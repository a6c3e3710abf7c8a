/* The disk takes what is written to it and never says that it is there. */
#include "../fault_list.h"

#include "base/fault.h"

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)settings;
    gy_fault_arm(run->ctx, GY_FAULT_HANG, 1);
}

static const gy_setting rows[] = {GY_FAULT_ROW_CHECKPOINT, GY_SETTING_END};

const gy_fault_kind gy_fault_hang_disk = {
    .kind = {.name = "hang_disk",
             .help = "the disk hangs when a checkpoint is written",
             .settings = rows,
             .settings_size = sizeof(gy_fault_settings)},
    .moment = GY_MOMENT_CHECKPOINT,
    .strike = strike};
