/**
 * A trace: what this process did when, as spans of time, for a timeline. It hangs on the context; without
 * one gy_trace_add() does nothing. From any thread but for begin and end.
 */
#ifndef GY_BASE_TRACE_H
#define GY_BASE_TRACE_H

#include <gyre/context.h>

#include <stdbool.h>
#include <stdint.h>

enum { GY_TRACE_LANES = 4 }; /* buckets that are under way at once */

/** X(track, what it is called): spans of one lie in each other or apart. */
#define GY_TRACK_LIST(X)                                                                           \
    X(WORK, "work")                                                                                \
    X(INPUT, "batches made ahead")                                                                 \
    X(SAVE, "checkpoints")                                                                         \
    X(BUCKET, "buckets") /* and the lanes behind it */
#define GY_TRACK_ENUM(track, text) GY_TRACK_##track,
typedef enum gy_track { GY_TRACK_LIST(GY_TRACK_ENUM) GY_TRACKS } gy_track;
#undef GY_TRACK_ENUM

typedef struct gy_span {
    const char *name;
    int64_t number; /* of the step, of the bucket; −1: none */
    double begin_s, end_s;
    int track; /* of a bucket: GY_TRACK_BUCKET + its lane */
} gy_span;

/**
 * Begins a trace of so many spans at most; those that come later are counted alone.
 * @return GY_OK; GY_E_NOMEM
 */
gy_status gy_trace_begin(gy_context *ctx, int64_t most) GY_CHECKED;
/** Ends and frees it; without one nothing happens. */
void gy_trace_end(gy_context *ctx);

bool gy_trace_is_on(const gy_context *ctx);
/** Adds a span that ends now. @param name  outlives the trace */
void gy_trace_add(gy_context *ctx, int track, const char *name, int64_t number, double begin_s);
/** Adds one that ended earlier. */
void gy_trace_add_ended(gy_context *ctx, int track, const char *name, int64_t number,
                        double begin_s, double end_s);

/** The spans so far, in the order of their ends. @param left_out  out: that did not fit */
const gy_span *gy_trace_spans(const gy_context *ctx, int64_t *n, int64_t *left_out);

#endif
