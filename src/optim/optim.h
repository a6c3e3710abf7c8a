/**
 * Optimizers, schedules, clipping, penalties and the moving average of parameters.
 *
 * An optimizer works on slices of the flat parameter vector (a rank's share, or all of it) and owns
 * these slices of its slots. All functions are local.
 */
#ifndef GY_OPTIM_OPTIM_H
#define GY_OPTIM_OPTIM_H

#include "base/param.h"
#include "base/registry.h"
#include "base/setting.h"
#include "kernel/kernel.h"

/** What an update is given besides the vectors: the same for all elements of one tensor. */
typedef struct gy_update {
    int64_t count;       /* of this update, from 1 */
    double rate;         /* learning rate */
    double clip;         /* factor on the gradient, ≤ 1 */
    double weight_decay; /* 0 where the tensor does not decay */
    bool scaled;         /* whether the tensor takes a trust ratio (lars, lamb): weights do */
    const double *sums;  /* over the whole tensor, of the last round */
} gy_update;

enum { GY_SLOTS = 3 };

/** The part of a tensor that lies in a slice: its elements [at, at + n). */
typedef struct gy_tensor_part {
    const gy_param *tensor;
    int64_t at, n;
    float *w; /* [n] */
    const float *g;
    float *slots
        [GY_SLOTS]; /* [n]; of slots with shapes of their own: those of the whole tensor, or NULL */
} gy_tensor_part;

/** One vector of an optimizer's state. */
typedef struct gy_slot_kind {
    const char *name; /* as in checkpoints */
    /**
     * What it holds of a tensor; false: nothing. Such a slot is small: every rank has all of it, and
     * changes it in `learn` alone. NULL: as much as the tensor has, cut by slices like it.
     */
    bool (*shape)(const gy_param *tensor, gy_shape *out);
} gy_slot_kind;

typedef struct gy_optim_kind {
    gy_kind kind;
    const gy_slot_kind *slots; /* its state, closed by a name NULL */
    /** How many of them these settings need; NULL: all. */
    int (*used)(const void *settings);

    /**
     * Where the step depends on sums over whole tensors: in so many rounds each part adds its own to
     * sums(…) doubles, those of all parts are added up, and the kind may learn from them before the
     * next round. Sums are of numbers ≥ 0. A kind without rounds has neither of the three.
     */
    int rounds;
    int64_t (*sums)(const gy_param *tensor, int round);
    void (*add)(const void *settings, const gy_kernel *k, const gy_update *u,
                const gy_tensor_part *p, int round, double *sums);
    /** Changes slots with shapes of their own: the whole tensor's. May be NULL. */
    void (*learn)(const void *settings, const gy_update *u, const gy_param *tensor, int round,
                  const double *sums, float *const *slots);

    /** Updates a part: w and the slots that are cut like it, in place. */
    void (*update)(const void *settings, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p);
} gy_optim_kind;

extern const gy_registry gy_optim_registry;

/** The section `optimizer`. */
typedef struct gy_optim_settings {
    gy_choice kind;
    double learning_rate, weight_decay, l1, l2;
    bool decay_all;
} gy_optim_settings;

extern const gy_setting gy_optim_setting_rows[];

/** Settings of plain descent, sgd as it is by default: for steps that are not of gradients. */
gy_status gy_optim_plain(gy_pool *pool, gy_optim_settings *out) GY_CHECKED;

typedef struct gy_optim gy_optim;

/** How sums over whole tensors come about. */
typedef struct gy_optim_sum {
    /** Adds values over all who own parts of the tensors, to the same bits on each; NULL: all is here. */
    gy_status (*add)(void *user, double *values, int n);
    void *user;
    bool exact; /* to the same bits for any slices; then the whole of w and g is here */
} gy_optim_sum;

/**
 * @param settings  copied, but for those of the kind, which must outlive the optimizer
 * @param params  the table; must outlive the optimizer
 * @param share   its slices, within [0, params->trainable); copied
 * @param sum     copied; NULL: all is here
 * @param out     free with gy_optim_free(); slots are zero, no updates are counted
 */
gy_status gy_optim_create(gy_context *ctx, const gy_kernel *k, const gy_optim_settings *settings,
                          const gy_params *params, const gy_ranges *share, const gy_optim_sum *sum,
                          gy_optim **out) GY_CHECKED;
void gy_optim_free(gy_optim *o);

