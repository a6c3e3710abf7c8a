/**
 * The task: what is measured of outputs, as sums that ranks can add; how much each of them counts; the
 * unit that the loss has targets in. Local.
 */
#ifndef GY_NETWORK_TASK_H
#define GY_NETWORK_TASK_H

#include "base/setting.h"
#include "kernel/limbs.h"
#include "loss/loss.h"

enum { GY_TASK_METRICS = 16 };

/** The loss sees (target − mean) / deviation, element i by mean[i mod n]; n 0: targets as they are. */
typedef struct gy_target_unit {
    int64_t n;
    const float *mean, *deviation; /* [n] */
} gy_target_unit;

/** How much of the loss is of what a teacher says of the same samples: (1 − weight) loss + weight imitation. */
typedef struct gy_imitation {
    double temperature, weight; /* weight 0: nothing */
} gy_imitation;

typedef struct gy_task {
    const gy_loss_kind *loss;
    const void *loss_settings;
    const gy_metric_kind *metrics[GY_TASK_METRICS];
    int at[GY_TASK_METRICS]; /* of a metric's sums in a tally */
    int n_metrics;
    gy_shape out;           /* of the model */
    int64_t outputs, count; /* elements of it; by how many things a sample counts in the loss */
    gy_shape answers;       /* what metrics see: one output a target */
    int64_t targets;        /* elements of a sample's target; 0: there is none */
    int64_t classes;        /* last axis of what metrics see */
    int sums;               /* length of a tally */

    const gy_class_settings *by_class; /* NULL: the loss takes none */
    int64_t weights;                   /* of a sample, in the data; 0: none */
    const double *class_weights;       /* [gy_task_class_weights()]; NULL: none */
    gy_target_unit unit;
    gy_imitation imitation; /* of batches that have a teacher's outputs */

    float *room; /* of a piece: gy_task_room() floats; by the network */
} gy_task;

/**
 * @param metrics  names of kinds
 * @param out      shape of one sample's outputs
 * @param target   and of its target; NULL: there is none
 * @return GY_OK; GY_E_SHAPE, GY_E_CONFIG where they do not fit the loss
 */
gy_status gy_task_init(gy_task *t, const gy_choice *loss, const gy_strings *metrics,
                       const gy_shape *out, const gy_shape *target) GY_CHECKED;

/** How many weights there are by class; whether they are learned, all classes alike; what counts nothing. */
int64_t gy_task_class_weights(const gy_task *t);
bool gy_task_balances(const gy_task *t);
bool gy_task_ignores(const gy_task *t, float target);

/**
 * Takes n weights a sample from the data, those of the first axes of its target.
 * @return GY_OK; GY_E_CONFIG where a loss or metric of whole samples does not suit them
 */
gy_status gy_task_take_weights(gy_task *t, int64_t n) GY_CHECKED;

/**
 * Counts every class apart too, by gy_metric_confusion.
 * @param at  out: where its sums are in a tally
 * @return GY_OK; GY_E_USAGE where there are no classes, or too many
 */
gy_status gy_task_count_classes(gy_task *t, int *at) GY_CHECKED;

/** Whether tasks of a loss look at each row of outputs by itself: gy_task_add_rows. */
bool gy_task_takes_rows(const gy_choice *loss);

/** Whether anything counts other than once. */
bool gy_task_weighs(const gy_task *t);

/** Floats of t->room for n samples; where there is no target, for such as the loss wants. */
int64_t gy_task_room(const gy_task *t, int64_t n);

/**
 * Samples: outputs [n, out…], targets [n, target…], the data's weights [n, weights] or NULL, a teacher's
 * outputs [n, out…] or NULL.
 */
typedef struct gy_task_batch {
    int64_t n;
    const float *y, *target, *weight, *teacher;
} gy_task_batch;

/** Adds Σ weights of the loss over a batch to limbs, and what they say: independent of cuts. y is not read. */
void gy_task_weigh(const gy_task *t, const gy_task_batch *b, double limbs[GY_LIMBS]);

/**
 * Adds a batch to a tally [sums].
 * @param dy  takes scale times the loss's gradient; may be y; NULL: not wanted
 * @return the batch's sum of the loss, by weights
 */
double gy_task_add(const gy_task *t, const gy_kernel *k, const gy_task_batch *b, float scale,
                   float *dy, double *tally);
/** The same by and by: what a batch counts by; then rows [first, first + n) of its outputs, y [n, last axis]. */
void gy_task_begin(const gy_task *t, const gy_task_batch *b, double *tally);
double gy_task_add_rows(const gy_task *t, const gy_kernel *k, const gy_task_batch *b, int64_t first,
                        int64_t n, const float *y, float scale, float *dy, double *tally);

/** Adds rows [n, sums] of a tally up, in their order, into the first. */
void gy_task_fold(const gy_task *t, int n, double *rows);
/** Whether outputs tell classes apart, so that each row of them has a top one. */
bool gy_task_classifies(const gy_task *t);
double gy_task_loss(const double *tally);
double gy_task_metric(const gy_task *t, int i, const double *tally);
/** Whether larger is better of "loss" or a metric's name. */
bool gy_task_larger_is_better(const gy_task *t, const char *name);
/** Outputs [n, out…] of the model into the targets' own unit, in place. */
void gy_task_restore(const gy_task *t, int64_t n, float *y);

#endif
