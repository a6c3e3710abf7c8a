/* The disk is full from the begin of a checkpoint on. */
#include "../fault_list.h"

#include "base/fault.h"

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    (void)settings;
    gy_fault_arm(run->ctx, GY_FAULT_WRITE, GY_FAULT_ALWAYS);
}

static const gy_setting rows[] = {GY_FAULT_ROW_CHECKPOINT, GY_SETTING_END};

const gy_fault_kind gy_fault_disk_full = {
    .kind = {.name = "disk_full",
             .help = "the disk is full when a checkpoint is written",
             .settings = rows,
             .settings_size = sizeof(gy_fault_settings)},
    .moment = GY_MOMENT_CHECKPOINT,
    .strike = strike};
