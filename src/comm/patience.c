/*
 * Crowded: more threads of all ranks on a host than cores that they are bound to. A rank
 * that looks in vain there takes the time of the one it waits for: yielding alone does not help,
 * since a scheduler that is fair gives it as much as the others.
 *
 * A pause is an eighth of what was waited, so that sleeping makes no wait much longer.
 */
#define _GNU_SOURCE /* sched_getaffinity */

#include "patience.h"

#include "comm_mpi.h"

#include <sched.h>
#include <time.h>

enum {
    YIELD_EVERY = 8,     /* looks */
    LOOKS = 32,          /* before the first pause */
    SHORTEST_NS = 20000, /* of pauses */
    LONGEST_NS = 1000000
};

gy_patience gy_patience_begin(const gy_comm *comm)
{
    return (gy_patience){.comm = comm, .sleeps = comm->crowded, .pause_ns = SHORTEST_NS};
}

gy_patience gy_patience_begin_idle(const gy_comm *comm)
{
    return (gy_patience){.comm = comm, .sleeps = true, .pause_ns = SHORTEST_NS};
}

static void rest(gy_patience *p)
{
    p->looks++;
    if (!p->sleeps || p->looks < LOOKS) {
        if (p->looks % YIELD_EVERY == 0) (void)sched_yield();
        return;
    }
    const struct timespec pause = {.tv_nsec = p->pause_ns};
    (void)nanosleep(&pause, NULL);
    p->pause_ns += p->pause_ns / 8;
    if (p->pause_ns > LONGEST_NS) p->pause_ns = LONGEST_NS;
}

gy_status gy_patience_pause(gy_patience *p)
{
    rest(p);
    return gy_comm_check(p->comm);
}

/* What a rank brings to its host, and takes of it. */
typedef struct load {
    cpu_set_t cores; /* that it may run on */
    int threads;
} load;

/* Whether ranks of a host have more threads than cores, together. */
static bool is_crowded(const gy_comm *comm, const load *all, int host)
{
    cpu_set_t cores;
    int threads = 0;
    CPU_ZERO(&cores);
    for (int r = 0; r < comm->ranks; r++) {
        if (comm->host_of[r] != host) continue;
        CPU_OR(&cores, &cores, &all[r].cores);
        threads += all[r].threads;
    }
    return CPU_COUNT(&cores) > 0 && threads > CPU_COUNT(&cores);
}

gy_status gy_comm_tell_threads(gy_comm *comm, int threads)
{
    load mine = {.threads = threads}, *all = NULL;
    if (comm->ranks == 1) return GY_OK;
    CPU_ZERO(&mine.cores);
    if (sched_getaffinity(0, sizeof mine.cores, &mine.cores) != 0) CPU_ZERO(&mine.cores);
    GY_TRY(gy_comm_new_array(comm, comm->ranks, &all));
    gy_status status = gy_comm_all_gather(comm, &mine, (int)sizeof mine, all);
    comm->crowded = comm->in_crowd;
    for (int h = 0; h < comm->hosts && status == GY_OK; h++)
        comm->crowded = comm->crowded || is_crowded(comm, all, h);
    gy_free(comm->ctx, all);
    return status;
}
