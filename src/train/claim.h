/** A directory belongs to one job at a time: a run's, a study's. */
#ifndef GY_TRAIN_CLAIM_H
#define GY_TRAIN_CLAIM_H

#include "comm/comm.h"
#include "store/file.h"

/**
 * Holds the file `lock` in it for this process; waits a little where another job does. On one rank. Local.
 *
 * @param create  whether to make that file
 * @param out     release with gy_lock_release()
 * @return GY_OK; GY_E_IO naming who holds it
 */
gy_status gy_directory_claim(gy_comm *comm, gy_pool *pool, const char *dir, bool create,
                             gy_lock *out) GY_CHECKED;

#endif
