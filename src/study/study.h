/**
 * Many runs in one job, side by side on groups of ranks.
 *
 *     plan      what is tried next: crossval.c, search.c; on rank 0 alone
 *     trial     a configuration's text, trained on a group of ranks           trial.c
 *     outcome   how that ended, and what was measured
 *     ledger    study.jsonl: an event an outcome; what a study goes on from   ledger.c
 *
 * Rank 0 leads: it hands trials to groups that are free, between its own steps (lead.c).
 */
#ifndef GY_STUDY_STUDY_H
#define GY_STUDY_STUDY_H

#include <gyre/study.h>
#include <gyre/train.h>

#include "comm/comm.h"
#include "config/config.h"
#include "event/event.h"
#include "store/file.h"

/** What a group is to train. */
typedef struct gy_trial {
    int64_t number;     /* of the study, from 0 */
    const char *config; /* resolved; its run_dir is the trial's */
    const char
        *from; /* run that it goes on from, while its own directory has no checkpoint; NULL: none */
    int64_t until; /* see gy_train_options */
} gy_trial;

enum { GY_OUTCOME_VALUES = 32, GY_OUTCOME_NAME = 48, GY_OUTCOME_WHY = 1024 };

/** How a trial ended. A plain struct: it travels from a group to rank 0. */
typedef struct gy_outcome {
    int64_t number; /* −1: of no trial */
    gy_status status;
    double seconds; /* that the group was busy with it */
    int64_t step;   /* where it stands */
    double best;    /* of the monitored value; NAN: not known */
    int n;          /* of values: the last of each, by names like validation_loss */
    char names[GY_OUTCOME_VALUES][GY_OUTCOME_NAME];
    double values[GY_OUTCOME_VALUES];
    char why[GY_OUTCOME_WHY]; /* it failed; "" */
} gy_outcome;

/** The value of that name; NAN where there is none. */
double gy_outcome_value(const gy_outcome *o, const char *name);
/** Whether that is the name of a value: train_…, validation_…, test_…. */
bool gy_outcome_measures(const char *name);

typedef enum gy_study_says { GY_STUDY_TRIAL, GY_STUDY_WAITS, GY_STUDY_ENDS } gy_study_says;

/** What a study is about; on rank 0. Numbers are asked for one after the other, each until there is an answer. */
typedef struct gy_study_plan {
    void *self;
    /** Trial `number`, its texts in the pool; or that it waits for outcomes, or that there are no more. */
    gy_status (*next)(void *self, int64_t number, gy_pool *pool, gy_trial *out,
                      gy_study_says *says);
    /** Takes an outcome. @param event  of an earlier job, as the ledger has it; NULL: of this one */
    gy_status (*take)(void *self, const gy_outcome *o, const gy_event *event);
    /** Adds what it has to say of a trial to its event, texts in the pool. */
    gy_status (*describe)(void *self, const gy_outcome *o, gy_pool *pool, gy_report *report);
} gy_study_plan;

typedef struct gy_ledger {
    gy_context *ctx;
    int fd; /* −1: not open */
    const char *path;
    bool ended; /* its last line is the event "end" */
} gy_ledger;

typedef struct gy_study {
    gy_context *ctx;
    gy_comm *comm;
    gy_pool pool;
    const gy_study_options *options;
    const char *kind, *path; /* "crossval"; of the configuration */
    int rank, ranks;
    int groups, ranks_each;
    gy_comm *group;            /* this rank's; NULL: it has none */
    bool leads;                /* its group */
    double started_s, limit_s; /* limit: train.time_limit_minutes, of the whole study; 0: none */
    bool told_to_stop;         /* by rank 0, while this group was busy */
    struct gy_lead *lead; /* on rank 0 while it trains: what it does between steps; else NULL */

    /* on rank 0 */
    char *yaml;        /* the configuration's file as it was read */
    gy_config *config; /* the one that trials are made of */
    const char *dir;
    gy_lock claim;
    gy_ledger ledger;
    double idle_s; /* of groups */
} gy_study;

/**
 * Reads the configuration, cuts the ranks into groups, claims the directory; writes nothing yet. Collective; the
 * same status on every rank. To be closed whatever comes.
 * @param ranks_each  of a group; 0: search.ranks_per_trial
 */
gy_status gy_study_open(gy_study *s, gy_context *ctx, gy_comm *comm, const char *kind,
                        const char *path, const gy_study_options *options,
                        int64_t ranks_each) GY_CHECKED;
void gy_study_close(gy_study *s);

/**
 * The configuration with "key.path=value" over it, and the directory of a trial. On rank 0. Local.
 * @param out  free with gy_config_free()
 */
gy_status gy_study_configure(gy_study *s, const char *const *sets, int n, const char *run_dir,
                             gy_config **out) GY_CHECKED;
/** Where trial `number` trains. On rank 0. Local. */
gy_status gy_study_place(gy_study *s, gy_pool *pool, int64_t number, const char **out) GY_CHECKED;
/** Whether its time is up. Local. */
bool gy_study_is_late(const gy_study *s);
/** Tells the observer. On rank 0. Local. */
void gy_study_tell(const gy_study *s, gy_report *report);
/** The event "end", the ledger's last line, too. @param best  a path that comes of it; NULL: none */
gy_status gy_study_tell_end(gy_study *s, const char *best) GY_CHECKED;

/** Runs all that a plan has, and tells "trial" of each. Collective. @param plan  of rank 0 */
gy_status gy_study_run(gy_study *s, const gy_study_plan *plan) GY_CHECKED;

/* trial.c */
/** Trains it on this rank's group. Collective over that; GY_OK where the trial itself failed: that is its outcome. */
gy_status gy_trial_run(gy_study *s, const gy_trial *trial, gy_outcome *out) GY_CHECKED;

/* ledger.c; on rank 0 */
/** Opens it and gives what it holds to the plan, calling `known` with each number. */
gy_status gy_ledger_open(gy_study *s, const gy_study_plan *plan,
                         gy_status (*known)(void *user, int64_t number), void *user) GY_CHECKED;
/** Makes the event of an outcome, writes it down, durably, and tells it. */
gy_status gy_ledger_add(gy_study *s, const gy_study_plan *plan, const gy_outcome *o,
                        int group) GY_CHECKED;
/** Ends it with that event, where it has not ended. */
gy_status gy_ledger_end(gy_study *s, gy_report *report) GY_CHECKED;
void gy_ledger_close(gy_ledger *l);

/* lead.c */
/** What rank 0 does between the steps of its own group. @return a GY_REQUEST_…, 0: nothing */
int gy_lead_between(struct gy_lead *lead);

#endif
