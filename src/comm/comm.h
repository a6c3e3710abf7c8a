/** The room of MPI: what the other rooms ask of it beyond <gyre/comm.h>. All collective, but where said. */
#ifndef GY_COMM_COMM_H
#define GY_COMM_COMM_H

#include <gyre/comm.h>

#include "base/alloc.h"

#include <stdint.h>

/**
 * A communicator of this process alone, for which MPI need not run. No group can be split off it, and
 * nobody watches it. Local.
 * @param out  free with gy_comm_free()
 */
gy_status gy_comm_alone(gy_context *ctx, gy_comm **out) GY_CHECKED;

/** Copies rank `root`'s bytes to all. Any size. */
gy_status gy_comm_broadcast(gy_comm *comm, void *bytes, int64_t n, int root) GY_CHECKED;

/** A text of rank 0 to all; *text is NULL or allocated with gy_alloc on the other ranks. */
gy_status gy_comm_broadcast_text(gy_comm *comm, char **text) GY_CHECKED;

/**
 * Memory on every rank or on none: what a rank may fail at alone, and the others must know of before
 * their next collective call. Like gy_new() and gy_new_array(); free with gy_free().
 */
#define gy_comm_new(comm, out) gy_comm_new_array((comm), 1, (out))
#define gy_comm_new_array(comm, n, out)                                                            \
    gy_comm_alloc_array((comm), (n), sizeof **(out), (void **)(out))

/** The same of n elements of `size` bytes; n may differ from rank to rank. */
gy_status gy_comm_alloc_array(gy_comm *comm, int64_t n, size_t size, void **out) GY_CHECKED;

gy_status gy_comm_barrier(gy_comm *comm) GY_CHECKED;

/** Whether MPI lets other threads than the first call it, one at a time. Local. */
bool gy_comm_takes_threads(void);

/** Sums, minima, maxima over ranks, in place, added in a fixed order: the same bits on every rank. */
gy_status gy_comm_sum(gy_comm *comm, double *x, int n) GY_CHECKED;
gy_status gy_comm_min(gy_comm *comm, double *x, int n) GY_CHECKED;
gy_status gy_comm_max(gy_comm *comm, double *x, int n) GY_CHECKED;

/** All ranks' n bytes at every rank, in rank order. @param out [ranks n] */
gy_status gy_comm_all_gather(gy_comm *comm, const void *x, int n, void *out) GY_CHECKED;

/** One message between two ranks, in order, of any size; blocking. Local (both must take part). */
gy_status gy_comm_send(gy_comm *comm, const void *bytes, int64_t n, int to) GY_CHECKED;
gy_status gy_comm_receive(gy_comm *comm, void *bytes, int64_t n, int from) GY_CHECKED;

/** A fault on purpose: this process is killed when it has begun to send so many more messages. Local. */
void gy_comm_die_after(gy_comm *comm, int messages);

/** The context that it was made with. Local. */
gy_context *gy_comm_context(const gy_comm *comm);

/** Ranks on this rank's host; and those that its cores are for, of other groups, too. Local. */
int gy_comm_local_ranks(const gy_comm *comm);
int gy_comm_sharing_ranks(const gy_comm *comm);

/**
 * Cuts ranks into groups, each a communicator of its own, watched as this one is, at rest. Collective.
 * @param group  this rank's; < 0: none
 * @param out    in the order of ranks; left alone where there is none. Free with gy_comm_free() before comm
 */
gy_status gy_comm_split(gy_comm *comm, int group, gy_comm **out) GY_CHECKED;

/**
 * Whether a message of gy_comm_send() is here, to be received. Local.
 * @param from  in: from whom, < 0: anybody; out: whose it is, where there is one
 */
gy_status gy_comm_look(gy_comm *comm, int *from, bool *here) GY_CHECKED;

/**
 * Tells how many threads this rank works with: where those of a host are more than its cores, ranks
 * that wait sleep between looks (patience.h). Before that a rank counts as one thread.
 */
gy_status gy_comm_tell_threads(gy_comm *comm, int threads) GY_CHECKED;

/* The record of a step: one small reduction carries everything. */

enum { GY_RECORD = 48 };

/** Sums, minima and maxima with the rank that has the largest, reduced in one message. */
typedef struct gy_record {
    double sum[GY_RECORD]; /* added in a fixed order */
    double min[GY_RECORD];
    double max[GY_RECORD];
    int max_rank[GY_RECORD]; /* out; the lowest of those that share it */
    int n_sum, n_min, n_max; /* the same on every rank */
    gy_status status;        /* in: this rank's; out: the worst (texts as by gy_comm_agree) */
} gy_record;

/** Reduces a record over all ranks. GY_E_COMM; else the agreed status. */
gy_status gy_comm_reduce(gy_comm *comm, gy_record *record) GY_CHECKED;
/** And sums x[n] as gy_comm_sum() does, in the same message as far as it goes. */
gy_status gy_comm_reduce_with(gy_comm *comm, gy_record *record, double *x, int n) GY_CHECKED;

#endif
