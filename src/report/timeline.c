/*
 * Trace events in their JSON form: a process each rank, a thread each track, "X" for a span, times in
 * microseconds.
 */
#include "timeline.h"

#include "base/trace.h"
#include "text/tree.h"

#include <stdio.h>

const char gy_timeline_head[] = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n";
const char gy_timeline_comma[] = ",\n";
const char gy_timeline_foot[] = "\n]}\n";

static const char *const tracks[GY_TRACKS] = {
#define TEXT(track, text) text,
    GY_TRACK_LIST(TEXT)
#undef TEXT
};

/* A name for a process, or for one of its threads. */
static void add_name(gy_buffer *out, const char *what, int rank, int thread, const char *name)
{
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "ph", "M");
    gy_json_string(out, "name", what);
    gy_json_int(out, "pid", rank);
    gy_json_int(out, "tid", thread);
    gy_json_begin(out, "args", '{');
    gy_json_string(out, "name", name);
    gy_json_end(out, '}');
    gy_json_end(out, '}');
}

static void add_names(gy_buffer *out, int rank, const char *host)
{
    char name[128];
    (void)snprintf(name, sizeof name, "rank %d, %s", rank, host);
    add_name(out, "process_name", rank, 0, name);
    for (int i = 0; i < GY_TRACK_BUCKET + GY_TRACE_LANES; i++) {
        const int lane = i - GY_TRACK_BUCKET;
        (void)snprintf(name, sizeof name, lane < 0 ? "%s" : "%s, lane %d",
                       tracks[lane < 0 ? i : GY_TRACK_BUCKET], lane + 1);
        gy_buffer_add(out, ",\n");
        add_name(out, "thread_name", rank, i, name);
    }
}

/* Microseconds, to the nanosecond. */
static void add_time(gy_buffer *out, const char *key, double s)
{
    gy_buffer_format(out, ", \"%s\": %.3f", key, 1e6 * s);
}

static void add_span(gy_buffer *out, int rank, const gy_span *s, double zero_s)
{
    char name[256];
    (void)snprintf(name, sizeof name, s->number < 0 ? "%s" : "%s %lld", s->name,
                   (long long)s->number);
    gy_buffer_add(out, ",\n");
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "ph", "X");
    gy_json_string(out, "name", name);
    gy_json_int(out, "pid", rank);
    gy_json_int(out, "tid", s->track);
    add_time(out, "ts", s->begin_s - zero_s);
    add_time(out, "dur", s->end_s - s->begin_s);
    gy_json_end(out, '}');
}

void gy_timeline_print(gy_context *ctx, int rank, const char *host, double zero_s, gy_buffer *out)
{
    int64_t n, left_out;
    const gy_span *spans = gy_trace_spans(ctx, &n, &left_out);
    add_names(out, rank, host);
    for (int64_t i = 0; i < n; i++) add_span(out, rank, &spans[i], zero_s);
}
