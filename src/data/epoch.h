/** The order of an epoch's samples. Inside data only; each thread has its own. */
#ifndef GY_DATA_EPOCH_H
#define GY_DATA_EPOCH_H

#include "data.h"

typedef struct gy_epoch {
    gy_split split;
    gy_shuffle shuffle;
    uint64_t seed;
    int64_t batch;
    const gy_tasks *tasks; /* the order is of them; NULL: of samples */
    int64_t task_samples;
    /* GY_SHUFFLE_CHUNKS: */
    int64_t chunks;
    int64_t *starts; /* [chunks + 1] where each begins, in samples of the split */
    int64_t each;    /* samples of a chunk, about */
    int64_t wide;    /* samples of a lane in a batch */
    int64_t shift;   /* places between the beginnings of lanes, each in its chunk */
    int64_t kept;    /* chunks that all ranks together go back and forth among */
    int64_t epoch;   /* that the following are of; −1: none */
    int64_t *which;  /* [chunks] the chunks as the epoch takes them */
    int64_t *ends;   /* [chunks] samples of these and those before */
} gy_epoch;

/** @param out  zero-filled; to be cleared where it fails, too */
gy_status gy_epoch_init(gy_epoch *out, gy_context *ctx, const gy_loader_spec *spec) GY_CHECKED;
void gy_epoch_clear(gy_epoch *o, gy_context *ctx);

/** Numbers in the source of places [first, first + n) of an epoch. */
void gy_epoch_take(gy_epoch *o, int64_t epoch, int64_t first, int64_t n, int64_t *out);

#endif
