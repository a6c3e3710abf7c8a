/**
 * Checkpoints (CONTRACT §5): named whole tensors in index.h5, over shards of the flat vectors.
 * Written while training goes on, by rank 0, to which the ranks send bounded pieces, or by all; read
 * and verified by rank 0, and broadcast. Functions are collective but where said.
 */
#ifndef GY_CHECKPOINT_CHECKPOINT_H
#define GY_CHECKPOINT_CHECKPOINT_H

#include <gyre/checkpoint.h>

#include "base/param.h"
#include "base/setting.h"
#include "comm/comm.h"
#include "form/form.h"
#include "store/file.h"

/** The section `checkpoint`. */
typedef struct gy_checkpoint_settings {
    int64_t every_epochs, every_steps;
    double every_minutes;
    int64_t keep;
    bool asynchronous;
    int64_t shards;
    int writer; /* gy_checkpoint_writers */
} gy_checkpoint_settings;

/** Who writes the shards: rank 0 alone, or every rank its own. */
enum { GY_WRITER_RANK0, GY_WRITER_ALL };
extern const char *const gy_checkpoint_writers[];

extern const gy_setting gy_checkpoint_setting_rows[];

enum { GY_CHECKPOINT_SLOTS = 68 }; /* those of optimizers, and one a rank */

/** One vector besides the parameters: of params->trainable floats, or laid out by a table of its own. */
typedef struct gy_checkpoint_slot {
    const char *name; /* "momentum", "average" */
    float *v;         /* packed slices of `owned` */
    /** The slices that this rank holds (written; each is held by some rank) or wants (read); NULL on
     * every rank: all of it. */
    const gy_ranges *owned;
    const gy_params *table; /* how named tensors lie in it; NULL: as the trainable parameters do */
} gy_checkpoint_slot;

/** A named number or text of the training state (best, counters, sums); kept in /metrics and /data. */
typedef struct gy_checkpoint_note {
    const char *group; /* "/metrics", "/data", "/state" */
    const char *name;
    const char *text; /* NULL: a number */
    double number;
} gy_checkpoint_note;

/** Which evaluation was the best so far, and where its parameters are. */
typedef struct gy_best_is {
    int64_t step; /* 0: there was none */
    double value;
    bool is_alone; /* they were written alone, just before: gy_checkpoint.is_best_alone */
} gy_best_is;

/** All that a checkpoint holds. */
typedef struct gy_checkpoint {
    const gy_params *params;
    const float *values; /* [params->floats]; the same on every rank */
    const gy_params *buffers;
    const float *buffer_values; /* [buffers->floats]; rank 0's is written */
    gy_checkpoint_slot slots[GY_CHECKPOINT_SLOTS];
    int n_slots;
    int64_t step, epoch, sample_in_epoch;
    uint64_t seed;
    const char *config; /* the resolved YAML */
    const gy_checkpoint_note *notes;
    int n_notes;
    gy_best_is best;
    const char *end;         /* what a run that has ended says, in one line; NULL: it goes on */
    const char *flushed;     /* a file that is on disk before this is; NULL: none */
    const gy_lock *claim;    /* that must still be held when it is committed; NULL: none */
    bool is_best_alone;      /* the best parameters, of an earlier step: no run goes on from them */
    const gy_hold *holds;    /* [params->n] what is kept of each parameter; NULL: nothing of any */
    const gy_formeds *forms; /* parameters that are not floats of the vector; NULL: none */
    const char *at;          /* a directory of its own, of no run; NULL: a run's */
} gy_checkpoint;

/** Checkpoints of a run in the making, one at a time; keeps room for copies between them. */
typedef struct gy_saver gy_saver;

/** Before the work that ends in gy_checkpoint_write(): GY_E_USAGE where something lies at its place. Local. */
gy_status gy_checkpoint_try_place(const char *at) GY_CHECKED;

/**
 * Writes one that belongs to no run into a directory of its own, `c->at`, which must not be there yet.
 * @return GY_OK; GY_E_USAGE where it is there; GY_E_IO, GY_E_NOMEM: nothing of it is there
 */
gy_status gy_checkpoint_write(gy_context *ctx, gy_comm *comm, const gy_checkpoint *c) GY_CHECKED;

/** What has been written. */
typedef struct gy_saved {
    const char *path; /* until the next begin; on rank 0 */
    int64_t step, epoch, sample_in_epoch;
    bool is_best;
    int64_t bytes;  /* of numbers */
    double seconds; /* from begin to commit */
} gy_saved;

