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
    return (gy_patience){.sleeps = comm->crowded, .pause_ns = SHORTEST_NS};
}

gy_patience gy_patience_begin_idle(void)
{
    return (gy_patience){.sleeps = true, .pause_ns = SHORTEST_NS};
}

void gy_patience_pause(gy_patience *p)
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

/* Cores that the ranks of this host may run on, together. */
static gy_status count_cores(gy_comm *comm, int *out)
{
    cpu_set_t mine, all;
    CPU_ZERO(&mine);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) CPU_ZERO(&mine);
    GY_MPI(MPI_Allreduce(&mine, &all, (int)sizeof mine, MPI_BYTE, MPI_BOR, comm->local));
    *out = CPU_COUNT(&all);
    return GY_OK;
}

gy_status gy_comm_tell_threads(gy_comm *comm, int threads)
{
    int cores, here, crowded;
    if (comm->ranks == 1) return GY_OK;
    GY_TRY(count_cores(comm, &cores));
    GY_MPI(MPI_Allreduce(&threads, &here, 1, MPI_INT, MPI_SUM, comm->local));
    int more = cores > 0 && here > cores;
    GY_MPI(MPI_Allreduce(&more, &crowded, 1, MPI_INT, MPI_MAX, comm->calls));
    comm->crowded = crowded != 0 || comm->in_crowd;
    return GY_OK;
}
