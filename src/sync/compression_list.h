/**
 * What is left out of gradients before they travel, one line each; their files are in compressions/.
 *
 * What is left out stays with the rank, in its *residual*, and is added to its next gradient (error
 * feedback), so that nothing is lost, only late.
 */
#ifndef GY_SYNC_COMPRESSION_LIST_H
#define GY_SYNC_COMPRESSION_LIST_H

#include "base/registry.h"
#include "comm/all_reduce.h"

/** A bucket to be compressed. All vectors stay where they are. */
typedef struct gy_compression_place {
    gy_comm *comm;
    const void *settings;
    int64_t n;
    int tag;
    float *g;           /* [n] in: this rank's gradients; out: the sum of what was sent */
    float *residual[2]; /* [n] before and after, by *turn */
    const int *turn;    /* which is the one before */
} gy_compression_place;

typedef struct gy_compression_kind {
    gy_kind kind;
    /** As of a gy_all_reduce_kind; create NULL: everything travels. Collective, agreed. */
    gy_status (*create)(const gy_compression_place *place, void **state);
    gy_status (*begin)(void *state);
    gy_status (*progress)(void *state, bool *done);
    void (*destroy)(void *state);
} gy_compression_kind;

extern const gy_registry gy_compression_registry;

#define GY_COMPRESSION_LIST(X) X(none) X(top_k)

#define GY_COMPRESSION_DECLARE(name) extern const gy_compression_kind gy_compression_##name;
GY_COMPRESSION_LIST(GY_COMPRESSION_DECLARE)
#undef GY_COMPRESSION_DECLARE

#endif
