/** A pipelined ring among some ranks of a communicator; the work of several kinds of all-reduce. */
#ifndef GY_COMM_RING_IMPL_H
#define GY_COMM_RING_IMPL_H

#include "comm_mpi.h"

#include <stdbool.h>

/** Where this rank stands in a ring. */
typedef struct gy_ring_place {
    int me, members;   /* members ≥ 2 */
    int before, after; /* ranks of the communicator `wire` */
} gy_ring_place;

typedef struct gy_ring gy_ring;

/** Local, but every member must make it alike. @param x  [n] n ≥ 1; stays where it is */
gy_status gy_ring_create(gy_comm *comm, const gy_ring_place *place, float *x, int64_t n, int tag,
                         gy_ring **out) GY_CHECKED;

/** NULL is allowed; where messages are under way, they are given up. */
void gy_ring_free(gy_ring *ring);

gy_status gy_ring_begin(gy_ring *ring) GY_CHECKED;

/** Never waits. @param done  out: x holds the sum, and nothing is under way */
gy_status gy_ring_progress(gy_ring *ring, bool *done) GY_CHECKED;

#endif
