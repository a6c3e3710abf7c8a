/**
 * Inside the room of checkpoints only: how a checkpoint lies on disk, and its parts in memory.
 *
 * The flat vectors (the parameters, and each optimizer slot) are cut into as many slices as there
 * are shards; shard i holds the i-th slice of each. index.h5 names the tensors in them.
 */
#ifndef GY_CHECKPOINT_CHECKPOINT_IMPL_H
#define GY_CHECKPOINT_CHECKPOINT_IMPL_H

#include "checkpoint.h"
#include "comm/transfer.h"
#include "history_impl.h"

#include <pthread.h>

enum {
    GY_PIECE_FLOATS = 1 << 20,            /* floats of a message, and of a read: 4 MiB */
    GY_VECTORS = 1 + GY_CHECKPOINT_SLOTS, /* the parameters and the slots */
    GY_FORMAT_VERSION = 1
};

#define GY_FORMAT_NAME "gyre-checkpoint"
#define GY_KEEPS "keeps" /* attribute of a parameter: gy_hold_names */

/** How tensors lie in a slot, and its length. */
static inline const gy_params *gy_slot_table(const gy_params *params, const gy_checkpoint_slot *s)
{
    return s->table != NULL ? s->table : params;
}
static inline int64_t gy_slot_floats(const gy_params *params, const gy_checkpoint_slot *s)
{
    return gy_slot_table(params, s)->trainable;
}
int64_t gy_slots_floats(const gy_checkpoint *c); /* of all: stage.c */

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
    int64_t offset;      /* in the flat vector; −1: a data set of its own */
    gy_hold hold;        /* of parameters */
    const gy_form *form; /* what it is instead of floats; NULL: those */
} gy_entry;

typedef struct gy_entries {
    const gy_entry *v;
    int n;
} gy_entries;

