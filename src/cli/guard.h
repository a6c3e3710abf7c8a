/** A bound for the start: until the watch of the ranks begins nobody sees that one of them died. */
#ifndef GY_CLI_GUARD_H
#define GY_CLI_GUARD_H

#include <gyre/comm.h>

#include <pthread.h>

typedef struct gy_guard {
    int rank; /* by the launcher's word */
    double seconds;
    gy_stalled *stalled;
    bool over, started; /* over: under the lock */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    pthread_t thread;
} gy_guard;

/**
 * From now on the process is ended where gy_guard_end() does not come in time. Without a thread for it, it is not.
 * @param seconds  at most; GYRE_START_SECONDS replaces it
 * @return GY_OK; GY_E_USAGE where that is no number of seconds: nothing has begun
 */
gy_status gy_guard_begin(gy_guard *g, int rank, double seconds, gy_stalled *stalled) GY_CHECKED;
void gy_guard_end(gy_guard *g);

#endif
