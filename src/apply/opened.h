/** A checkpoint put to work: its configuration, its network with its values, data as it learned them. */
#ifndef GY_APPLY_OPENED_H
#define GY_APPLY_OPENED_H

#include <gyre/model.h>
#include <gyre/train.h>

#include "config/config.h"
#include "event/event.h"
#include "feed/feed.h"

typedef struct gy_opened {
    gy_context *ctx;
    gy_comm *comm;
    int rank, ranks;
    gy_pool pool;
    const char *path; /* of the checkpoint; NULL: a configuration alone */
    gy_checkpoint_head head;
    gy_config *config; /* its own, with what was set */
    gy_taught taught;
    gy_formeds forms; /* parameters that are not floats */
    gy_net network;
    gy_feed feed;
    gy_observer *observer;
    void *observer_user;
    double started_s;
    bool beside; /* see gy_opening */
} gy_opened;

/** What is to be opened. */
typedef struct gy_opening {
    const char *path;        /* a checkpoint's directory or a run's, then its newest */
    bool or_config;          /* or a configuration's file */
    bool beside;             /* a run that is under way: the watchdog is its own */
    bool as_floats;          /* parameters in forms of their own become floats */
    const char *const *sets; /* [n_sets] "key.path=value" over its configuration */
    int n_sets;
    gy_observer *observer;
    void *observer_user;
} gy_opening;

/** Nothing opened yet; may be closed. Local. */
void gy_opened_init(gy_opened *o, gy_context *ctx, gy_comm *comm, gy_observer *observer,
                    void *user);
/** Finds the checkpoint, reads head and configuration; builds nothing. Collective. */
gy_status gy_opened_open(gy_context *ctx, gy_comm *comm, const gy_opening *opening,
                         gy_opened *out) GY_CHECKED;
/** After a failure too. Local. */
void gy_opened_close(gy_opened *o);

/** What its network is made of: gy_net_open(). Collective. */
gy_status gy_opened_network(const gy_opened *o, gy_net_spec *out) GY_CHECKED;
/** Its network, allocated for inference, not planned. Local. */
gy_status gy_opened_build(gy_opened *o) GY_CHECKED;
/** The checkpoint's values into that; the moving average where there is one. Collective. */
gy_status gy_opened_read(gy_opened *o) GY_CHECKED;
/**
 * Opens its network and takes it apart; where it comes from a checkpoint the network has its values, and they
 * are measured. Collective; inspect.c.
 * @param out  to be freed after a failure, too
 */
gy_status gy_opened_take_apart(gy_opened *o, gy_anatomy **out) GY_CHECKED;
/** Tells the observer, on rank 0. Local. */
void gy_opened_tell(const gy_opened *o, gy_report *report);

/** Takes the outputs of a piece of a batch, in the arena: they may be changed. */
typedef gy_status gy_outputs_taker(void *user, const gy_batch *batch, const gy_piece *piece,
                                   float *y);
/**
 * Passes this rank's part of the next batch, by a plan for evaluation. Local.
 * @param targets  they are looked at: the data have some, and the task is aimed at them
 */
gy_status gy_opened_pass(gy_opened *o, gy_part part, bool targets, gy_batch *batch,
                         gy_outputs_taker *take, void *user) GY_CHECKED;

/**
 * Opens, builds and reads it, and loads the data that it is to work on; the network is cut for them,
 * and not planned yet. Collective; data.c.
 *
 * @param part  out: what the data count as
 */
gy_status gy_opened_open_on_data(gy_context *ctx, gy_comm *comm, const char *path,
                                 const gy_apply_options *options, gy_opened *out,
                                 gy_part *part) GY_CHECKED;

#endif
