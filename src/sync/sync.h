/**
 * Gradient synchronisation: cuts the flat gradient vector into buckets and sums each over the ranks
 * while the backward pass still fills the others.
 *
 * The backward pass completes gradients from the end of the vector to its start, so what is complete
 * is told as one falling mark. All functions are collective: the same calls in the same order on
 * every rank, though at different times.
 */
#ifndef GY_SYNC_SYNC_H
#define GY_SYNC_SYNC_H

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
} gy_sync_settings;

extern const gy_setting gy_sync_setting_rows[];

/**
 * Cuts the buckets and makes their all-reduces; the same status on every rank.
 *
 * @param g    [n] the gradients, stays where it is; n = 0 is allowed
 * @param out  free with gy_sync_free() (collective)
 */
gy_status gy_sync_create(gy_context *ctx, gy_comm *comm, const gy_sync_settings *settings, float *g,
                         int64_t n, gy_sync **out) GY_CHECKED;
void gy_sync_free(gy_sync *s);

/** Buckets of a step, and the name of the all-reduce chosen; 0 and "none" for one rank. Local. */
int gy_sync_buckets(const gy_sync *s);
const char *gy_sync_algorithm(const gy_sync *s);

/** A step begins: nothing is complete. Local. */
void gy_sync_begin(gy_sync *s);

/** Gradients [from, n) are complete on this rank: full buckets start on their way. */
gy_status gy_sync_complete(gy_sync *s, int64_t from) GY_CHECKED;

/** Drives what is under way, without waiting. Failures are kept for gy_sync_finish(). */
void gy_sync_poll(gy_sync *s);

/** Waits until every bucket is summed. @param waited_s out: seconds that were not hidden */
gy_status gy_sync_finish(gy_sync *s, double *waited_s) GY_CHECKED;

#endif
