/** What happened in a run, put together from its events. Inside the page. */
#ifndef GY_REPORT_PAGE_STORY_H
#define GY_REPORT_PAGE_STORY_H

#include "event/event.h"

/** A fact of the start, as a text: "Open MPI 4.1.4". */
typedef struct gy_fact {
    struct gy_fact *next;
    const char *name, *text;
} gy_fact;

/** Something that happened once: a job began, a step was skipped, the run ended. */
typedef struct gy_incident {
    struct gy_incident *next;
    const char *what; /* the event's type */
    const char *why;  /* its reason, monitor or path; "" */
    int64_t step;
    double time, wall;
} gy_incident;

typedef struct gy_saved_at {
    struct gy_saved_at *next;
    const char *path;
    int64_t step, bytes;
    double time, seconds, waited_seconds;
    bool is_best;
} gy_saved_at;

/** A phase of a step, in milliseconds over all step events: means of what is least, mean, greatest. */
typedef struct gy_phase_of {
    struct gy_phase_of *next;
    const char *name;
    double min, mean, max;
    int n;
} gy_phase_of;

/** How often the others waited for a rank. */
typedef struct gy_straggler_of {
    struct gy_straggler_of *next;
    const char *host;
    int64_t rank;
    int n;
} gy_straggler_of;

typedef struct gy_story {
    gy_pool *pool;
    gy_fact *facts; /* of the last start */
    gy_fact *last;  /* values of the end, else of the last evaluations */
    gy_incident *incidents;
    gy_saved_at *saved;
    gy_phase_of *phases;
    gy_straggler_of *stragglers;
    int64_t step, steps;
    double time;
    int n_skipped, n_steps; /* that were not finite; step events */
    const char *state;      /* "finished", "stopped: …", "unfinished" */
    gy_status status;
} gy_story;

/** Reads a journal. @param path  its metrics.jsonl; texts lie in the pool */
gy_status gy_story_read(gy_pool *pool, const char *path, gy_story *out) GY_CHECKED;

/** The text of a fact, "" where there is none. */
const char *gy_story_fact(const gy_fact *facts, const char *name);

#endif
