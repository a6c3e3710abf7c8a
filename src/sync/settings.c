/* The section `comm` of a configuration. */
#include "compression_list.h"
#include "sync.h"
#include "wire_list.h"

#include "comm/alive.h"
#include "comm/watchdog.h"

static const char *const progress_choices[] = {"poll", "thread", NULL}; /* as gy_progress */

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
     .max = 8192, /* places in it have 31 bits: top_k */
     .help = "MiB of gradients that travel as one bucket"},
    {.key = "overlap",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_sync_settings, overlap),
     .standard = "true",
     .help = "send a bucket while the backward pass goes on"},
    {.key = "progress",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(gy_sync_settings, progress),
     .standard = "poll",
     .choices = progress_choices,
     .help =
         "what drives communication meanwhile: looks between blocks of computation, or a thread, "
         "which wants a core of its own"},
    {.key = "watchdog_seconds",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_sync_settings, watchdog_seconds),
     .standard = "600",
     .min = 0,
     .max = 1e9,
     .help =
         "how long a rank may wait in a step before it names the others and ends the job; 0 = off"},
    {.key = "silence_seconds",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_sync_settings, silence_seconds),
     .standard = "3",
     .min = 0,
     .max = 1e9,
     .help =
         "a host that says nothing for so long is dead: its ranks are named and the job ends; 0 = "
         "never"},
    {.key = "survive",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_sync_settings, survive),
     .standard = "false",
     .help = "where ranks die the others train on from the step under way; mpirun needs "
             "--enable-recovery"},
    {.key = "wire",
     .type = GY_SETTING_KIND,
     .offset = offsetof(gy_sync_settings, wire),
     .standard = "float32",
     .registry = &gy_wire_registry,
     .help = "what gradients travel as; sums are made in float32"},
    {.key = "compression",
     .type = GY_SETTING_KIND,
     .offset = offsetof(gy_sync_settings, compression),
     .standard = "none",
     .registry = &gy_compression_registry,
     .help = "what is left out of gradients, to be added to the next"},
    {.key = "shard_optimizer",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_sync_settings, shard_optimizer),
     .standard = "false",
     .help = "each rank holds and updates a part of the optimizer's state alone"},
    {.key = "verify_every_steps",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_sync_settings, verify_every_steps),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "compare parameters and optimizer state across ranks every so many steps; a rank that "
             "differs is named and the run ends; 0 = off"},
    {.key = "reproducible_grains",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_sync_settings, reproducible_grains),
     .standard = "0",
     .min = 0,
     .max = GY_SYNC_GRAINS,
     .help =
         "V > 0: a batch is summed as V grains, to the same bits on any number of ranks up to V; "
         "threads: 0 then means 1"},
    GY_SETTING_END};

void gy_sync_watch(gy_comm *comm, const gy_sync_settings *settings)
{
    gy_watchdog_set(comm, settings->watchdog_seconds);
    gy_alive_set_silence(comm, settings->silence_seconds);
}
