/** Losses and metrics: kinds of both, over the outputs of a batch. */
#ifndef GY_LOSS_LOSS_H
#define GY_LOSS_LOSS_H

#include "base/registry.h"
#include "base/setting.h"
#include "base/shape.h"
#include "kernel/kernel.h"

typedef struct gy_loss_kind gy_loss_kind;

/**
 * What a loss or a metric is given: the outputs of B samples and their targets. A loss sees the outputs
 * as the model has them, a metric of values one output a target (gy_loss_answer_shape).
 */
typedef struct gy_loss_batch {
    const gy_loss_kind *loss; /* the loss itself; metrics of both classes and signs look at it */
    const gy_kernel *kernel;
    int64_t batch;        /* B */
    const gy_shape *out;  /* of one sample */
    int64_t outputs;      /* its elements */
    const float *y;       /* [B, out…] */
    const float *target;  /* [B, …] as loss->target has them */
    const float *weight;  /* ≥ 0, of each thing that a sample counts by (gy_loss_shape); NULL: 1.
                             What stands at a weight of 0 is not looked at */
    const float *samples; /* [B] weights of whole samples; NULL: 1. For metrics of whole samples */
} gy_loss_batch;

/** What output j of the last axis says, where a loss has several outputs for a target. */
typedef struct gy_aspect {
    int64_t target;    /* of the targets' last axis */
    bool log_variance; /* of the target; else a value of it */
    bool answers;      /* it is what metrics compare with the target */
} gy_aspect;

/** Weights by class, as configured. */
typedef struct gy_class_settings {
    gy_floats weights; /* one a class, none, or the word balanced */
    gy_int_or_word ignore;
} gy_class_settings;

/** What targets are; flags, since a metric may be for several. */
typedef enum gy_target {
    GY_TARGET_CLASS =
        1, /* classes 0 … last axis − 1, one a position: [N, …] for outputs [N, …, K] */
    GY_TARGET_SIGN = 2, /* from no to yes, 0 to 1, for each output: a logit above 0 says yes */
    GY_TARGET_VALUE = 4 /* a number for each output */
} gy_target;

/** "classes", "numbers from 0 to 1", "values". */
const char *gy_target_text(gy_target target);

/** The first of n targets that is none for `classes` classes (unused where they are not classes); −1. */
int64_t gy_target_find_wrong(gy_target target, int64_t classes, const float *v, int64_t n);

struct gy_loss_kind {
    gy_kind kind;
    gy_target target; /* what it takes; where it is GY_TARGET_CLASS, predict adds the top class */
    bool whole;       /* a sample has one loss, whatever its targets: weights are of samples */

    /** Outputs for each target of the last axis, and what each of them is. NULL: one, its value. */
    int64_t (*width)(const void *settings);
    gy_aspect (*aspect)(const void *settings, int64_t targets, int64_t j);

    /** Its weights by class; NULL: it takes none. */
    const gy_class_settings *(*classes)(const void *settings);

    /** GY_E_CONFIG where settings do not fit each other; NULL: they always do. */
    gy_status (*check)(const void *settings);

    /**
     * Sum (not mean) of the loss over the batch, by weights; dy = scale times its gradient, may be
     * b->y, or NULL.
     */
    double (*run)(const void *settings, const gy_loss_batch *b, float scale, float *dy);

    /**
     * The same of outputs beside those of a teacher, b->target [B, out…], at a temperature. NULL: what the
     * teacher answers is as good as targets, and run() is what is wanted.
     */
    double (*imitate)(const gy_loss_batch *b, double temperature, float scale, float *dy);
};

extern const gy_registry gy_loss_registry;

/**
 * Checks the outputs' shape against the targets' and says by how many things one sample counts: 1 for a
 * class a sample, T for a class a position, the elements for a value each, 1 for a loss of whole
 * samples. Axes of length 1 may be left out. Local.
 *
 * @return GY_OK; GY_E_SHAPE naming both shapes
 */
gy_status gy_loss_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                        const gy_shape *target, int64_t *count) GY_CHECKED;

/** Outputs of a loss for each target of the last axis, and what output j of it is. Local. */
int64_t gy_loss_width(const gy_loss_kind *loss, const void *settings);
gy_aspect gy_loss_aspect(const gy_loss_kind *loss, const void *settings, int64_t targets,
                         int64_t j);

/** The outputs' shape with one output a target. GY_E_SHAPE where they are not so many. Local. */
gy_status gy_loss_answer_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                               gy_shape *answers) GY_CHECKED;
/** The shape of one sample's targets that suit its outputs. Likewise. */
gy_status gy_loss_target_shape(const gy_loss_kind *loss, const void *settings, const gy_shape *out,
                               gy_shape *target) GY_CHECKED;

/** Index of the largest of n outputs, the first of equals; −1 where one of them is NaN. Local. */
int64_t gy_loss_top(int64_t n, const float *x);

static inline const gy_loss_kind *gy_loss_kind_of(const gy_kind *kind)
{
    return (const gy_loss_kind *)kind;
}

/** The most sums of a metric: GY_METRIC_SUMS, or that many a class (or output) up to so many. */
enum { GY_METRIC_SUMS = 4, GY_METRIC_CLASSES = 1024 };

/**
 * A metric is a function of a few sums over all samples (for f1 and r2 a few for each index of the
 * last axis), so that ranks add theirs and get the same value.
 */
typedef struct gy_metric_kind {
    gy_kind kind;
    bool larger_is_better;
    double best;      /* of answers that are all right */
    unsigned targets; /* gy_target flags: what it is for, see gy_metric_check */

    /** Doubles it needs: a function of the outputs' last axis. NULL: one. */
    int (*sums)(int64_t classes);
    bool whole; /* of whole samples: weights are of samples */

    /** Adds a batch to sums (which begin at 0), each thing times its weight. */
    void (*add)(const gy_loss_batch *b, double *sums);

    /** @param count  Σ weights of what was counted. NULL: the mean, sums[0] / count */
    double (*value)(const double *sums, int64_t classes, double count);
} gy_metric_kind;

extern const gy_registry gy_metric_registry;

/** How many sums a metric needs, and what they say. Local. */
int gy_metric_sums(const gy_metric_kind *metric, int64_t classes);
double gy_metric_value(const gy_metric_kind *metric, const double *sums, int64_t classes,
                       double count);

/** GY_E_CONFIG where a metric is not for a loss's targets, or not for so many classes. Local. */
gy_status gy_metric_check(const gy_metric_kind *metric, const gy_loss_kind *loss,
                          int64_t classes) GY_CHECKED;

static inline const gy_metric_kind *gy_metric_kind_of(const gy_kind *kind)
{
    return (const gy_metric_kind *)kind;
}

#endif
