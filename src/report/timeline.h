/** A timeline: the traces of all ranks as trace events, which Perfetto and Chrome show. Local. */
#ifndef GY_REPORT_TIMELINE_H
#define GY_REPORT_TIMELINE_H

#include "base/buffer.h"

/** The file, piece by piece: before the first rank, after each but the last, after the last. */
extern const char gy_timeline_head[], gy_timeline_comma[], gy_timeline_foot[];

/**
 * Appends the trace of a rank.
 * @param zero_s  the moment that all ranks call 0, by this process's gy_clock_s()
 */
void gy_timeline_print(gy_context *ctx, int rank, const char *host, double zero_s, gy_buffer *out);

#endif
