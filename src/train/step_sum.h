/**
 * The sum of a step: the gradients of all pieces and ranks, and what belongs to them, the losses and the
 * buffers of layers. Makers in step_sums/; who takes steps does not know which.
 *
 *     begin → { next → (the piece is passed by sum->pass) → passed } → finish → take, or skip
 *
 * Invariants
 * 1. After finish gradients (what this rank owns of them) and buffers are those of the global batch:
 *    buffers are alike on every rank, the mean of what each made of its samples. Losses and sums are so
 *    after the record of the step, beside which they travel.
 * 2. A step that is skipped leaves no trace: the buffers are as they were before it.
 * 3. All ranks make the same calls, whatever their parts hold.
 */
#ifndef GY_TRAIN_STEP_SUM_H
#define GY_TRAIN_STEP_SUM_H

#include "network/network.h"
#include "optim/optim.h"
#include "sync/sync.h"

typedef struct gy_step_sum gy_step_sum;

/** A maker. Collective: make, begin, passed, finish, remake; the others are local. */
typedef struct gy_step_sum_kind {
    gy_status (*make)(gy_step_sum *s, const gy_sync_settings *settings); /* its own part */
    void (*clear)(gy_step_sum *s);
    gy_status (*begin)(gy_step_sum *s);
    bool (*next)(gy_step_sum *s, const gy_samples *part, gy_piece *piece);
    gy_status (*passed)(gy_step_sum *s, const gy_piece *piece);
    gy_status (*finish)(gy_step_sum *s, const gy_samples *part);
    double (*prepare)(gy_step_sum *s);
    void (*drop)(gy_step_sum *s);
    gy_status (*remake)(gy_step_sum *s, const gy_sync_settings *settings);
    int (*buckets)(const gy_step_sum *s);
    const char *(*algorithm)(const gy_step_sum *s);
    int64_t (*room_bytes)(const gy_step_sum *s);
} gy_step_sum_kind;

/** What a sum is made for; all of it outlives the sum. */
typedef struct gy_step_sum_spec {
    gy_comm *comm;
    gy_net *network;
    gy_sync *sync; /* who owns what of the parameters; sums of its own are those of the gradients */
    gy_optim *optim;
    const gy_sync_settings *settings;
} gy_step_sum_spec;

struct gy_step_sum {
    const gy_step_sum_kind *kind;
    gy_context *ctx;
    gy_comm *comm;
    gy_net *network;
    gy_sync *sync;
    gy_optim *optim;
    void *own;                  /* of the maker */
    gy_model_run pass;          /* of the piece that is next */
    int64_t trainable, buffers; /* floats */
    float *before;              /* [buffers] as they were before the step */
    int64_t mark;               /* in a backward pass: gradients from here on are complete */
    double *losses;             /* [network->rows] of a step */
    double *tally;              /* [network->rows, task.sums] behind them, of a step */
    bool shares;                /* every rank gets the tally of all: it outlives the rank */
    double waited_s;            /* of a step: in its passes, for parameters on their way */
    bool counts;                /* this rank's share of the squares counts: others' are the same */
};

/** Chooses the maker by the network's grains. Collective; free with gy_step_sum_free(). */
gy_status gy_step_sum_create(gy_context *ctx, const gy_step_sum_spec *spec,
                             gy_step_sum **out) GY_CHECKED;
void gy_step_sum_free(gy_step_sum *s);

/** Where ranks died: gives up what is under way (local), and makes it for those that are left (collective). */
void gy_step_sum_drop(gy_step_sum *s);
gy_status gy_step_sum_remake(gy_step_sum *s, const gy_sync_settings *settings) GY_CHECKED;

/** Buckets of a step, the algorithm that sums them, bytes that it works in. Local. */
int gy_step_sum_buckets(const gy_step_sum *s);
const char *gy_step_sum_algorithm(const gy_step_sum *s);
int64_t gy_step_sum_room_bytes(const gy_step_sum *s);

/** @param run  seed, step, scale and the like of the step's passes; the sum sets the rest */
gy_status gy_step_sum_begin(gy_step_sum *s, const gy_model_run *run) GY_CHECKED;
/** The next piece of this rank's part (begin with zeros), and s->pass for it; false after the last. Local. */
bool gy_step_sum_next(gy_step_sum *s, const gy_samples *part, gy_piece *piece);
/** It was passed: its loss is added to s->losses[piece->grain], its sums to gy_step_sum_row(). */
gy_status gy_step_sum_passed(gy_step_sum *s, const gy_piece *piece) GY_CHECKED;
double *gy_step_sum_row(gy_step_sum *s, int grain);
gy_status gy_step_sum_finish(gy_step_sum *s, const gy_samples *part) GY_CHECKED;
/** How many numbers from s->losses on are to be added over the ranks. Local. */
int gy_step_sum_beside(const gy_step_sum *s);
/** The loss: of this rank's part, and of the global batch once they are added. Local. */
double gy_step_sum_loss(const gy_step_sum *s);
/** The step does not count. Local. */
void gy_step_sum_skip(gy_step_sum *s);
/** Whether all buffers are finite. Local. */
bool gy_step_sum_is_finite(const gy_step_sum *s);

/** Adds penalties to the gradients; Σ g² of what this rank has of them. Local. */
double gy_step_sum_prepare(gy_step_sum *s);

extern const gy_step_sum_kind gy_step_sum_by_buckets, gy_step_sum_by_grains;

#endif
