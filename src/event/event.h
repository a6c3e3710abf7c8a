/** Events put together field by field, on the stack. Local. */
#ifndef GY_EVENT_EVENT_H
#define GY_EVENT_EVENT_H

#include <gyre/event.h>

#include "base/buffer.h"

enum { GY_EVENT_FIELDS = 48 };

typedef struct gy_report {
    gy_event event;
    gy_field fields[GY_EVENT_FIELDS];
} gy_report;

/** Begins a report. Texts given to the functions below are not copied. */
void gy_report_begin(gy_report *r, const char *type);
void gy_report_int(gy_report *r, const char *name, int64_t value);
void gy_report_float(gy_report *r, const char *name, double value);
void gy_report_text(gy_report *r, const char *name, const char *value);
void gy_report_bool(gy_report *r, const char *name, bool value);
void gy_report_phase(gy_report *r, const char *name, double min, double mean, double max);
void gy_report_ints(gy_report *r, const char *name, const int64_t *items, int64_t n);

/**
 * Reads a metrics.jsonl back: `take` gets each event. A line that is torn is passed over. Local.
 * @return GY_OK; GY_E_IO; GY_E_NOMEM
 */
gy_status gy_events_read(gy_context *ctx, const char *path, gy_observer *take,
                         void *user) GY_CHECKED;

/** Appends an event as one line of JSON, without a newline. */
void gy_event_print(const gy_event *event, gy_buffer *out);

#endif
