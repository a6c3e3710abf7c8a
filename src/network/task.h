/** The task: what is measured of outputs, as sums that ranks can add. Local. */
#ifndef GY_NETWORK_TASK_H
#define GY_NETWORK_TASK_H

#include "base/setting.h"
#include "loss/loss.h"

enum { GY_TASK_METRICS = 16 };

typedef struct gy_task {
    const gy_loss_kind *loss;
    const void *loss_settings;
    const gy_metric_kind *metrics[GY_TASK_METRICS];
    int at[GY_TASK_METRICS]; /* of a metric's sums in a tally */
    int n_metrics;
    gy_shape out;           /* of the model */
    int64_t outputs, count; /* elements of it; by how much a sample counts in the loss */
    int64_t targets;        /* elements of a sample's target; 0: there is none */
    int64_t classes;        /* last axis of the outputs */
    int sums;               /* length of a tally: loss, count, metrics */
} gy_task;

/**
 * @param metrics  names of kinds
 * @param out      shape of one sample's outputs
 * @param target   and of its target; NULL: there is none
 * @return GY_OK; GY_E_SHAPE, GY_E_CONFIG where they do not fit the loss
 */
gy_status gy_task_init(gy_task *t, const gy_choice *loss, const gy_strings *metrics,
                       const gy_shape *out, const gy_shape *target) GY_CHECKED;
/**
 * Adds a batch to a tally [sums].
 * @param dy  takes scale times the loss's gradient; may be y; NULL: not wanted
 * @return the batch's sum of the loss
 */
double gy_task_add(const gy_task *t, const gy_kernel *k, int64_t batch, const float *y,
                   const float *target, float scale, float *dy, double *tally);
/** Adds rows [n, sums] of a tally up, in their order, into the first. */
void gy_task_fold(const gy_task *t, int n, double *rows);
/** Whether outputs tell classes apart, so that each row of them has a top one. */
bool gy_task_classifies(const gy_task *t);
double gy_task_loss(const double *tally);
double gy_task_metric(const gy_task *t, int i, const double *tally);
/** Whether larger is better of "loss" or a metric's name. */
bool gy_task_larger_is_better(const gy_task *t, const char *name);

#endif
