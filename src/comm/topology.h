/**
 * What messages and copies cost on these ranks: measured once, some milliseconds, and known alike by
 * all ranks. `auto` chooses by it; a run that goes on takes what it measured at its start, so that it
 * chooses alike and ends with the same bits.
 */
#ifndef GY_COMM_TOPOLOGY_H
#define GY_COMM_TOPOLOGY_H

#include "comm.h"

typedef struct gy_topology {
    int ranks, hosts, local_ranks; /* the most on a host */
    double message_s;              /* a short message to the next rank, all ranks at once */
    double byte_s;                 /* a byte of a long one */
    double copy_s;                 /* a byte copied in memory, all ranks at once */
    bool host_memory;              /* ranks of a host, where there are several, can share memory */
} gy_topology;

/** What was measured or set, else numbers that are usual. Local. */
const gy_topology *gy_comm_topology(const gy_comm *comm);

/** Whether it was measured or set. Local. */
bool gy_comm_knows_topology(const gy_comm *comm);

/** Measures it; the same on every rank. Collective. */
gy_status gy_comm_measure(gy_comm *comm) GY_CHECKED;

/** Takes the seconds of another; the same on every rank. Local. */
void gy_comm_set_topology(gy_comm *comm, const gy_topology *t);

/** Seconds to pass `bytes` from every rank to the next at once, the best of `turns`. Collective. */
gy_status gy_comm_time_shift(gy_comm *comm, int64_t bytes, int turns, double *seconds) GY_CHECKED;

#endif
