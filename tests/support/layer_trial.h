/**
 * One sample of a kind of layer at work, for conformance tests.
 *
 * A model is made of a *probe*, a layer whose parameter is its output, and the sample: so the
 * gradient of the sample's input is that of a parameter. The loss is a fixed random linear function
 * of the output, plus the layers' own penalties.
 */
#ifndef GY_TEST_LAYER_TRIAL_H
#define GY_TEST_LAYER_TRIAL_H

#include "kernel/elementwise.h"
#include "model/model_impl.h"

enum { GY_TRIAL_FIRST = 5 }; /* number of the first sample */

/** The probe: y [B, …] is its parameter's part for these samples. */
typedef struct gy_probe {
    gy_shape shape;
    int64_t batch;
} gy_probe;

typedef struct gy_trial {
    gy_context *ctx;
    gy_pool pool;
    gy_kernel *kernel;
    gy_model *m;
    const gy_layer_sample *sample;
    gy_precision precision; /* of products */
    gy_layer_spec specs[2];
    gy_probe probe;
    int64_t batch, inputs, outputs; /* of one sample */
    float *x, *c;                   /* the model's input; the loss's coefficients */
    bool random;                    /* draws while training */
    bool mixes;                     /* samples of a batch depend on each other */
} gy_trial;

/** Makes kernel, model and inputs of a sample, with products in a precision. */
gy_status gy_trial_begin(gy_trial *t, const gy_layer_sample *sample,
                         gy_precision precision) GY_CHECKED;
void gy_trial_end(gy_trial *t);

/** A model of the sample, ready to train; parameters are drawn anew, always the same. */
gy_status gy_trial_model(gy_trial *t, bool recompute, gy_model **out) GY_CHECKED;

gy_model_run gy_trial_run(const gy_trial *t);

/** Fills the arena with NaN, but for packed weights: whatever lay there must not matter. */
void gy_trial_spoil(gy_model *m);

float *gy_trial_forward(gy_trial *t, gy_model_run *run);

/** The loss as a function of the parameters; user is the trial. */
double gy_trial_loss(void *user);

/** Fills the gradients. */
void gy_trial_backward(gy_trial *t, gy_model_run *run);

#endif
