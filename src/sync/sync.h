/**
 * Gradient synchronisation: cuts the flat gradient vector into buckets and sums each over the ranks
 * while the backward pass still fills the others.
 *
 * The backward pass completes gradients from the end of the vector to its start, so what is complete
 * is told as one falling mark. The forward pass needs parameters from the start on, so where they are
 * updated by their owners, what is needed is told as one rising mark.
 *
 * All functions are collective but where said: the same calls in the same order on every rank, though
 * at different times.
 */
#ifndef GY_SYNC_SYNC_H
#define GY_SYNC_SYNC_H

#include "base/param.h"
#include "base/setting.h"
#include "comm/all_reduce.h"

typedef struct gy_sync gy_sync;

enum { GY_SYNC_GRAINS = 4096 }; /* at most: kernel/exact.h */

/** What drives communication during a pass: the kernels' polls, or a thread of its own (driver.c). */
typedef enum gy_progress { GY_PROGRESS_POLL, GY_PROGRESS_THREAD } gy_progress;

/** The section `comm`. */
typedef struct gy_sync_settings {
    gy_choice all_reduce; /* key `allreduce` */
    double bucket_mib;
    bool overlap;
    int progress; /* a gy_progress */
    double watchdog_seconds;
    bool survive; /* ranks may die, the others go on */
    double silence_seconds;
    int64_t reproducible_grains; /* 0: off; see grains.h */
    int64_t verify_every_steps;  /* 0: off; parameters are compared across ranks */
    gy_choice wire;              /* a gy_wire_kind */
    bool shard_optimizer;
    gy_choice compression; /* a gy_compression_kind */
} gy_sync_settings;

extern const gy_setting gy_sync_setting_rows[];

/** Has the watch of a communicator wait as long as these say. Local. */
void gy_sync_watch(gy_comm *comm, const gy_sync_settings *settings);

/** What is summed. The vectors stay where they are. */
typedef struct gy_sync_vector {
    float *w;                /* [n] the parameters; used with shard_optimizer alone */
    float *g;                /* [n] the gradients; NULL: none are summed (grains.h does) */
    int64_t n;               /* 0 is allowed */
    const gy_params *params; /* that lie in it; NULL: not known, and nothing is compressed */
    uint64_t seed;           /* of what a compression draws */
} gy_sync_vector;

/**
 * Cuts the buckets and makes their operations; the same status on every rank.
 *
 * @param vector  its table outlives the sync
 * @param out     free with gy_sync_free() (collective)
 */
gy_status gy_sync_create(gy_context *ctx, gy_comm *comm, const gy_sync_settings *settings,
                         const gy_sync_vector *vector, gy_sync **out) GY_CHECKED;
void gy_sync_free(gy_sync *s);

/**
 * Where ranks died: gives up what is under way, whose memory is the caller's again (local); and makes
 * operations for those that are left, on vectors that may have moved (collective). Not with shard_optimizer,
 * nor with a compression.
 */
void gy_sync_drop(gy_sync *s);
gy_status gy_sync_remake(gy_sync *s, const gy_sync_settings *settings,
                         const gy_sync_vector *vector) GY_CHECKED;

/** Buckets that several ranks will cut, for plans. Local. */
int gy_sync_count(const gy_sync_settings *settings, const gy_sync_vector *vector);

/** Bytes of a step's gradients as a rank gives them away: encoded, compressed. Local. */
int64_t gy_sync_bytes(const gy_sync_settings *settings, const gy_params *params);

/** Bytes that hold what a compression leaves out of n gradients, on several ranks. Local. */
int64_t gy_sync_residual_bytes(const gy_sync_settings *settings, int64_t n);

/** Whether vectors that lie in memory of the host (comm/host_memory.h) are summed faster. Local. */
bool gy_sync_wants_host_memory(const gy_sync_settings *settings);

/** Bytes that messages have while they are under way, for plans. Local. */
int64_t gy_sync_room_bytes(const gy_sync *s);

/** Buckets of a step, and the name of the all-reduce chosen; 0 and "none" for one rank. Local. */
int gy_sync_buckets(const gy_sync *s);
const char *gy_sync_algorithm(const gy_sync *s);

/**
 * The slices that this rank updates, and whose gradients it gets: all of [0, n), or with
 * shard_optimizer a part of every bucket. Local; owned by s.
 */
const gy_ranges *gy_sync_owned(const gy_sync *s);

/** Whether each rank updates what it owns alone, and parameters are to be spread. Local. */
bool gy_sync_is_sharded(const gy_sync *s);

/** A step begins: nothing is complete. Local. */
void gy_sync_begin(gy_sync *s);

/** Gradients [from, n) are complete on this rank: full buckets start on their way. */
gy_status gy_sync_complete(gy_sync *s, int64_t from) GY_CHECKED;

/**
 * Around MPI calls of the caller's own between begin and finish: no thread of the sync's makes any
 * meanwhile. Not around calls of this header. Local.
 */
void gy_sync_hold(gy_sync *s);
void gy_sync_release(gy_sync *s);

/** Drives what is under way, without waiting; nothing where a thread does. Failures are kept for the next call that waits. */
void gy_sync_poll(gy_sync *s);

/** Waits until every bucket is summed, where it is owned. @param waited_s out: seconds not hidden */
gy_status gy_sync_finish(gy_sync *s, double *waited_s) GY_CHECKED;

/** The parameters that this rank owns are new: all start on their way to all ranks. */
gy_status gy_sync_spread(gy_sync *s) GY_CHECKED;

/**
 * Waits until parameters [0, to) are there, after a spread; does nothing where they are.
 * @param waited_s  seconds waited are added; NULL: not wanted
 */
gy_status gy_sync_need(gy_sync *s, int64_t to, double *waited_s) GY_CHECKED;

/** The step counts: what its compression left out will be added to the next. Local. */
void gy_sync_commit(gy_sync *s);

/** What was left out of this rank's gradients so far, [n]; NULL: nothing ever is. Local. */
float *gy_sync_residual(gy_sync *s);

/**
 * What compression remembers besides, the same on every rank, as a vector laid out like the gradients
 * for checkpoints. Local.
 *
 * name: NULL where nothing is remembered. keep: [n], until the next step begins. room: [n] likewise,
 * to be filled for `take`.
 */
const char *gy_sync_memory_name(const gy_sync *s);
float *gy_sync_memory_keep(gy_sync *s);
float *gy_sync_memory_room(gy_sync *s);
void gy_sync_memory_take(gy_sync *s);

#endif
