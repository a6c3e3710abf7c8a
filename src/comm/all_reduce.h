/**
 * Sums of float vectors over ranks, in pieces that overlap with computation.
 *
 * A kind is one file in all_reduce/ and one line in all_reduce_list.h. An operation is begun, driven
 * by progress() calls, and done; several may be under way, in the same order on every rank.
 */
#ifndef GY_COMM_ALL_REDUCE_H
#define GY_COMM_ALL_REDUCE_H

#include "base/registry.h"
#include "base/setting.h"
#include "comm.h"

#include <stdbool.h>

typedef struct gy_all_reduce gy_all_reduce; /* an operation; kept and used again each step */

typedef struct gy_all_reduce_kind {
    gy_kind kind;

    /** The kind that stands in for this one for n elements; NULL: itself. Local. */
    const struct gy_all_reduce_kind *(*choose)(const gy_comm *comm, int64_t n);

    /**
     * Makes an operation over x. Collective: the same n, kind and order of calls on every rank.
     * @param x    [n], stays where it is until the operation is freed
     * @param tag  0 … 32767, distinct for operations that may be under way together
     *
     * Never called with n = 0 or for one rank: nothing is to be done then. Where it fails on any
     * rank, *state is destroyed on those where it did not.
     */
    gy_status (*create)(gy_comm *comm, float *x, int64_t n, int tag, void **state);
    gy_status (*begin)(void *state);                /* x holds this rank's part */
    gy_status (*progress)(void *state, bool *done); /* never waits; done: x holds the sum */
    void (*destroy)(void *state);
} gy_all_reduce_kind;

extern const gy_registry gy_all_reduce_registry;

/** As the kind's create; the same status on every rank. Free with gy_all_reduce_free() (collective). */
gy_status gy_all_reduce_create(gy_comm *comm, const gy_kind *kind, float *x, int64_t n, int tag,
                               gy_all_reduce **out) GY_CHECKED;
void gy_all_reduce_free(gy_all_reduce *op);

/** The kind that does the work, after any choice. Local. */
const gy_kind *gy_all_reduce_chosen(const gy_all_reduce *op);
gy_status gy_all_reduce_begin(gy_all_reduce *op) GY_CHECKED;
gy_status gy_all_reduce_progress(gy_all_reduce *op, bool *done) GY_CHECKED;

/** Drives it until it is done. */
gy_status gy_all_reduce_wait(gy_all_reduce *op) GY_CHECKED;

/** create, begin, wait, free. */
gy_status gy_all_reduce_run(gy_comm *comm, const gy_kind *kind, float *x, int64_t n) GY_CHECKED;

#endif
