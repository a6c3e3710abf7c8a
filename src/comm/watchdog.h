/**
 * The watchdog: no rank waits for ever. A rank that waits too long asks all others what they do,
 * says for whom it waits, and ends the job.
 *
 * Each rank tells its own watchdog what it does from now on; that costs a clock and a lock. What the
 * ranks tell each other goes by datagrams between the watchdogs' threads, beside MPI, so that it
 * works whatever the main threads do.
 */
#ifndef GY_COMM_WATCHDOG_H
#define GY_COMM_WATCHDOG_H

#include "comm.h"

typedef enum gy_doing {
    GY_WORKS, /* others may wait for this rank */
    GY_WAITS, /* for others */
    GY_SAVES  /* writes a checkpoint: to wait for that is no stall */
} gy_doing;

/**
 * How long a rank may wait or do one thing from now on; 0: the watch rests. Nothing where nobody asked
 * for a watch (gy_comm_watch). Local: each rank counts for itself.
 */
void gy_watchdog_set(gy_comm *comm, double seconds);

/** Ends the watch; nothing where there is none. Collective. */
void gy_watch_stop(gy_comm *comm);

/** Seconds that a rank may wait; 0 where nothing is watched, and at rest. Local. */
double gy_watchdog_limit(const gy_comm *comm);

/**
 * What this rank does from now on. Local.
 * @param step   from 1; 0: before the first
 * @param phase  at most 23 bytes
 */
void gy_watchdog_note(gy_comm *comm, int64_t step, const char *phase, gy_doing doing);

/** A call of all ranks: who works waits for the others meanwhile, and has come further after it. */
#define GY_WATCHED(comm, call) (gy_watchdog_enter(comm), gy_watchdog_leave((comm), (call)))
void gy_watchdog_enter(gy_comm *comm);
gy_status gy_watchdog_leave(gy_comm *comm, gy_status status); /* returns status */

#endif
