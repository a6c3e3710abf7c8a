/**
 * Events: what a run tells its caller. Everything that the library has to say while it works, and
 * the results of its commands, come as events to an observer on rank 0; most of a training run's
 * also go to its metrics.jsonl. The library itself never prints.
 */
#ifndef GYRE_EVENT_H
#define GYRE_EVENT_H

#include <gyre/context.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gy_field_type {
    GY_FIELD_INT,
    GY_FIELD_FLOAT,
    GY_FIELD_TEXT,
    GY_FIELD_BOOL,
    GY_FIELD_PHASE, /* milliseconds of a phase of the step: over ranks */
    GY_FIELD_INTS
} gy_field_type;

/** A named value of an event. */
typedef struct gy_field {
    const char *name;
    gy_field_type type;
    int64_t integer;      /* INT, BOOL; of INTS how many */
    double number;        /* FLOAT; of PHASE the mean; of INT, BOOL the same number */
    double min, max;      /* PHASE */
    const char *text;     /* TEXT */
    const int64_t *items; /* INTS */
} gy_field;

struct gy_anatomy;

typedef struct gy_event {
    const char *type;    /* "start", "step", "progress", "epoch", "evaluate", "checkpoint", … */
    int64_t step, epoch; /* updates done; number of the epoch, from 1 */
    double time;         /* seconds that the run has been training, earlier jobs included */
    double wall;         /* seconds since 1970, of a training run; else 0 */
    const gy_field *fields;
    int n;
    const struct gy_anatomy *anatomy; /* of "start"; else NULL */
} gy_event;

/** Takes events, on rank 0; everything the event points to ends with the call. */
typedef void gy_observer(void *user, const gy_event *event);

/** The field of that name, NULL if there is none. Local. */
GY_API const gy_field *gy_event_field(const gy_event *event, const char *name);

/** Its number, `otherwise` where there is none. Local. */
GY_API double gy_event_number(const gy_event *event, const char *name, double otherwise);

/** Its text, `otherwise` where there is none. Local. */
GY_API const char *gy_event_text(const gy_event *event, const char *name, const char *otherwise);

/**
 * The event as a JSON object on one line, as in metrics.jsonl. Local.
 * @param line  called once with the text, without a newline
 */
GY_API gy_status gy_event_json(gy_context *ctx, const gy_event *event,
                               void (*line)(void *user, const char *json), void *user) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
