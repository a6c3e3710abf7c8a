/** The study that a run is a trial of, as its ledger has it. Inside the page. */
#ifndef GY_REPORT_PAGE_TRIALS_H
#define GY_REPORT_PAGE_TRIALS_H

#include "base/alloc.h"

enum { GY_TRIAL_KEYS = 24 };

/** A trial that is done. */
typedef struct gy_trial_told {
    struct gy_trial_told *next;
    int64_t number,
        run; /* run: trials of the same one go on with each other; −1: there is no such */
    const char *status, *what; /* "done"; what was tried, or the fold */
    double seconds, best;      /* best NAN: not known */
    int n;                     /* settings that were tried */
    const char *keys[GY_TRIAL_KEYS], *values[GY_TRIAL_KEYS];
} gy_trial_told;

/** How much a setting mattered to the best value, from 0 to 1: how well its order, or for words their classes,
 * tells the order of what came of it. */
typedef struct gy_importance {
    const char *key;
    double share;
} gy_importance;

/** Reads the ledger of the study whose trial lies in `dir`; *out NULL: it is no trial. */
gy_status gy_trials_read(gy_pool *pool, const char *dir, gy_trial_told **out) GY_CHECKED;

/** Of each key, the most important first. @param out  [GY_TRIAL_KEYS]  @param n  out: 0 of less than four trials */
gy_status gy_trials_weigh(gy_pool *pool, const gy_trial_told *first, gy_importance *out,
                          int *n) GY_CHECKED;

#endif
