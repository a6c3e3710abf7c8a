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
 * Ends the process: takes the error line, WHAT (WHERE): WHY; HINT, on the one rank that tells it,
 * NULL on the others. Called from the watchdog's thread; must not return.
 */
typedef void gy_stalled(void *user, const char *line);

/**
 * Starts the watch of a communicator. Collective; the same status on every rank.
 *
 * Nothing is watched where there is one rank, or seconds is 0.
 *
 * @param seconds  how long a rank may wait, or do one thing
 */
gy_status gy_watchdog_start(gy_comm *comm, double seconds, gy_stalled *stalled,
                            void *user) GY_CHECKED;

/** Ends the watch; nothing where there is none. Local. */
void gy_watchdog_stop(gy_comm *comm);

/** Seconds that a rank may wait; 0 where nothing is watched. Local. */
double gy_watchdog_limit(const gy_comm *comm);

/** What this rank does from now on. @param phase  a static text of at most 23 bytes. Local. */
void gy_watchdog_note(gy_comm *comm, int64_t step, const char *phase, gy_doing doing);

#endif
