/* The section `comm` of a configuration. */
#include "sync.h"

const gy_setting gy_sync_setting_rows[] = {
    {.key = "allreduce",
     .type = GY_SETTING_KIND,
     .offset = offsetof(gy_sync_settings, all_reduce),
     .standard = "auto",
     .registry = &gy_all_reduce_registry,
     .help = "how gradients are summed over the ranks"},
    {.key = "bucket_mib",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_sync_settings, bucket_mib),
     .standard = "4",
     .min = 0.001,
     .max = 65536,
     .help = "MiB of gradients that travel as one bucket"},
    {.key = "overlap",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_sync_settings, overlap),
     .standard = "true",
     .help = "send a bucket while the backward pass goes on"},
    {.key = "watchdog_seconds",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_sync_settings, watchdog_seconds),
     .standard = "600",
     .min = 0,
     .max = 1e9,
     .help =
         "how long a rank may wait in a step before it names the others and ends the job; 0 = off"},
    GY_SETTING_END};
