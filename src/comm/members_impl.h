/**
 * Messages among some ranks of a communicator, the *members*; the work of several kinds of
 * all-reduce.
 *
 * The vector is cut into one block a member; member i owns block i. Two ways round:
 *
 *     ring      a block passes all members, each adds its part; then its sum passes all     ring.c
 *     exchange  everybody sends its part of a block to the owner, then the owner the sum    exchange.c
 */
#ifndef GY_COMM_MEMBERS_IMPL_H
#define GY_COMM_MEMBERS_IMPL_H

#include "all_reduce.h"
#include "comm_mpi.h"

#include <stdbool.h>

/** Where this rank stands among them. */
typedef struct gy_members {
    int me, n;        /* n ≥ 2 */
    const int *ranks; /* [n] of the communicator `wire`; NULL: 0 … n − 1. Outlives what uses it */
} gy_members;

int gy_member_rank(const gy_members *m, int member);

/** Start of block b when n elements are cut into `blocks`, all at multiples of GY_PARAM_ALIGN. */
int64_t gy_block_start(int64_t n, int blocks, int b);

/** Elements of a block that go as one message, at most: what keeps a wire busy in both directions,
 * or what a host copies well. */
int64_t gy_segment(const gy_comm *comm, int64_t block);

/** Where all ranks are members: an all-reduce kind's `own`. */
void gy_own_block(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to);

typedef struct gy_ring gy_ring;

/** Local, but every member must make it alike. r->n ≥ 1; r->wire must be NULL. */
gy_status gy_ring_create(gy_comm *comm, const gy_members *members, const gy_reduction *r,
                         gy_ring **out) GY_CHECKED;

/** NULL is allowed; where messages are under way, they are given up. */
void gy_ring_free(gy_ring *ring);

gy_status gy_ring_begin(gy_ring *ring) GY_CHECKED;

/** Never waits. @param done  out: x holds the result, and nothing is under way */
gy_status gy_ring_progress(gy_ring *ring, bool *done) GY_CHECKED;

typedef struct gy_exchange gy_exchange;

/** As for the ring; with any wire. */
gy_status gy_exchange_create(gy_comm *comm, const gy_members *members, const gy_reduction *r,
                             gy_exchange **out) GY_CHECKED;
void gy_exchange_free(gy_exchange *e);
gy_status gy_exchange_begin(gy_exchange *e) GY_CHECKED;
gy_status gy_exchange_progress(gy_exchange *e, bool *done) GY_CHECKED;

#endif
