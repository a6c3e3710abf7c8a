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
#include "room.h"
#include "topology.h"

#include <stdbool.h>

typedef struct gy_all_reduce gy_all_reduce; /* an operation; kept and used again each step */

/**
 * What travels over a wire instead of float32. Sums are made of what was decoded, in float32; or what
 * stands for a sum, as the maximum of bins does (sync/grains.c).
 * What was decoded must be encoded to the same numbers again.
 */
typedef struct gy_wire {
    size_t bytes; /* of an element */
    size_t head;  /* bytes before the first one, in every message; a multiple of `bytes` */
    double error; /* what is lost of a number at most, as a fraction of it; */
    double floor; /* or as a fraction of the message's largest finite one, where that is more */
    void (*encode)(int64_t n, const float *x, void *out);
    void (*decode)(int64_t n, const void *in, float *x);
    void (*add)(int64_t n, const void *in, float *x); /* x += what decode gives */
} gy_wire;

/**
 * An all-reduce has two halves, and sometimes only one is wanted: each element has an owner, who
 * takes the sum (scatter), and from whom all take it (gather).
 */
typedef enum gy_half { GY_WHOLE, GY_SCATTER, GY_GATHER } gy_half;

/** What an operation is to do. */
typedef struct gy_reduction {
    float *x; /* [n], stays where it is until the operation is freed; in memory that the host shares
                 (host_memory.h) on all ranks or on none, there at the same place */
    int64_t n;
    int tag;             /* 0 … 32767, distinct for operations that may be under way together */
    gy_half half;        /* after GY_SCATTER the elements that others own are undefined */
    const gy_wire *wire; /* NULL: float32. GY_GATHER sends what the wire can hold of the owner's */
    bool
        by_messages; /* `auto` chooses no kind that adds in memory: where the wire's `add` is no sum, and
                            where ranks may die meanwhile */
    gy_room *room; /* at least gy_all_reduce_add_size; outlives the operation. NULL: its own */
    const gy_host_memory
        *memory; /* set by gy_all_reduce_create and _choose: where x lies; or NULL */
} gy_reduction;

/* What most kinds are: a list of what goes to whom (rows_impl.h). Local. */
struct gy_members;
struct gy_rows;
typedef void gy_row_maker(const struct gy_members *m, const gy_reduction *r, struct gy_rows *out);

typedef struct gy_all_reduce_kind {
    gy_kind kind;
    bool in_place; /* it gains where x lies in memory that the host shares */

    /** The kind that stands in for this one; NULL: itself. Local. */
    const struct gy_all_reduce_kind *(*choose)(const gy_comm *comm, const gy_reduction *r);

    /** Seconds it will take; NULL: not known, and `auto` never chooses it. Local. */
    double (*cost)(const gy_topology *t, const gy_reduction *r);

    /** The part of n elements that a rank owns, at multiples of GY_PARAM_ALIGN. Local. */
    void (*own)(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to);

    gy_row_maker *rows; /* the whole of its work; NULL: what follows is */

    /**
     * What an operation needs; makes one in the room that r has. Local, alike on every rank. Never
     * called with n = 0 or for one rank: nothing is to be done then.
     */
    gy_room_size (*size)(const gy_comm *comm, const gy_reduction *r);
    gy_status (*create)(gy_comm *comm, const gy_reduction *r, void **state);
    gy_status (*begin)(void *state);                /* x holds this rank's part */
    gy_status (*progress)(void *state, bool *done); /* never waits; done: x holds the result */
    void (*destroy)(void *state);
} gy_all_reduce_kind;

extern const gy_registry gy_all_reduce_registry;

/** Bytes of a reduction's vector as they travel. Local. */
double gy_reduction_bytes(const gy_reduction *r);

/** 2, or 1 for a half: how often a vector goes round. Local. */
double gy_reduction_halves(const gy_reduction *r);

/** The kind that does the work, after any choice. Local. */
const gy_kind *gy_all_reduce_choose(const gy_comm *comm, const gy_kind *kind,
                                    const gy_reduction *r);

/** Enlarges size, so that a room of it will do for the reduction too. Local. */
void gy_all_reduce_add_size(const gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                            gy_room_size *size);

/** What rank owns of n elements, by the kind that does the work. Local. */
void gy_all_reduce_own(const gy_comm *comm, const gy_kind *kind, int64_t n, int rank, int64_t *from,
                       int64_t *to);

/** Makes an operation; the same status on every rank. Collective. Free with gy_all_reduce_free() (collective). */
gy_status gy_all_reduce_create(gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                               gy_all_reduce **out) GY_CHECKED;
void gy_all_reduce_free(gy_all_reduce *op);

/** The kind that does the work. Local. */
const gy_kind *gy_all_reduce_chosen(const gy_all_reduce *op);
gy_status gy_all_reduce_begin(gy_all_reduce *op) GY_CHECKED;
gy_status gy_all_reduce_progress(gy_all_reduce *op, bool *done) GY_CHECKED;

/** Drives it until it is done. */
gy_status gy_all_reduce_wait(gy_all_reduce *op) GY_CHECKED;

/** Bytes that this rank's all-reduces have given to MPI so far; not counted of kind mpi. Local. */
int64_t gy_all_reduce_sent(const gy_comm *comm);

/** create, begin, wait, free. */
gy_status gy_all_reduce_run(gy_comm *comm, const gy_kind *kind, const gy_reduction *r) GY_CHECKED;

#endif
