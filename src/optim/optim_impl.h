/** The optimizer's parts, and what the kinds share. Inside the optim room only. */
#ifndef GY_OPTIM_OPTIM_IMPL_H
#define GY_OPTIM_OPTIM_IMPL_H

#include "optim.h"

#include "kernel/update.h"

#include <stddef.h>

/** A slot in memory. */
typedef struct gy_slot {
    const gy_slot_kind *what;
    float *v;
    gy_params table; /* n 0 where it is cut like the parameters */
    int64_t *at;     /* [params] where a tensor lies; −1: it has nothing of it. NULL likewise */
} gy_slot;

struct gy_optim {
    gy_context *ctx;
    const gy_kernel *kernel;
    gy_optim_settings settings;
    const gy_optim_kind *kind;
    const gy_params *params;
    gy_range *ranges;
    gy_ranges share;
    gy_slot slots[GY_SLOTS];
    int n_slots;
    int64_t count;
    gy_optim_sum sum;
    bool replicated; /* all state is on every rank: what follows from it needs no messages */
    int64_t *places; /* [rounds, params + 1] where a tensor's sums lie */
    double *sums;    /* of all tensors, one behind the other; [n_sums] in the longest round */
    double *limbs;   /* [n_sums, GY_LIMBS] where sums are exact and not replicated; else NULL */
    int64_t n_sums;
};

/* walk.c: tensor by tensor, or part by part */

/** Where a walk over the tensors in some slices stands; begin with gy_walk_begin(). */
typedef struct gy_walk {
    const gy_optim *o;
    const gy_ranges *ranges;
    bool own;       /* the ranges are the optimizer's share: slots are packed by them */
    int tensor;     /* index in the table */
    int range;      /* of the ranges */
    int64_t packed; /* where that range begins in packed vectors */
    int64_t sums;   /* where the tensor's sums lie */
    int round;      /* that they are of */
    gy_tensor_part part;
} gy_walk;

/** @param ranges  &o->share, or others, which outlive the walk. @param round  of the sums wanted */
gy_walk gy_walk_begin(const gy_optim *o, const gy_ranges *ranges, int round);
/** Goes to the next part. @param w, g  whole vectors; NULL: not wanted. @return false at the end */
bool gy_walk_next(gy_walk *walk, float *w, const float *g);

/* slots.c */

gy_status gy_slots_create(gy_optim *o) GY_CHECKED;
void gy_slots_free(gy_optim *o);

/** What a tensor's update is given. @param sums  its own; may be NULL */
gy_update gy_optim_update_of(const gy_optim *o, const gy_param *tensor, double rate, double clip,
                             const double *sums);

/* sums.c: sums over whole tensors, which parts are added to */

gy_status gy_sums_create(gy_optim *o) GY_CHECKED;
/** All rounds, before an update. */
gy_status gy_sums_take(gy_optim *o, double rate, double clip, float *w, const float *g) GY_CHECKED;
/** Where the sums of a tensor lie in a round; of tensor o->params->n: how many there are. */
int64_t gy_sums_place(const gy_optim *o, int tensor, int round);

/* Rows of settings that several kinds have. */

#define GY_OPTIM_FLOAT(settings, name, standard_, min_, max_, text)                                \
    {                                                                                              \
        .key = #name, .type = GY_SETTING_FLOAT, .offset = offsetof(settings, name),                \
        .standard = standard_, .min = min_, .max = max_, .help = text                              \
    }

#define GY_OPTIM_DECAY(settings, name, standard_, text)                                            \
    GY_OPTIM_FLOAT(settings, name, standard_, 0.0, 0.9999999, text)

/** 0 would make 0/0 of an element that has had no gradient yet. */
#define GY_OPTIM_EPSILON(settings, standard_, text)                                                \
    GY_OPTIM_FLOAT(settings, epsilon, standard_, 1e-30, GY_COUNT_MAX, text)

/* momentum.c: sgd and lars */

/** Their settings begin with these. */
typedef struct gy_momentum_settings {
    double momentum;
    bool nesterov;
} gy_momentum_settings;

extern const gy_slot_kind gy_momentum_slots[]; /* momentum */

/** The slot is needed where there is momentum. */
int gy_momentum_used(const void *settings);

#define GY_MOMENTUM_ROWS                                                                           \
    GY_OPTIM_DECAY(gy_momentum_settings, momentum, "0.0",                                          \
                   "share of the last step that goes into the next"),                              \
    {                                                                                              \
        .key = "nesterov", .type = GY_SETTING_BOOL,                                                \
        .offset = offsetof(gy_momentum_settings, nesterov), .standard = "false",                   \
        .help = "look ahead along the momentum"                                                    \
    }

/** w −= rate (clip g + decay w), with momentum where it is set. */
void gy_momentum_update(const gy_momentum_settings *s, const gy_kernel *k, double rate, double clip,
                        double decay, const gy_tensor_part *p);

/* moments.c: adam, adamw and lamb; rmsprop and adagrad have the second one alone */

typedef struct gy_moments_settings {
    double beta1, beta2, epsilon;
} gy_moments_settings;

extern const gy_setting gy_moments_rows[];
extern const gy_slot_kind gy_moments_slots[]; /* first_moment, second_moment */

#define gy_second_moment_slots (gy_moments_slots + 1)

/** Their constants for a step with rate and shrink as for a plain step of length `rate`. */
gy_moments gy_moments_of(const gy_moments_settings *s, const gy_update *u);

/* trust.c: lars and lamb */

/** Two: Σ w² and Σ d² of a tensor, d being what the ratio compares w with. */
int64_t gy_trust_sums(const gy_param *tensor, int round);

/** ‖w‖ / ‖d‖; 1 where either is 0. */
double gy_trust_ratio(double w_norm, double d_norm);

#endif
