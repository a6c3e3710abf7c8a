/** A checkpoint put to work: eval, predict, generate, inspect. Inside train only. */
#ifndef GY_TRAIN_OPENED_IMPL_H
#define GY_TRAIN_OPENED_IMPL_H

#include "train_impl.h"

typedef struct gy_opened {
    const char *path; /* of the checkpoint; NULL: a configuration alone */
    gy_checkpoint_head head;
    gy_config *config; /* its own, with what was set */
    gy_taught taught;
} gy_opened;

/** What is to be opened. */
typedef struct gy_opening {
    const char *path;        /* a checkpoint's directory or a run's, then its newest */
    bool or_config;          /* or a configuration's file */
    const char *const *sets; /* [n_sets] "key.path=value" over its configuration */
    int n_sets;
    gy_observer *observer;
    void *observer_user;
} gy_opening;

/**
 * What is done with it. Collective.
 *
 * @param run   of its configuration, stands where the checkpoint does; nothing is built
 * @param user  as given to gy_opened_apply()
 */
typedef gy_status gy_opened_work(gy_run *run, const gy_opened *opened, void *user);

/** Opens, works, closes. Collective. */
gy_status gy_opened_apply(gy_context *ctx, gy_comm *comm, const gy_opening *opening,
                          gy_opened_work *work, void *user) GY_CHECKED;

/** The checkpoint's model: built, allocated for inference, not planned; local. */
gy_status gy_opened_build(gy_run *run) GY_CHECKED;
/** Its parameters and buffers into that model; the moving average where there is one. Collective. */
gy_status gy_opened_read(const gy_opened *opened, gy_run *run) GY_CHECKED;

#endif