/** @param run_dir, settings  outlive it; free with gy_saver_free() */
gy_status gy_saver_create(gy_context *ctx, gy_comm *comm, const char *run_dir,
                          const gy_checkpoint_settings *settings, gy_saver **out) GY_CHECKED;

/** Local. Gives up what is under way, whatever the other ranks do: nothing of it stays. */
void gy_saver_free(gy_saver *s);

/**
 * Before the first checkpoint of a job: where the run goes on from one of its own that is not the newest,
 * that one is the newest from now on. From here on no other job may write there.
 * @param path  of the checkpoint; NULL: a new run
 * @param own   out: whether it is one of its own
 */
gy_status gy_saver_go_on(gy_saver *s, const char *path, int64_t step, const gy_best_is *best,
                         bool *own) GY_CHECKED;

/**
 * Begins to write run_dir/checkpoints/step-NNNNNNNNN, to note it in HEAD, to remove old ones: commit.c.
 * The best alone becomes best-NNNNNNNNN, and is noted with the checkpoint that follows it.
 * Tables and texts of `c` stay until the end; its notes need not.
 *
 * @param copy  copies this rank's part, so that training may go on: memory of that size, kept for the
 *              next; false: no number of `c` may change until the end
 * @return GY_OK; GY_E_IO, GY_E_NOMEM: nothing of earlier checkpoints is touched
 */
gy_status gy_saver_begin(gy_saver *s, const gy_checkpoint *c, bool copy) GY_CHECKED;

/** Whether one has begun and not ended. Local. */
bool gy_saver_is_busy(const gy_saver *s);

/** Moves what can be moved to rank 0, without waiting. Local; failures are told by the end. */
void gy_saver_poll(gy_saver *s);

/** Whether rank 0 has written it all, so that the end need not wait; false elsewhere. Local. */
bool gy_saver_is_done(gy_saver *s);

/**
 * Waits until it is written.
 * @return GY_OK; GY_E_IO, GY_E_NOMEM: nothing of it is there, earlier checkpoints are whole
 */
gy_status gy_saver_end(gy_saver *s, gy_saved *out) GY_CHECKED;

/** What was written last; zeros: nothing yet. Local. */
const gy_saved *gy_saver_last(const gy_saver *s);

/**
 * Makes the run's directory and tries whether checkpoints like `c` find room in it, quotas included;
 * warns where not all that shall be kept do.
 * @param c  its tables and number of slots; its step where a run goes on
 * @return GY_OK; where not even one can be written GY_E_CONFIG, or GY_E_IO of a run that goes on
 */
gy_status gy_checkpoint_try_room(gy_context *ctx, gy_comm *comm, const char *run_dir,
                                 const gy_checkpoint_settings *settings,
                                 const gy_checkpoint *c) GY_CHECKED;

/**
 * Whether the run's directory can be made, or written to where it is there; nothing stays of the trial.
 * @param step  where a run goes on; 0: a new one
 * @return as gy_checkpoint_try_room
 */
gy_status gy_checkpoint_try_directory(gy_comm *comm, const char *run_dir, int64_t step) GY_CHECKED;

/**
 * Removes what earlier processes left half-written, and sets the links right. On rank 0.
 * @param alone  whether no other process can be writing there; else what might be another's stays
 */
gy_status gy_checkpoint_clean(gy_context *ctx, gy_comm *comm, const char *run_dir,
                              bool alone) GY_CHECKED;

/**
 * The newest valid checkpoint of a run directory; bad ones are named as warnings and passed over.
 * @param path  out: free with gy_free(); NULL where there is none
 * @return GY_OK; GY_E_IO where there are some and none is valid, or where they cannot be looked at
 */
gy_status gy_checkpoint_newest(gy_context *ctx, gy_comm *comm, const char *run_dir,
                               char **path) GY_CHECKED;

/**
 * The checkpoint of the best evaluation, beside another one of its run.
 * @param path  of that other one
 * @param out   in the pool; NULL where it is not there
 */
gy_status gy_checkpoint_best(gy_context *ctx, gy_comm *comm, const char *path, int64_t step,
                             gy_pool *pool, const char **out) GY_CHECKED;

/** Whether rank 0 sees a directory there. */
gy_status gy_look_for_directory(gy_comm *comm, const char *path, bool *out) GY_CHECKED;

