/*
 * A run's directory belongs to one job at a time: two that write checkpoints and metrics into one would
 * spoil both. The file `lock` there is held by rank 0; a job that finds it held waits a little, for a
 * job that was put back into the queue may start while its processes of before are still ending.
 */
#include "claim.h"
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 10, LOOK_MS = 200 };

static void describe(const gy_comm *comm, char text[GY_LOCK_TEXT])
{
    char since[21];
    const char *job = getenv("SLURM_JOB_ID");
    gy_clock_utc(since);
    (void)snprintf(text, GY_LOCK_TEXT, "process %ld on %s%s%s, since %s", (long)getpid(),
                   gy_comm_host(comm, 0), job == NULL ? "" : ", SLURM job ", job == NULL ? "" : job,
                   since);
}

gy_status gy_directory_claim(gy_comm *comm, gy_pool *pool, const char *dir, bool create,
                             gy_lock *out)
{
    static const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
    const char *path;
    char text[GY_LOCK_TEXT], holder[GY_LOCK_TEXT];
    double start = gy_clock_s();
    describe(comm, text);
    GY_TRY(gy_pool_format(pool, &path, "%s/lock", dir));
    for (int looks = 0;; looks++) {
        GY_TRY(gy_lock_take(pool->ctx, path, text, create, out, holder));
        if (holder[0] == '\0') break;
        GY_REQUIRE(gy_clock_s() - start < PATIENCE_S, GY_E_IO,
                   "the run is under way" GY_AT "%s" GY_WHY "another job writes there, %s" GY_HINT
                   "end that one, or give this one a run_dir of its own",
                   dir, holder);
        if (looks == 0)
            gy_log(pool->ctx, GY_INFO, "waits: another job writes to %s, %s", dir, holder);
        (void)nanosleep(&look, NULL);
    }
    if (out->fd >= 0 && !out->is_sure)
        gy_log(pool->ctx, GY_WARNING,
               "%s cannot be locked on this file system: see to it that no other job writes there",
               dir);
    return GY_OK;
}

gy_status gy_run_claim(gy_run *run, bool create)
{
    gy_status status = GY_OK;
    if (run->rank == 0 && run->claim.fd < 0)
        status =
            gy_directory_claim(run->comm, &run->pool, run->config->run_dir, create, &run->claim);
    return gy_comm_agree(run->comm, status);
}

void gy_run_disclaim(gy_run *run)
{
    gy_lock_release(&run->claim);
}
