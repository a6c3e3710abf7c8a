/* A rank is killed in the midst of the record of a step: between the sums of the gradients and the update, with
 * the record given to some of the others. */
#include "../fault_list.h"

static void strike(gy_run *run, const gy_fault_settings *settings)
{
    gy_comm_die_after(run->comm, (int)settings->messages);
}

static const gy_setting rows[] = {
    GY_FAULT_ROW_RANK,
    GY_FAULT_ROW_STEP,
    {.key = "messages",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_fault_settings, messages),
     .min = 0,
     .max = 1000,
     .help = "that it still sends: its part, then the record to others"},
    GY_SETTING_END};

const gy_fault_kind gy_fault_kill_record = {.kind = {.name = "kill_record",
                                                     .help = "a rank dies in the midst of a record",
                                                     .settings = rows,
                                                     .settings_size = sizeof(gy_fault_settings)},
                                            .moment = GY_MOMENT_GRADIENT,
                                            .strike = strike};
