/**
 * Inside the room of checkpoints only: how a checkpoint lies on disk, and its parts in memory.
 *
 * The flat vectors (the parameters, and each optimizer slot) are cut into as many slices as there
 * are shards; shard i holds the i-th slice of each. index.h5 names the tensors in them.
 */
#ifndef GY_CHECKPOINT_CHECKPOINT_IMPL_H
#define GY_CHECKPOINT_CHECKPOINT_IMPL_H

#include "checkpoint.h"

enum {
    GY_PIECE = 1 << 20,                   /* floats of a message, and of a read: 4 MiB */
    GY_VECTORS = 1 + GY_CHECKPOINT_SLOTS, /* the parameters and the slots */
    GY_FORMAT_VERSION = 1
};

#define GY_FORMAT_NAME "gyre-checkpoint"

/** A slice of a flat vector in a shard: elements [offset, offset + count). */
typedef struct gy_slice {
    int64_t offset, count;
    uint64_t checksum; /* XXH3 of its bytes */
} gy_slice;

typedef struct gy_shard {
    const char *file; /* beside index.h5 */
    gy_slice v[GY_VECTORS];
} gy_shard;

/** A tensor of a file by its name below a group. */
typedef struct gy_entry {
    const char *name;
    gy_shape shape;
    int64_t count;
    int64_t offset; /* in the flat vector; −1: a data set of its own */
} gy_entry;

typedef struct gy_entries {
    const gy_entry *v;
    int n;
} gy_entries;

/** What index.h5 says. */
typedef struct gy_index {
    gy_checkpoint_head head;
    const char *dir;
    gy_entries params, buffers;
    int n_vectors;
    const char *slots[GY_CHECKPOINT_SLOTS]; /* [n_vectors − 1] */
    int64_t lengths[GY_VECTORS];
    const gy_shard *shards;
    int n_shards;
} gy_index;

/* place.c: what a path is */

typedef enum gy_place { GY_PLACE_CHECKPOINT, GY_PLACE_RUN, GY_PLACE_FILE } gy_place;

/**
 * Tells what a path is. Local.
 * @param dir  out: the checkpoint's directory; the directory that holds the run's checkpoints; the
 *             file itself
 */
gy_status gy_place_find(gy_pool *pool, const char *path, gy_place *place,
                        const char **dir) GY_CHECKED;

/** The number of step-NNNNNNNNN, −1 for other names. */
int64_t gy_step_number(const char *name);

/** Steps below a run's `checkpoints`, descending. */
gy_status gy_steps_list(gy_pool *pool, const char *dir, int64_t **steps, int *n) GY_CHECKED;

/** DIR/step-NNNNNNNNN. */
gy_status gy_step_path(gy_pool *pool, const char *dir, int64_t step, const char **out) GY_CHECKED;

/** The step that DIR/`link` points to, −1 if none. */
int64_t gy_link_step(const char *dir, const char *link);

/* shard.c */

/** Elements [from, to) of a vector lie at `at` of rank's own part. */
typedef struct gy_held {
    int64_t from, to, at;
    int rank;
} gy_held;

/** A flat vector while it is written: who holds what of it. */
typedef struct gy_vector {
    const char *data; /* "/values", "/optimizer/momentum" */
    int64_t length;
    const float *mine; /* this rank's part */
    gy_held *held;     /* [n_held] ascending, without gaps */
    int n_held;
} gy_vector;

typedef struct gy_writer {
    gy_context *ctx;
    gy_comm *comm;
    int rank, ranks;
    const gy_checkpoint *c;
    gy_pool pool;
    const char *dir; /* of the checkpoint in the making */
    gy_vector vectors[GY_VECTORS];
    int n_vectors;
    gy_shard *shards; /* [n_shards] */
    int n_shards;
    float *piece;             /* [GY_PIECE] rank 0 */
    struct gy_hasher *hasher; /* rank 0 */
} gy_writer;

/** Writes shard i by rank 0, streamed from the ranks. Collective; agreed. */
gy_status gy_shard_write(gy_writer *w, int i) GY_CHECKED;

/** Takes n elements from `at` on of a flat vector. */
typedef void gy_take(void *user, const float *x, int64_t at, int64_t n);

/**
 * Reads vector k of shard i in pieces and checks it. Local.
 * @param piece  [GY_PIECE]
 * @param take   may be NULL
 */
gy_status gy_shard_read(gy_context *ctx, const gy_index *index, int i, int k, float *piece,
                        gy_take *take, void *user) GY_CHECKED;

/* index_write.c, index_read.c */

gy_status gy_index_write(gy_writer *w) GY_CHECKED;

/** Reads and checks index.h5 of a checkpoint's directory; all lies in the pool. Local. */
gy_status gy_index_read(gy_context *ctx, const char *dir, gy_pool *pool, gy_index *out) GY_CHECKED;

struct gy_h5;

/** Tensors below a group, which may be missing; offsets where `placed`. Local. */
gy_status gy_entries_read(struct gy_h5 *f, gy_pool *pool, const char *group, bool placed,
                          gy_entries *out) GY_CHECKED;

/**
 * Reads a whole real data set as float32 in pieces; checks its checksum where it has one. Local.
 * @param out  [count]
 */
gy_status gy_tensor_read(gy_context *ctx, struct gy_h5 *f, const char *name, const char *path,
                         gy_status status, float *out) GY_CHECKED;

/* match.c: tensors by name */

typedef struct gy_pair_found {
    int entry, param;
} gy_pair_found;

/** What did not fit, of all groups that are looked at. */
typedef struct gy_misfits {
    gy_buffer missing, additional, wrong;
    int n_missing, n_additional, n_wrong, n_found;
} gy_misfits;

void gy_misfits_init(gy_misfits *m, gy_context *ctx);
void gy_misfits_clear(gy_misfits *m);

/**
 * Pairs a file's tensors with a model's by name and shape; notes what does not fit. Local.
 * @param prefix     of names in messages
 * @param trainable  look only at these of the model; others in the file are no misfits
 * @param pairs      out: [*n], in the pool
 */
gy_status gy_match_names(gy_pool *pool, const gy_entries *entries, const gy_params *model,
                         const char *prefix, bool trainable, gy_misfits *m, gy_pair_found **pairs,
                         int *n) GY_CHECKED;

/** Raises GY_E_CONFIG where there are misfits. */
gy_status gy_misfits_check(const gy_misfits *m, const char *path, gy_match match) GY_CHECKED;

/* commit.c */

typedef struct gy_commit {
    gy_context *ctx;
    const char *dir; /* RUN/checkpoints */
    const char *made, *final, *old;
    const char *name; /* step-NNNNNNNNN */
} gy_commit;

gy_status gy_commit_begin(gy_context *ctx, gy_pool *pool, const char *run_dir, int64_t step,
                          gy_commit *out) GY_CHECKED;
gy_status gy_commit_finish(const gy_commit *c, bool best) GY_CHECKED;

/** Removes what was begun; the thread's last error stays. */
void gy_commit_abort(const gy_commit *c);

/* retain.c */

/** Removes all but the newest `keep` up to `step`, and those that links point to. Warns only. */
void gy_retain(gy_context *ctx, const char *dir, int64_t keep, int64_t step);

/** Removes a checkpoint so that half of it never passes for one. */
gy_status gy_step_remove(gy_context *ctx, const char *dir, int64_t step) GY_CHECKED;

/* verify.c */

/** Reads every byte of one checkpoint; adds to *out. Local. */
gy_status gy_verify_one(gy_context *ctx, const char *dir, gy_verify_result *out) GY_CHECKED;

#endif
