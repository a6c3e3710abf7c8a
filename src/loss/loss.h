/** Losses and metrics: kinds of both, over the outputs of a batch. */
#ifndef GY_LOSS_LOSS_H
#define GY_LOSS_LOSS_H

#include "base/registry.h"
#include "base/setting.h"
#include "base/shape.h"
#include "kernel/kernel.h"

typedef struct gy_loss_kind gy_loss_kind;

/** What a loss is given: the outputs of B samples and their targets. */
typedef struct gy_loss_batch {
    const gy_loss_kind *loss; /* the loss itself; metrics of both classes and signs look at it */
    const gy_kernel *kernel;
    int64_t batch;       /* B */
    const gy_shape *out; /* of one sample */
    int64_t outputs;     /* its elements */
    const float *y;      /* [B, out…] */
    const float *target; /* [B, …]: classes as whole numbers, or values */
} gy_loss_batch;

/** What targets are; flags, since a metric may be for several. */
typedef enum gy_target {
    GY_TARGET_CLASS =
        1, /* classes 0 … last axis − 1, one a position: [N, …] for outputs [N, …, K] */
    GY_TARGET_SIGN = 2, /* no or yes, 0 or 1, for each output: a logit above 0 says yes */
    GY_TARGET_VALUE = 4 /* a number for each output */
} gy_target;

struct gy_loss_kind {
    gy_kind kind;
    gy_target target;
    bool classifies; /* target is GY_TARGET_CLASS; predict adds the top class */

    /**
     * Checks the outputs' shape against the targets' and says by how much one sample counts: 1 for
     * a class a sample, T for a class a position, the elements for values.
     * GY_E_SHAPE naming both shapes.
     */
    gy_status (*shape)(const void *settings, const gy_shape *out, const gy_shape *target,
                       int64_t *count);

    /** Sum (not mean) of the loss over the batch; dy = scale times its gradient, may be b->y, or NULL. */
    double (*run)(const void *settings, const gy_loss_batch *b, float scale, float *dy);
};

extern const gy_registry gy_loss_registry;

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
    unsigned targets; /* gy_target flags: what it is for, see gy_metric_check */

    /** Doubles it needs: a function of the outputs' last axis; 0 is allowed. */
    int (*sums)(int64_t classes);

    /** Adds a batch to sums (which begin at 0); NULL where there are none. */
    void (*add)(const gy_loss_batch *b, double *sums);

    /**
     * @param loss_sum, count  of the loss over the same samples (perplexity is a function of these)
     */
    double (*value)(const double *sums, int64_t classes, double loss_sum, double count);
} gy_metric_kind;

extern const gy_registry gy_metric_registry;

/** GY_E_CONFIG where a metric is not for a loss's targets, or not for so many classes. Local. */
gy_status gy_metric_check(const gy_metric_kind *metric, const gy_loss_kind *loss,
                          int64_t classes) GY_CHECKED;

static inline const gy_metric_kind *gy_metric_kind_of(const gy_kind *kind)
{
    return (const gy_metric_kind *)kind;
}

#endif