/** What index.h5 says. */
typedef struct gy_index {
    gy_checkpoint_head head;
    const char *dir;
    gy_entries params, buffers; /* params: those in forms behind the others */
    gy_formeds forms;
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
/** The number of best-NNNNNNNNN, −1 for other names. */
int64_t gy_best_number(const char *name);

gy_status gy_step_name(gy_pool *pool, int64_t step, const char **out) GY_CHECKED;
gy_status gy_best_name(gy_pool *pool, int64_t step, const char **out) GY_CHECKED;

/** The directory that holds a checkpoint, of which `path` may be a link. */
gy_status gy_dir_above(gy_pool *pool, const char *path, const char **out) GY_CHECKED;

/** Steps below a run's `checkpoints`, descending. */
gy_status gy_steps_list(gy_pool *pool, const char *dir, int64_t **steps, int *n) GY_CHECKED;

/* Writing. The main thread: save.c, stage.c, carry.c. The thread that writes: write.c, shard.c,
 * index_write.c, commit.c, retain.c. */

/** Elements [from, to) of a vector lie at `at` of rank's own part. */
typedef struct gy_held {
    int64_t from, to, at;
    int rank;
} gy_held;

/** A flat vector while it is written: who holds what of it. */
typedef struct gy_vector {
    const char *data; /* "/values", "/optimizer/momentum" */
    int64_t length;
    const float *mine; /* this rank's part, or its copy */
    gy_held *held;     /* [n_held] ascending, without gaps */
    int n_held;
} gy_vector;

/** A piece of a slice, as it travels: elements [at, at + n) of a vector. */
typedef struct gy_piece {
    int shard, vector;
    int64_t at, n;
    int owner;      /* the rank that holds it; −1: there is no piece */
    const float *x; /* where it lies; on its owner alone */
} gy_piece;

/** What a rank that wrote its own shard reports to rank 0. */
typedef struct gy_receipt {
    gy_error error; /* status GY_OK: none */
    uint64_t checksums[GY_VECTORS];
} gy_receipt;

enum { GY_CARRIED = 2 }; /* pieces of other ranks in a writer's memory */

/** How pieces come to the thread that writes; the invariants are carry.c's. */
typedef struct gy_carrier {
    gy_transfer *sends[GY_CARRIED], *receives[GY_CARRIED];
    gy_piece to_send, to_receive; /* the first that was not begun; owner −1: all were */
    int64_t sends_begun, sent;
    float *buffers[GY_CARRIED]; /* [GY_PIECE_FLOATS] of ranks that write */
    int64_t begun, arrived, taken;
    gy_receipt receipt; /* coming or going */
    int receipts;       /* of ranks, taken or sent */
    bool receipt_under_way;
} gy_carrier;

/** A small tensor on its way to index.h5. */
typedef struct gy_small {
    int64_t offset, count, seen; /* seen: elements that have come by */
    float *x;
} gy_small;

typedef struct gy_smalls {
    gy_small *v; /* by offset */
    int n;
} gy_smalls;

typedef struct gy_commit {
    gy_context *ctx;
    const char *dir; /* RUN/checkpoints */
    const char *made, *final, *old;
} gy_commit;

/** A checkpoint while it is written. */
typedef struct gy_writer {
    gy_context *ctx;
    gy_comm *comm;
    int rank, ranks;
    bool all; /* every rank writes its own shard */
    gy_checkpoint c;
    int64_t keep;
    gy_known *known; /* the saver's; rank 0's */
    gy_pool pool;
    gy_commit commit; /* rank 0; of the others the directory alone */
    gy_vector vectors[GY_VECTORS];
    int n_vectors;
    gy_smalls smalls[GY_VECTORS]; /* rank 0's; the thread's once it runs */
    gy_shard *shards;             /* [n_shards] */
    int n_shards;
    struct gy_hasher *hasher; /* of ranks that write */

    pthread_mutex_t lock; /* of what both threads use: */
    pthread_cond_t changed;
    gy_carrier carrier;
    bool let_go;      /* all ranks are ready */
    bool given_up;    /* nothing more comes */
    bool starves;     /* the thread waits for the main one */
    bool written;     /* the thread has done all it can: */
    gy_error error;   /* its failure; status GY_OK: none */
    gy_error warning; /* of what need not have worked */
} gy_writer;

/* small.c: small tensors for index.h5 itself, on rank 0 */

gy_status gy_smalls_prepare(gy_writer *w) GY_CHECKED;
/** Elements [at, at + n) of vector k come by. */
void gy_smalls_take(gy_writer *w, int k, const float *x, int64_t at, int64_t n);
/** The numbers of a tensor; NULL: it is not small, or not all of it came by. */
const float *gy_smalls_find(const gy_writer *w, int k, int64_t offset, int64_t count);

/* stage.c: who holds what, and copies of it */

/** How tensors lie in vector k. */
const gy_params *gy_vector_table(const gy_writer *w, int k);

/** Names, slices, notes. Local. */
gy_status gy_stage_prepare(gy_writer *w, int64_t shards) GY_CHECKED;
/** Tells all ranks who holds what; checks that it is all. Collective. */
gy_status gy_stage_agree(gy_writer *w) GY_CHECKED;
/** Floats of this rank's copy. Local. */
int64_t gy_stage_floats(const gy_writer *w);
/** Copies this rank's parts. Local. @param room  [gy_stage_floats] */
void gy_stage_copy(gy_writer *w, float *room);
/** Whether pieces go from rank to rank: all where rank 0 writes, else those of slots in slices. */
bool gy_stage_carries(const gy_writer *w);
/** The rank that writes a shard. */
int gy_stage_writer(const gy_writer *w, int shard);

/* carry.c */

gy_status gy_carrier_init(gy_writer *w) GY_CHECKED;
void gy_carrier_clear(gy_writer *w);
/** To the first pieces of all. */
void gy_carrier_start(gy_writer *w);
/** The piece of a slice that begins at `at`. */
gy_piece gy_piece_at(const gy_writer *w, int shard, int vector, int64_t at);
/** Main thread: moves what can be moved, without waiting. @param moved  out: whether anything was */
gy_status gy_carry(gy_writer *w, bool *moved) GY_CHECKED;
/** Main thread: whether this rank has nothing more to send or receive. */
bool gy_carrier_is_done(gy_writer *w);
/** The thread: waits for the next piece of another rank. NULL: none will come. */
const float *gy_carrier_take(gy_writer *w);
void gy_carrier_put_back(gy_writer *w);
/** The thread on rank 0: waits for all receipts. false: they will not come. */
bool gy_carrier_await_receipts(gy_writer *w);

/* write.c, shard.c */

/** The thread that writes. @param user  the gy_writer */
void *gy_write(void *user);

/**
 * Writes a shard from its pieces. Where it fails, the pieces that are still to come are taken.
 * @param before  a failure of an earlier shard: pieces are taken, nothing is written
 */
gy_status gy_shard_write(gy_writer *w, int i, gy_status before) GY_CHECKED;

/** Takes n elements from `at` on of a flat vector. */
typedef void gy_take(void *user, const float *x, int64_t at, int64_t n);

/**
 * Reads vector k of shard i in pieces and checks it. Local.
 * @param piece  [GY_PIECE_FLOATS]; NULL: what it is is checked, its numbers are not read
 * @param take   may be NULL
 */
gy_status gy_shard_read(gy_context *ctx, const gy_index *index, int i, int k, float *piece,
                        gy_take *take, void *user) GY_CHECKED;

/* index_write.c, index_read.c */

gy_status gy_index_write(gy_writer *w) GY_CHECKED;

/**
 * Reads and checks index.h5 of a checkpoint's directory; all lies in the pool. Local.
 * @param parts  of parameters in forms their parts, too; else their shapes alone
 */
gy_status gy_index_read(gy_context *ctx, const char *dir, gy_pool *pool, bool parts,
                        gy_index *out) GY_CHECKED;
/** Its head, notes and names of slots alone. Local. */
gy_status gy_index_read_head(gy_context *ctx, const char *dir, gy_pool *pool,
                             gy_index *out) GY_CHECKED;

struct gy_h5;

/* forms.c */

/** Writes parameters in forms below /compressed. Local. */
gy_status gy_forms_write(struct gy_h5 *f, gy_pool *pool, const gy_formeds *forms) GY_CHECKED;
/** Reads and checks them; none where there is no such group. Local. */
gy_status gy_forms_read(struct gy_h5 *f, gy_pool *pool, const char *path, bool parts,
                        gy_formeds *out) GY_CHECKED;
/** Reads them and adds them to the entries of /params. Local. */
gy_status gy_forms_join(struct gy_h5 *f, gy_pool *pool, const char *path, bool parts,
                        gy_formeds *forms, gy_entries *params) GY_CHECKED;

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

/** Why a tensor is not taken. */
typedef enum gy_misfit {
    GY_IS_MISSING,    /* the model's, and not in the file */
    GY_IS_LEFT,       /* the same of a buffer that need not be there */
    GY_IS_ADDITIONAL, /* in the file, and not the model's */
    GY_IS_MISSHAPEN,
    GY_MISFITS
} gy_misfit;

/** What did not fit, of all groups that are looked at: the first names of each sort, and how many. */
typedef struct gy_misfits {
    gy_buffer names[GY_MISFITS];
    int n[GY_MISFITS];
    int named, n_found;
} gy_misfits;

/** @param named  names of each sort that are told */
void gy_misfits_init(gy_misfits *m, gy_context *ctx, int named);
void gy_misfits_clear(gy_misfits *m);

/**
 * Pairs a file's tensors with a model's by name and shape; notes what does not fit. Local.
 * @param prefix     of names in messages
 * @param trainable  look only at these of the model; others in the file are no misfits
 * @param missing    as what those count that are not there
 * @param pairs      out: [*n], in the pool
 */
gy_status gy_match_names(gy_pool *pool, const gy_entries *entries, const gy_params *model,
                         const char *prefix, bool trainable, gy_misfit missing, gy_misfits *m,
                         gy_pair_found **pairs, int *n) GY_CHECKED;

/** Adds a sort to a text, behind a word, where there are any. */
void gy_misfits_list(const gy_misfits *m, gy_misfit as, const char *word, gy_buffer *out);

/** Raises GY_E_CONFIG where there are misfits. */
gy_status gy_misfits_check(const gy_misfits *m, const char *path, gy_match match) GY_CHECKED;

/* commit.c */

/** What a checkpoint is to be called, and what until then. Local. */
gy_status gy_commit_name(gy_pool *pool, const char *run_dir, const gy_checkpoint *c,
                         gy_commit *out) GY_CHECKED;
gy_status gy_commit_begin(const gy_commit *c) GY_CHECKED;
/** Gives it the name; writes HEAD unless it is the best alone. */
gy_status gy_commit_finish(gy_writer *w) GY_CHECKED;
/** Removes what was begun; the last error stays. */
void gy_commit_abort(const gy_commit *c);

/* scan.c */

/** @return GY_OK, however damaged it is; GY_E_IO where its files cannot be opened now. Local. */
gy_status gy_checkpoint_look_in(gy_pool *pool, const char *dir) GY_CHECKED;

/* verify.c */

/**
 * Reads every byte of one checkpoint; adds to *out. Local.
 * @param numbers  whether to read the numbers of sealed shards, too; who loads them does that
 */
gy_status gy_verify_one(gy_context *ctx, const char *dir, bool numbers,
                        gy_verify_result *out) GY_CHECKED;

#endif
