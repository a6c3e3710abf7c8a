/**
 * What a network in memory is made of. Inside this room only.
 *
 *     opened   its configuration and head; where it is only applied its network and what data taught, too
 *     run      where it is trained: train/memory.h
 *     own      the workspace of callers without one
 */
#ifndef GY_INSIDE_INSIDE_IMPL_H
#define GY_INSIDE_INSIDE_IMPL_H

#include <gyre/network.h>

#include "apply/opened.h"
#include "data/moments.h"
#include "theirs.h"
#include "train/memory.h"

#include <pthread.h>
#include <stdatomic.h>

/** Samples of a collective call, on this rank, as the network takes them. */
typedef struct gy_given {
    int64_t n, room; /* samples; that there is room for */
    float *x, *y, *w;
    bool weighs; /* w is given */
} gy_given;

/** What every rank tells the others of such a call. */
typedef struct gy_announced {
    int64_t n;
    int status;
    int weighs;
} gy_announced;

/** Weights as passes read them. */
typedef struct gy_packed {
    atomic_bool is_there;
    pthread_mutex_t turn; /* to make them */
    bool has_turn;
} gy_packed;

struct gy_network {
    gy_context *ctx;
    gy_comm *comm, *own_comm; /* that it works with; where nobody gave it one, the same */
    gy_opened opened;
    gy_train_options options; /* of the run */
    gy_run run;
    bool training;
    gy_last last; /* checkpoint of the run */
    gy_net *net;  /* of opened or run, like the feed */
    gy_feed *feed;
    int threads;
    gy_shape input, output, target;
    gy_feed_origin from; /* for messages of samples */
    gy_packed packed;
    gy_workspace *own;
    gy_moments x, y; /* of means that are still to be learned, or were; n 0: none are */
    gy_given given;
    gy_announced *announced; /* [ranks] */
    double *tally;           /* [sums] of a loss */
};

struct gy_workspace {
    gy_network *network;
    gy_net net; /* with the vectors of the network's */
    int64_t most;
    float *x; /* [most, input…] of what must be converted or normalised */
};

/** Refuses while means and deviations that its configuration wants are not known. Local. */
gy_status gy_inside_check_learned(const gy_network *net) GY_CHECKED;

gy_status gy_packed_open(gy_network *net) GY_CHECKED;
void gy_packed_close(gy_network *net);
/** Before weights change, or a pass of training takes their place: those of before are no good. Local. */
void gy_packed_drop(gy_network *net);
/**
 * Before a pass, by any number of threads at once: makes them where they are not there. Local.
 * @return GY_OK; GY_E_NOMEM after a step that found no memory, as long as there is none: asked again it may be
 */
gy_status gy_packed_need(gy_network *net) GY_CHECKED;

/** [n, each] zeros; GY_E_NOMEM where they are more than can be counted, too. Local. */
gy_status gy_inside_new_samples(gy_context *ctx, int64_t n, int64_t each, float **out) GY_CHECKED;

/** x, y and weights of a call; those that are not given have no data. */
typedef struct gy_call {
    gy_theirs x, y, w;
} gy_call;

gy_call gy_call_straight(const gy_network *net, int64_t n, const float *x, const float *y,
                         const float *w);
/**
 * GY_E_USAGE where one that is wanted is missing; GY_E_SHAPE where a view does not fit, or they are not of as
 * many samples. Local.
 */
gy_status gy_call_take(const gy_network *net, const gy_view *x, const gy_view *y, const gy_view *w,
                       bool targets, gy_call *out) GY_CHECKED;
/** GY_E_SHAPE where a view has another number of samples than x. Local. */
gy_status gy_call_check_number(const char *name, const gy_theirs *a, int64_t n) GY_CHECKED;
/** That samples have an x, and targets where these are wanted. Local. */
gy_status gy_call_check(const gy_call *call, bool targets) GY_CHECKED;

/**
 * Outputs of the next samples of x, at most w->most, in the network's unit, until the next call with this
 * workspace. Local.
 */
gy_status gy_workspace_pass(gy_workspace *w, const gy_theirs *x, int64_t first, int64_t n,
                            float **y) GY_CHECKED;

/** Takes x, and y and w where they are given, as the network has them; they are checked. Local. */
gy_status gy_given_take(gy_network *net, const gy_call *call) GY_CHECKED;
void gy_given_clear(gy_network *net);

/** All ranks' samples of a call. */
typedef struct gy_crowd {
    int64_t n, first, most; /* together; before this rank's; of the rank with most */
    bool weighs;            /* some have weights */
} gy_crowd;

/** Tells all ranks of this one's call; where one comes with a failure, all have it. Collective. */
gy_status gy_inside_meet(gy_network *net, int64_t n, bool weighs, gy_status status,
                         gy_crowd *out) GY_CHECKED;

#endif
