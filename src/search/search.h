/**
 * Search: what to try next, by what came of what was tried. Nothing here trains: a method is a pure function of
 * the space, the seed, and the outcomes that it may look at.
 *
 * Jobs are numbered in the order in which they are decided. Job k looks at the outcomes of jobs 0 … k − ahead
 * alone, whoever else has ended: so the same jobs come of the same outcomes, whatever the timing, and a search
 * that is started again decides as before. Only where there is nothing to do by these it waits for more of them,
 * one by one, in their order.
 */
#ifndef GY_SEARCH_SEARCH_H
#define GY_SEARCH_SEARCH_H

#include "space.h"

#include "base/registry.h"
#include "base/setting.h"

/** The section `search`. */
typedef struct gy_search_settings {
    gy_choice method;
    int64_t trials, ranks_per_trial, ahead;
    int64_t max_parameters;
    double max_flops, max_memory_mib;
    const char *ranges; /* as written, in one line; NULL: none */
    gy_space space;     /* of these: gy_space_read() */
} gy_search_settings;

extern const gy_setting gy_search_setting_rows[];
extern const gy_registry gy_search_registry;

/** A job: a trial trained so far. */
typedef struct gy_search_job {
    int64_t
        trial; /* whose directory it trains in: a new one, or that of an earlier job, which goes on */
    int64_t from;  /* job that it begins from; −1: none */
    int64_t until; /* budget that it is trained up to; the whole: to its end */
    gy_point point;
    bool known;  /* its outcome is */
    double cost; /* then: what is to be small; INFINITY: it failed */
} gy_search_job;

typedef struct gy_search {
    gy_context *ctx;
    const gy_space *space;
    const struct gy_search_kind *kind;
    const void *settings; /* of the kind */
    uint64_t seed;
    int64_t trials;
    int64_t ahead;  /* ≥ 1 */
    int64_t budget; /* epochs or steps of a whole run */
    /** Whether a point may be tried: limits, sense. NULL: all may. */
    gy_status (*allows)(void *user, const gy_point *point, bool *out);
    void *user;
    gy_search_job *jobs; /* [n] decided so far */
    int64_t n, room;
} gy_search;

typedef struct gy_search_kind {
    gy_kind kind;
    bool learns; /* looks at outcomes */
    bool spaced; /* numbers evenly spaced, ends among them: not any of a range */
    bool latest; /* what counts is the last value, not the best: parameters go from run to run */
    /**
     * Job number s->n, by the outcomes of the first `seen` jobs.
     * @param found  out: false: there is nothing to do by these
     */
    gy_status (*next)(const gy_search *s, int64_t seen, gy_search_job *out, bool *found);
} gy_search_kind;

/**
 * Reads the ranges of a configuration; texts lie in the pool.
 * @param text  JSON; NULL: an empty space
 * @return GY_OK; GY_E_CONFIG naming the entry; GY_E_NOMEM
 */
gy_status gy_space_read(gy_pool *pool, const char *text, gy_space *out) GY_CHECKED;

static inline const gy_search_kind *gy_search_kind_of(const gy_kind *kind)
{
    return (const gy_search_kind *)kind;
}

typedef enum gy_search_says { GY_SEARCH_JOB, GY_SEARCH_WAITS, GY_SEARCH_ENDS } gy_search_says;

/**
 * Decides job s->n and appends it.
 * @return GY_OK; GY_E_CONFIG where no point of the space is allowed; GY_E_NOMEM
 */
gy_status gy_search_next(gy_search *s, gy_search_says *says) GY_CHECKED;
/** The outcome of a job. @param cost  INFINITY: it failed */
void gy_search_take(gy_search *s, int64_t job, double cost);
void gy_search_clear(gy_search *s);

/* For methods */

/** A point that is allowed, drawn for a trial. */
gy_status gy_search_draw(const gy_search *s, int64_t trial, gy_point *out) GY_CHECKED;
/** The same of points that `make` makes. @param attempt  from 0 */
gy_status gy_search_make(const gy_search *s, void (*make)(void *of, int attempt, gy_point *out),
                         void *of, gy_point *out) GY_CHECKED;

#endif
