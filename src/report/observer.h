/**
 * Observers: what a run tells is also written as other programs like to read it. A kind each, on rank 0,
 * below <run_dir>/observed/<kind>.
 */
#ifndef GY_REPORT_OBSERVER_H
#define GY_REPORT_OBSERVER_H

#include <gyre/event.h>

#include "base/alloc.h"
#include "base/registry.h"
#include "observer_list.h"

/** What is observed; must outlive the observers. */
typedef struct gy_observed {
    gy_context *ctx;
    const char *name, *run_dir;
    const char *config;  /* resolved, as YAML */
    const char *journal; /* metrics.jsonl; what is in it was told by earlier jobs */
    int64_t step;        /* that the run goes on from; 0: it begins */
} gy_observed;

typedef struct gy_observer_kind {
    gy_kind kind;
    bool anew; /* written anew by every job: it is told what is in the journal, too */
    /** @param dir  a directory that is there, of this kind alone; outlives the observer */
    gy_status (*open)(const gy_observed *of, const char *dir, void **state);
    gy_status (*take)(void *state, const gy_event *event);
    void (*close)(void *state);
} gy_observer_kind;

/** Which of them are wanted: a setting each. */
#define GY_OBSERVER_SETTING(name, help) bool name;
typedef struct gy_observer_settings {
    GY_OBSERVER_LIST(GY_OBSERVER_SETTING)
} gy_observer_settings;
#undef GY_OBSERVER_SETTING

typedef struct gy_observers gy_observers;

/** GY_OK; GY_E_IO, GY_E_NOMEM. @param out  free with gy_observers_close() */
gy_status gy_observers_open(const gy_observer_settings *wanted, const gy_observed *of,
                            gy_observers **out) GY_CHECKED;
/** NULL: nobody looks on. GY_OK; GY_E_IO, GY_E_NOMEM of the first that failed. */
gy_status gy_observers_take(gy_observers *o, const gy_event *event) GY_CHECKED;
void gy_observers_close(gy_observers *o);

#endif
