/*
 * A run's directory belongs to one job at a time: two that write checkpoints and metrics into one would
 * spoil both. The file `lock` there is held by rank 0; a job that finds it held waits a little, for a
 * job that was put back into the queue may start while its processes of before are still ending.
 *
 * Where rank 0's host died a shared file system keeps its lock for minutes. The job's own heirs do not wait
 * for that: of the ranks that are left because they have agreed that it is dead; of the launcher's next
 * start because the one before has ended. Should a process of before live after all, its next line in the
 * journal, or its next checkpoint, tells it that it is an heir's now, and it ends. Another host's may learn that
 * only FRESH_S later: so long the next start leaves the journal alone.
 */
#include "claim.h"
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "store/file.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 200 };

static const double PATIENCE_S = 10, ENDING_S = 1, FRESH_S = 1, MARGIN_S = 0.5;

void gy_claimant_draw(gy_context *ctx, gy_claimant *out)
{
    const char *text = getenv("GYRE_JOB"), *colon = text == NULL ? NULL : strrchr(text, ':');
    int64_t start;
    *out = (gy_claimant){.start = 0};
    if (colon != NULL && colon > text && colon - text < (ptrdiff_t)sizeof out->job &&
        strcspn(text, " \n") == strlen(text) && gy_number_int(colon + 1, &start) && start >= 0 &&
        start < INT32_MAX) {
        memcpy(out->job, text, (size_t)(colon - text));
        out->start = (int32_t)start;
    } else {
        (void)snprintf(out->job, sizeof out->job, "%016" PRIx64, gy_temporary_draw());
        if (text != NULL && text[0] != '\0')
            gy_log(ctx, GY_WARNING,
                   "GYRE_JOB is passed over: '%s' is not NAME:START, a word and a number", text);
    }
}

static void describe(const gy_comm *comm, const gy_claimant *who, char text[GY_LOCK_TEXT])
{
    char since[21];
    const char *job = getenv("SLURM_JOB_ID");
    gy_clock_utc(since);
    (void)snprintf(text, GY_LOCK_TEXT,
                   "process %ld on %s%s%s, since %s\njob %s start %" PRId32 " lost %" PRId32 "\n",
                   (long)getpid(), gy_comm_host(comm, 0), job == NULL ? "" : ", SLURM job ",
                   job == NULL ? "" : job, since, who->job, who->start, who->lost);
}

static void rest(double s)
{
    const time_t whole = (time_t)s;
    const struct timespec time = {.tv_sec = whole, .tv_nsec = (long)((s - (double)whole) * 1e9)};
    (void)nanosleep(&time, NULL);
}

/* Whether the holder is a process of this host that has not ended. */
static bool lives_here(const gy_comm *comm, const char *holder)
{
    char host[64];
    long process;
    return sscanf(holder, "process %ld on %63[^, ]", &process, host) == 2 &&
           strcmp(host, gy_comm_host(comm, 0)) == 0 && process > 0 &&
           (kill((pid_t)process, 0) == 0 || errno == EPERM);
}

/* How long to wait for a holder that this one is an heir of; < 0: it is none. What lives on this host may be
 * writing its last checkpoint. */
static double wait_of_heir(const gy_comm *comm, const gy_claimant *who, const char *holder)
{
    gy_claimant before;
    const char *line = strchr(holder, '\n');
    if (line == NULL || sscanf(line, "\njob %47s start %" SCNd32 " lost %" SCNd32, before.job,
                               &before.start, &before.lost) != 3)
        return -1;
    if (strcmp(before.job, who->job) != 0) return -1;
    if (before.start < who->start) return lives_here(comm, holder) ? PATIENCE_S : ENDING_S;
    return before.start == who->start && before.lost < who->lost ? 0 : -1;
}

gy_status gy_directory_claim(gy_comm *comm, gy_pool *pool, const char *dir, bool create,
                             const gy_claimant *who, gy_lock *out)
{
    const char *path;
    char text[GY_LOCK_TEXT], holder[GY_LOCK_TEXT];
    double start = gy_clock_s();
    describe(comm, who, text);
    GY_TRY(gy_pool_format(pool, &path, "%s/lock", dir));
    for (int looks = 0;; looks++) {
        GY_TRY(gy_lock_take(pool->ctx, path, text, create, out, holder));
        if (holder[0] == '\0') break;
        const double waited = gy_clock_s() - start, wait = wait_of_heir(comm, who, holder);
        holder[strcspn(holder, "\n")] = '\0';
        if (wait >= 0 && waited >= wait) {
            GY_TRY(gy_lock_inherit(pool->ctx, pool, path, text, out));
            gy_log(pool->ctx, GY_INFO, "takes over %s from %s", dir, holder);
            if (wait > 0) rest(FRESH_S + MARGIN_S); /* 0: it makes no step without these ranks */
            break;
        }
        GY_REQUIRE(waited < PATIENCE_S, GY_E_IO,
                   "the run is under way" GY_AT "%s" GY_WHY "another job writes there, %s" GY_HINT
                   "end that one, or give this one a run_dir of its own",
                   dir, holder);
        if (looks == 0)
            gy_log(pool->ctx, GY_INFO, "waits: another job writes to %s, %s", dir, holder);
        rest(1e-3 * LOOK_MS);
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
    if (run->rank == 0 && run->claimant.job[0] == '\0') gy_claimant_draw(run->ctx, &run->claimant);
    GY_TRY(gy_comm_broadcast(run->comm, &run->claimant, sizeof run->claimant, 0));
    run->claimant.lost = gy_comm_lost(run->comm);
    if (run->rank == 0 && run->claim.fd >= 0) status = gy_lock_check(&run->claim);
    if (run->rank == 0 && run->claim.fd < 0)
        status = gy_directory_claim(run->comm, &run->pool, run->config->run_dir, create,
                                    &run->claimant, &run->claim);
    run->claim_seen_s = gy_clock_boot_s();
    return gy_comm_agree(run->comm, status);
}

gy_status gy_run_check_claim(gy_run *run)
{
    const double now = gy_clock_boot_s();
    if (now - run->claim_seen_s < FRESH_S && gy_lock_has_name(&run->claim)) return GY_OK;
    run->claim_seen_s = now;
    return gy_lock_check(&run->claim);
}

void gy_run_disclaim(gy_run *run)
{
    gy_lock_release(&run->claim);
}
