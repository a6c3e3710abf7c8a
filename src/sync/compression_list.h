/**
 * What is left out of gradients before they travel, one line each; their files are in compressions/.
 *
 * What is left out stays with the rank, in its *residual*, and is added to its next gradient (error
 * feedback), so that nothing is lost, only late.
 */
#ifndef GY_SYNC_COMPRESSION_LIST_H
#define GY_SYNC_COMPRESSION_LIST_H

#include "base/param.h"
#include "base/registry.h"
#include "comm/all_reduce.h"

/** A bucket to be compressed. All vectors stay where they are. */
typedef struct gy_compression_place {
    const void *settings;
    int64_t start, n;        /* in the flat vector */
    const gy_param *tensors; /* [n_tensors] that begin in it, by their offset − start */
    int n_tensors;

    /* where it is made */
    gy_comm *comm;
    int tags[2];   /* of one sum, and of another that follows it */
    gy_room *room; /* of these sums */
    uint64_t seed;
    float *g;           /* [n] in: this rank's gradients; out: the sum of what was sent */
    float *residual[2]; /* [n] before and after, by *turn */
    const int *turn;    /* which is the one before; it changes with a step that counts */
} gy_compression_place;

typedef struct gy_compression_kind {
    gy_kind kind;
    bool whole_tensors; /* buckets are cut between tensors */

    /** Floats that a rank gives away a step, of a place not made yet. Local. */
    int64_t (*floats)(const gy_compression_place *place);

    /** As of a gy_all_reduce_kind; create NULL: everything travels. Collective, agreed. */
    gy_status (*create)(const gy_compression_place *place, void **state);
    gy_status (*begin)(void *state);
    gy_status (*progress)(void *state, bool *done);
    void (*destroy)(void *state);

    /** The name of what is remembered besides the residual, the same on every rank; NULL: nothing.
     * It is kept in checkpoints as a slot. */
    const char *memory;
    void (*keep)(const void *state, float *v); /* into v [n], laid out like g, zero so far. Local */
    void (*take)(void *state, const float *v); /* of keep, with whatever settings. Local */
} gy_compression_kind;

extern const gy_registry gy_compression_registry;

/* For kinds */

/** This rank's gradient with what was left out before, in place of the residual after. Local. */
float *gy_compression_add(const gy_compression_place *place);
/** An operation of a compression: by `direct`, which tells messages apart by tags. Collective. */
gy_status gy_compression_operation(const gy_compression_place *place, const gy_reduction *r,
                                   gy_all_reduce **out) GY_CHECKED;

#define GY_COMPRESSION_LIST(X) X(none) X(top_k) X(power_sgd)

#define GY_COMPRESSION_DECLARE(name) extern const gy_compression_kind gy_compression_##name;
GY_COMPRESSION_LIST(GY_COMPRESSION_DECLARE)
#undef GY_COMPRESSION_DECLARE

#endif
