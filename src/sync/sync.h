/**
 * Gradient synchronisation: cuts the flat gradient vector into buckets and sums each over the ranks
 * while the backward pass still fills the others.
 *
 * The backward pass completes gradients from the end of the vector to its start, so what is complete
 * is told as one falling mark. The forward pass needs parameters from the start on, so where they are
 * updated in shares, what is needed is told as one rising mark.
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

/** The section `comm`. */
typedef struct gy_sync_settings {
    gy_choice all_reduce; /* key `allreduce` */
    double bucket_mib;
    bool overlap;
    double watchdog_seconds;
    int64_t reproducible_grains; /* 0: off; see grains.h */
    int64_t verify_every_steps;  /* 0: off; parameters are compared across ranks */
    gy_choice wire;              /* a gy_wire_kind */
    bool shard_optimizer;
    gy_choice compression; /* a gy_compression_kind */
} gy_sync_settings;

extern const gy_setting gy_sync_setting_rows[];

/**
 * Cuts the buckets and makes their operations; the same status on every rank.
 *
 * @param w    [n] the parameters, which stay where they are; used with shard_optimizer alone
 * @param g    [n] the gradients, likewise; n = 0 is allowed; NULL: none are summed (grains.h does)
 * @param out  free with gy_sync_free() (collective)
 */
gy_status gy_sync_create(gy_context *ctx, gy_comm *comm, const gy_sync_settings *settings, float *w,
                         float *g, int64_t n, gy_sync **out) GY_CHECKED;
void gy_sync_free(gy_sync *s);

/** Buckets of a step, and the name of the all-reduce chosen; 0 and "none" for one rank. Local. */
int gy_sync_buckets(const gy_sync *s);
const char *gy_sync_algorithm(const gy_sync *s);

/**
 * The slices that this rank updates, and whose gradients it gets: all of [0, n), or with
 * shard_optimizer a part of every bucket. Local; owned by s.
 */
const gy_ranges *gy_sync_share(const gy_sync *s);

/** Whether ranks update shares, and parameters are to be spread. Local. */
bool gy_sync_shards(const gy_sync *s);

/** A step begins: nothing is complete. Local. */
void gy_sync_begin(gy_sync *s);

/** Gradients [from, n) are complete on this rank: full buckets start on their way. */
gy_status gy_sync_complete(gy_sync *s, int64_t from) GY_CHECKED;

/** Drives what is under way, without waiting. Failures are kept for the next call that waits. */
void gy_sync_poll(gy_sync *s);

/** Waits until every bucket is summed, where it is owned. @param waited_s out: seconds not hidden */
gy_status gy_sync_finish(gy_sync *s, double *waited_s) GY_CHECKED;

/** The parameters of this rank's share are new: all shares start on their way to all ranks. */
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

/** Makes a vector whole of which every rank has its share, laid out like w; waits. @param v [n] */
gy_status gy_sync_collect(gy_sync *s, float *v) GY_CHECKED;

#endif
