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
    int64_t step;        /* of the update, from 1 */
    double rate;         /* learning rate */
    double clip;         /* factor on the gradient, ≤ 1 */
    double weight_decay; /* 0 where the tensor does not decay */
    bool scaled;         /* whether the tensor takes a trust ratio (lars, lamb): weights do */
    double norms[2];     /* of the whole tensor, as the kind's squares() has them */
} gy_update;

enum { GY_SLOTS = 3 };

typedef struct gy_optim_kind {
    gy_kind kind;
    const char *const *slots; /* names of its state vectors, NULL-terminated */
    /** How many of them these settings need; NULL: all. */
    int (*used)(const void *settings);
    /**
     * Where the step depends on norms of whole tensors (lars, lamb), else NULL: of every `each` of n
     * elements of one tensor adds the Σ w² and Σ d² to the next two of squares, d being what the
     * ratio compares w with.
     */
    void (*squares)(const void *settings, const gy_kernel *k, const gy_update *u, int64_t n,
                    int64_t each, const float *w, const float *g, float *const *slots,
                    double *squares);
    /** Updates n elements of one tensor: w and slots in place. */
    void (*update)(const void *settings, const gy_kernel *k, const gy_update *u, int64_t n,
                   float *w, const float *g, float *const *slots);
} gy_optim_kind;

extern const gy_registry gy_optim_registry;

/** The section `optimizer`. */
typedef struct gy_optim_settings {
    gy_choice kind;
    double learning_rate, weight_decay, l1, l2;
    bool decay_all;
} gy_optim_settings;

extern const gy_setting gy_optim_setting_rows[];

typedef struct gy_optim gy_optim;

/**
 * @param settings  copied, but for those of the kind, which must outlive the optimizer
 * @param params  the table; must outlive the optimizer
 * @param share   its slices, within [0, params->trainable); copied
 * @param out     free with gy_optim_free(); slots are zero
 */
gy_status gy_optim_create(gy_context *ctx, const gy_kernel *k, const gy_optim_settings *settings,
                          const gy_params *params, const gy_ranges *share,
                          gy_optim **out) GY_CHECKED;
void gy_optim_free(gy_optim *o);

/** Number of slots, their names and vectors (packed slices, owned by the optimizer). */
int gy_optim_slots(const gy_optim *o);
const char *gy_optim_slot_name(const gy_optim *o, int slot);
float *gy_optim_slot(gy_optim *o, int slot);

/** Bytes of slots for `floats` trainable floats: for plans. */
int64_t gy_optim_bytes(const gy_choice *kind, int64_t floats);

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
 * Whether a step depends on norms of whole tensors (lars, lamb). Where a tensor may be cut by
 * slices, each then adds its part by gy_optim_squares, and the sums over all slices go to
 * gy_optim_update.
 *
 * @param squares  [2 params->n], added to
 */
bool gy_optim_needs_squares(const gy_optim *o);
void gy_optim_squares(const gy_optim *o, int64_t step, double clip, const float *w, const float *g,
                      double *squares);

/**
 * The same to the same bits however the slices cut the tensors: sums of GY_PARAM_ALIGN elements, in
 * limbs (kernel/limbs.h), of which those of all slices are added and then taken.
 *
 * @param limbs  [2 params->n, GY_LIMBS], added to
 */
void gy_optim_squares_in_limbs(const gy_optim *o, int64_t step, double clip, const float *w,
                               const float *g, double *limbs);

/** @param squares  [2 params->n] out */
void gy_optim_squares_take(const gy_optim *o, const double *limbs, double *squares);

/**
 * Updates the slices of w.
 *
 * @param step     of this update, from 1
 * @param clip     factor on the gradient, see gy_clip_factor
 * @param squares  see above; NULL where the slices cut no tensor, or the kind needs none
 */
void gy_optim_update(gy_optim *o, int64_t step, double rate, double clip, float *w, const float *g,
                     const double *squares);

/** average = decay average + (1 − decay) w, over n elements. */
void gy_average_update(const gy_kernel *k, double decay, int64_t n, const float *w, float *average);

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

typedef struct gy_schedule_kind {
    gy_kind kind;
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
