/** A directory belongs to one job at a time: a run's, a study's. */
#ifndef GY_TRAIN_CLAIM_H
#define GY_TRAIN_CLAIM_H

#include "comm/comm.h"
#include "store/file.h"

/** By what a job's heirs are known: ranks that are left of it, and a launcher's next start of it. */
typedef struct gy_claimant {
    char job[48];  /* nobody else's; "": not drawn yet */
    int32_t start; /* the launcher's, of this job */
    int32_t lost;  /* ranks, since that */
} gy_claimant;

/** By GYRE_JOB=NAME:START, where a launcher set it; else by chance, with a warning where it is set to other words. */
void gy_claimant_draw(gy_context *ctx, gy_claimant *out);

/**
 * Holds the file `lock` in it for this process; waits a little where another job does, and inherits it where
 * that is the same job before it lost ranks or was started again. On one rank. Local.
 *
 * @param create  whether to make that file
 * @param out     release with gy_lock_release()
 * @return GY_OK; GY_E_IO naming who holds it
 */
gy_status gy_directory_claim(gy_comm *comm, gy_pool *pool, const char *dir, bool create,
                             const gy_claimant *who, gy_lock *out) GY_CHECKED;

#endif
