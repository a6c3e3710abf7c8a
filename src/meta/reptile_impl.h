/** Steps on one task. Inside meta only; local. */
#ifndef GY_META_REPTILE_IMPL_H
#define GY_META_REPTILE_IMPL_H

#include "reptile.h"

struct gy_reptile {
    gy_context *ctx;
    gy_feed *feed;
    gy_net *network;
    gy_model_use use; /* that steps are planned for */
    const gy_meta_settings *settings;
    double rate;     /* of inner steps */
    gy_optim *optim; /* of all trainable parameters */
    float *start;    /* [trainable] values where a task began */
    float *buffers;  /* likewise */
    double *spare;   /* [task.sums] for what nobody looks at */
};

/** A task begins: the start is kept, the optimizer knows nothing. */
void gy_reptile_begin(gy_reptile *r);
/** It ends: the values are those of the start. */
void gy_reptile_put_back(gy_reptile *r);

/** A pass of a task's own, from that of a step. */
gy_model_run gy_reptile_pass(const gy_model_run *of);
/** Samples [from, from + n) of some. */
gy_samples gy_reptile_cut(const gy_reptile *r, const gy_samples *of, int64_t from, int64_t n);
/** One step on some samples; their losses are added. */
gy_status gy_reptile_step(gy_reptile *r, const gy_samples *samples, gy_model_run *pass,
                          double *tally, double *loss) GY_CHECKED;

#endif