/**
 * The checkpoint that a path means: a checkpoint's directory, or a run's, then its newest.
 * @param out  free with gy_free(), after a failure too
 * @return GY_OK; GY_E_USAGE where a run holds none
 */
gy_status gy_checkpoint_find(gy_context *ctx, gy_comm *comm, const char *path,
                             char **out) GY_CHECKED;

/** What stands in a checkpoint besides its tensors. Texts are in the pool. */
typedef struct gy_checkpoint_head {
    int64_t step, epoch, sample_in_epoch, world_size, parameters;
    uint64_t seed;
    const char *config, *created, *version;
    const gy_checkpoint_note *notes;
    int n_notes;
    const char *const *slots; /* names of the vectors besides the parameters */
    int n_slots;
} gy_checkpoint_head;

/** Reads the head (on rank 0, broadcast). `path`: a checkpoint's directory or a link to one. */
gy_status gy_checkpoint_read_head(gy_context *ctx, gy_comm *comm, const char *path, gy_pool *pool,
                                  gy_checkpoint_head *out) GY_CHECKED;

/** A note by group and name, NULL if there is none. Local. */
const gy_checkpoint_note *gy_checkpoint_note_find(const gy_checkpoint_head *head, const char *group,
                                                  const char *name);

/** Whether it has a vector of that name besides the parameters. Local. */
bool gy_checkpoint_has_slot(const gy_checkpoint_head *head, const char *name);

/** How gy_checkpoint_read matches names. */
typedef enum gy_match {
    GY_MATCH_ALL,    /* resume: all parameters, buffers and slots, same shapes */
    GY_MATCH_PARAMS, /* --init, eval: all parameters; buffers where given; no slots */
    GY_MATCH_PARTIAL /* --init-partial: what is there */
} gy_match;

/** How a file's tensors fit a model, in numbers and names; texts are "" where there is nothing to tell. */
typedef struct gy_fit {
    int64_t tensors, of_tensors;       /* of parameters: taken, of the model's */
    int64_t parameters, of_parameters; /* the numbers in them */
    int64_t buffers, of_buffers;
    const char *missing;     /* of the model, buffers too, and not there: they stay as they were */
    const char *other_shape; /* there, and likewise not taken */
    const char *additional;  /* there, and not the model's */
} gy_fit;

/**
 * Looks how the parameters and buffers of a checkpoint or a single file fit a model; reads no numbers.
 * @param out  on rank 0; texts in the pool
 * @return as gy_checkpoint_read
 */
gy_status gy_checkpoint_fit(gy_context *ctx, gy_comm *comm, const char *path, gy_match match,
                            const gy_params *params, const gy_params *buffers, gy_pool *pool,
                            gy_fit *out) GY_CHECKED;

/**
 * Reads tensors by name into vectors laid out by this model's tables: verified (checksums of the
 * shards) and read by rank 0, broadcast to all. Also a single HDF5 file with /params (and /buffers).
 *
 * @param values, buffer_values  out; untouched where a name is not there. values NULL: slots alone
 * @param slots   out: each rank's slices; n_slots 0: none wanted. Where slices are wanted rank 0
 *                holds the whole vectors meanwhile
 * @return GY_OK; GY_E_CONFIG listing missing or additional names or wrong shapes; GY_E_IO (GY_E_DATA
 *         for a single file) where it is damaged
 */
gy_status gy_checkpoint_read(gy_context *ctx, gy_comm *comm, const char *path, gy_match match,
                             const gy_params *params, float *values, const gy_params *buffers,
                             float *buffer_values, const gy_checkpoint_slot *slots,
                             int n_slots) GY_CHECKED;

/**
 * What is to be kept of the parameters of a checkpoint, or of a single file, that a model has as well.
 * @param holds  out: [params->n]
 */
gy_status gy_checkpoint_read_holds(gy_context *ctx, gy_comm *comm, const char *path,
                                   const gy_params *params, gy_hold *holds) GY_CHECKED;

/**
 * The parameters of a checkpoint that are in forms of their own; all lies in the pool.
 * @return GY_OK, also where there are none; GY_E_IO where they are damaged
 */
gy_status gy_checkpoint_read_forms(gy_context *ctx, gy_comm *comm, const char *path, gy_pool *pool,
                                   gy_formeds *out) GY_CHECKED;

#endif
