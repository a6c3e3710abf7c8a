/** Many runs in one job: cross-validation and search, side by side on groups of ranks. */
#ifndef GYRE_STUDY_H
#define GYRE_STUDY_H

#include <gyre/comm.h>
#include <gyre/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What all studies take. */
typedef struct gy_study_options {
    const char *const *sets; /* [n_sets] "key.path=value" over the configuration */
    int n_sets;
    const char *
        dir; /* of the study; NULL: the configuration's run_dir with -crossval or -search behind it */
    gy_observer *observer; /* may be NULL */
    void *observer_user;
    /** Asked once a step on every rank: what signals want; see gy_train_options. May be NULL. */
    int (*requests)(void *user);
    void *requests_user;
} gy_study_options;

typedef struct gy_crossval_options {
    gy_study_options study;
    int64_t folds; /* 2 … 10,000 */
    int64_t
        repeats; /* with other folds and start values, by seeds that follow the configuration's */
    bool stratified;       /* see data.fold_stratified */
    const char *group;     /* column that tells which samples belong together; NULL: none */
    int64_t ranks_per_run; /* ranks that train a fold together */
} gy_crossval_options;

/**
 * Cross-validation: a run for each fold, which validates it, and mean and standard deviation of all that
 * is measured. Collective.
 *
 * In the study's directory: study.jsonl, an event "trial" for each fold that is done, from which a study
 * that was stopped goes on; and trials/, a run's directory for each. Folds depend on seed and data alone.
 * Events: "study" (at the start), "trial" for each fold, "summary" for each value: mean, deviation, min, max;
 * "end".
 *
 * @return the same on every rank: GY_OK; GY_STOPPED, then the same call goes on; GY_E_CONFIG, GY_E_DATA,
 *         GY_E_SHAPE, GY_E_USAGE before anything is trained; GY_E_IO, GY_E_COMM, GY_E_NOMEM
 */
GY_API gy_status gy_crossval(gy_context *ctx, gy_comm *comm, const char *path,
                             const gy_crossval_options *options) GY_CHECKED;

/**
 * Search as the section `search` of a configuration says: trials side by side on groups of ranks. Collective.
 *
 * In the study's directory: study.jsonl, an event "trial" for each outcome, from which a search that was stopped
 * goes on to the same end; trials/, a run's directory for each; best.yaml, the best configuration, and the link
 * best to its run. Trials that fail are told and passed over. Events: "study", "trial", at the end "place" for the
 * ten best, "importance" for each key, "end".
 *
 * @return as gy_crossval(); GY_E_DIVERGED where all trials failed
 */
GY_API gy_status gy_search_configuration(gy_context *ctx, gy_comm *comm, const char *path,
                                         const gy_study_options *options) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