/** Number of slots, their names and vectors (owned by the optimizer) with their lengths. */
int gy_optim_slots(const gy_optim *o);
const char *gy_optim_slot_name(const gy_optim *o, int slot);
float *gy_optim_slot(gy_optim *o, int slot);
int64_t gy_optim_slot_floats(const gy_optim *o, int slot);

/** How the tensors lie in a slot that has shapes of its own, the same on every rank; NULL: it is cut
 * like the parameters, the slices packed. */
const gy_params *gy_optim_slot_table(const gy_optim *o, int slot);

/** Updates made so far, for bias corrections; what a checkpoint keeps beside the slots. */
int64_t gy_optim_count(const gy_optim *o);
void gy_optim_set_count(gy_optim *o, int64_t count);

/** Bytes of slots for `floats` trainable floats of a table: for plans. */
int64_t gy_optim_bytes(const gy_choice *kind, const gy_params *params, int64_t floats);

/**
 * Adds the penalties' gradients (l1 sign(w) + l2 w) to the slices of g.
 *
 * @param w, g  the whole vectors [params->floats]
 * @return Σ g² over the slices, after that
 */
double gy_optim_prepare(const gy_optim *o, const float *w, float *g);

/** The same over all trainable parameters, where the whole of g is here: the same bits for any share. */
double gy_optim_prepare_all(const gy_optim *o, const float *w, float *g);

/** Factor that brings a norm down to clip_norm: min(1, clip_norm / (norm + 1e-6)); 1 where 0. */
double gy_clip_factor(double clip_norm, double norm);

/**
 * Updates the slices of w. Collective where sums over whole tensors are.
 *
 * @param clip  factor on the gradient, see gy_clip_factor
 * @return GY_OK; what gy_optim_sum.add returns
 */
gy_status gy_optim_update(gy_optim *o, double rate, double clip, float *w,
                          const float *g) GY_CHECKED;

/**
 * The moving average of parameters, over n elements: average += (1 − d)(w − average), with
 * d = min(decay, (1 + count) / (10 + count)), so that it soon forgets where it began.
 *
 * @param count  of this update of it, from 1
 */
void gy_average_update(const gy_kernel *k, double decay, int64_t count, int64_t n, const float *w,
                       float *average);

/* Schedules */

/** The section `schedule`. */
typedef struct gy_schedule_settings {
    gy_choice kind;
    int64_t warmup_steps;
    double min_learning_rate;
} gy_schedule_settings;

extern const gy_setting gy_schedule_setting_rows[];

/** Where a run stands: steps count from 0. */
typedef struct gy_schedule_point {
    int64_t step, steps, epoch, warmup;
    double rate, min_rate; /* of the settings */
    double plateau;        /* factor reached by the plateau schedule, 1 at first */
} gy_schedule_point;

/** What a schedule remembers of the monitored values; kept in checkpoints. */
typedef struct gy_schedule_state {
    double factor; /* 1 at first */
    double best;   /* NAN: none yet */
    int64_t waited;
} gy_schedule_state;

/** What the course of a rate hangs on besides the number of the step. */
typedef enum gy_schedule_needs {
    GY_NEEDS_NOTHING,
    GY_NEEDS_END, /* how many steps there will be */
    GY_NEEDS_EPOCHS,
    GY_NEEDS_EVALUATIONS
} gy_schedule_needs;

typedef struct gy_schedule_kind {
    gy_kind kind;
    gy_schedule_needs needs;
    double (*rate)(const void *settings, const gy_schedule_point *at); /* after the warm-up */
    /** Told each evaluation's monitored value; NULL where the kind does not look. */
    void (*observe)(const void *settings, double value, bool larger_is_better,
                    gy_schedule_state *state);
} gy_schedule_kind;

extern const gy_registry gy_schedule_registry;

/**
 * The learning rate of a step: rises to at->rate over the first warmup_steps, then as the kind has
 * it.
 *
 * @param state  NULL: as at the start
 * @param at     step, steps, epoch and rate; the rest comes from s and state
 */
double gy_schedule_rate(const gy_schedule_settings *s, const gy_schedule_state *state,
                        const gy_schedule_point *at);

void gy_schedule_state_init(gy_schedule_state *state);
/** Tells an evaluation's monitored value; state changes where the kind looks at it. */
void gy_schedule_observe(const gy_schedule_settings *s, double value, bool larger_is_better,
                         gy_schedule_state *state);

#endif
