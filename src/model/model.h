/**
 * The model: layers built from their specs, the table of parameters, the memory plan, and the
 * passes. All functions are local but for what gy_pass.sum does inside a pass (synchronised batch
 * statistics), which makes the passes of such a model collective.
 */
#ifndef GY_MODEL_MODEL_H
#define GY_MODEL_MODEL_H

#include "base/param.h"
#include "layer/layer.h"

typedef struct gy_model gy_model;

/** Adapters beside weights, which stay as they are, as everything else does. */
typedef struct gy_model_adapt {
    int64_t rank;      /* as large as the weight allows, at most */
    double alpha;      /* over the rank: how much they count */
    gy_strings layers; /* kinds of layers, or patterns of their paths */
} gy_model_adapt;

typedef struct gy_model_spec {
    gy_shape input;        /* of one sample */
    gy_layer_specs layers; /* not empty; must outlive the model */
    const char *where;     /* place of `layers` in the configuration */
    bool recompute_blocks;
    int rollout;    /* > 1: applied so many times, to its own output */
    int threads;    /* that the kernels will use */
    int64_t window; /* > 0: for evaluation of sequences in pieces, `input` being a piece, of so many
                       positions at most */
    const struct gy_formeds *forms; /* parameters that are not floats: for evaluation; NULL: none */
    const gy_model_adapt *adapt;    /* only these are trained; NULL: none, and all is */
    bool
        quantize; /* weights, and inputs of products, are seen as int8 has them; gradients are not */
    bool
        loss_by_rows; /* the loss, and what else is measured, looks at each row of outputs by itself */
} gy_model_spec;

/** GY_OK; GY_E_SHAPE or GY_E_CONFIG naming the layer; GY_E_NOMEM. Allocates no activations. */
gy_status gy_model_create(gy_context *ctx, const gy_model_spec *spec, gy_model **out) GY_CHECKED;
void gy_model_free(gy_model *m);

const gy_shape *gy_model_input(const gy_model *m);
const gy_shape *gy_model_output(const gy_model *m);
bool gy_model_takes_tokens(const gy_model *m);  /* the first layer is an embedding */
int64_t gy_model_vocabulary(const gy_model *m); /* of that embedding; 0 without */

/** The table of parameters; owned by the model. */
const gy_params *gy_model_params(const gy_model *m);

/** The adapters of a weight; false: it has none. */
bool gy_model_adapters(const gy_model *m, const gy_param *p, const gy_param **down,
                       const gy_param **up);

/** By what the product of two adapters is multiplied. */
float gy_model_adapt_scale(const gy_model_adapt *adapt);

/** Buffers likewise (all `trainable` false). */
const gy_params *gy_model_buffers(const gy_model *m);

/** The vectors [params->floats], [params->trainable], [buffers->floats]; made by gy_model_allocate. */
float *gy_model_values(gy_model *m);
float *gy_model_gradients(gy_model *m);
float *gy_model_buffer_values(gy_model *m);

/** Allocates the vectors that were not lent; gradients only where training, unless a plan for steps
 * has their place. */
gy_status gy_model_allocate(gy_model *m, bool training) GY_CHECKED;

/**
 * Before that: vectors of the caller, who keeps them longer than the model. NULL: the model's own.
 * Gradients that are lent stay where they are: no plan for steps then.
 *
 * @param w   [params->floats] zero
 * @param dw  [params->trainable] zero
 */
void gy_model_lend(gy_model *m, float *w, float *dw);

/**
 * Instead: uses the vectors of another model of the same layers, such as one for pieces of another
 * length, for evaluation; and its packed weights, see gy_model_pack(). The lender must outlive this model.
 */
void gy_model_borrow(gy_model *m, gy_model *lender);

/** Floats that a model for pieces keeps of `batch` sequences from piece to piece: gy_model_run.carry. */
int64_t gy_model_carry(const gy_model *m, int64_t batch);

/** Whether a layer takes no positions beyond the window, such as attention. */
bool gy_model_is_bounded(const gy_model *m);

/** Starts all parameters and buffers from the seed. The same on every rank. */
gy_status gy_model_start(gy_model *m, uint64_t seed) GY_CHECKED;

/** What a memory plan takes, in bytes. */
typedef struct gy_model_memory {
    int64_t parameters, gradients, buffers;
    int64_t activations; /* the arena but for what else is in it: values, kept tensors, scratch */
    int64_t packed;      /* weights as evaluation reads them, in the arena too */
} gy_model_memory;

/** What passes are for. In all but the first outputs may be judged by blocks of rows (gy_model_run.judge). */
typedef enum gy_model_use {
    GY_USE_EVALUATION, /* the outputs are wanted, whole */
    GY_USE_MEASURING,  /* loss and metrics alone */
    GY_USE_TRAINING,   /* gradients are added up over passes, in a vector of their own */
    GY_USE_STEPS, /* each pass makes gradients anew: they take the place of activations that the
                        backward pass is done with, and hold until the next forward pass */
    GY_USES
} gy_model_use;

static inline bool gy_use_trains(gy_model_use use)
{
    return use == GY_USE_TRAINING || use == GY_USE_STEPS;
}

/**
 * The arena for passes of up to `batch` samples; a bigger or other one replaces it. For steps the
 * gradients are in it, which moves them where it has to grow.
 */
gy_status gy_model_plan(gy_model *m, int64_t batch, gy_model_use use) GY_CHECKED;

/**
 * Packs the weights anew for evaluation, which may move the arena's contents. The first pass of an evaluation
 * does so by itself after gy_model_plan(); it is left to the caller where weights have changed between passes
 * of an evaluation, and for a lender, before those who borrow pass.
 */
gy_status gy_model_pack(gy_model *m, const gy_kernel *k) GY_CHECKED;

/** What a plan would take, without making it. */
gy_status gy_model_measure(gy_model *m, int64_t batch, gy_model_use use,
                           gy_model_memory *out) GY_CHECKED;

/** What a run of passes shares; filled by the caller. */
typedef struct gy_model_run {
    const gy_kernel *kernel;
    uint64_t seed;
    int64_t step;
    int64_t first;  /* number of the first sample within the global batch */
    double scale;   /* see gy_pass */
    bool first_use; /* backward: gradients are overwritten (first micro-batch of a step) */
    gy_status (*sum)(void *user, double *values, int n);
    /** Told during the last micro-batch that all gradients in [from, trainable) are complete. */
    gy_status (*complete)(void *user, int64_t from);
    /** Told before parameters in [0, to) of the trainable ones are read; NULL: they are there. */
    gy_status (*need)(void *user, int64_t to);
    void *user; /* of sum, complete and need */
    /**
     * Told the outputs, in the forward pass: rows [row, row + rows) of [batch, output…], each a last axis.
     * Where training it writes their gradient to dy, in their place; else dy is NULL. NULL in passes
     * that make outputs whole: gradients come with gy_model_backward() then.
     */
    void (*judge)(void *judge_user, int64_t row, int64_t rows, float *y, float *dy);
    void *judge_user;
    float *carry;     /* pieces: [gy_model_carry()], zero before a sequence's first; replaced */
    int64_t position; /* pieces: of the piece's first in its sequence */
    double penalty;   /* out: losses of layers' own, summed; set by forward */
    double *layer_seconds; /* [2 layers] forward and backward times added up; NULL: not measured */
} gy_model_run;

/**
 * Runs all layers on `batch` ≤ planned samples.
 *
 * @param x  [batch, input…]; must stay until the backward pass is done
 * @param y  out: [batch, output…] in the arena, until the next pass; NULL where they were judged by blocks
 */
gy_status gy_model_forward(gy_model *m, gy_model_run *run, int64_t batch, const float *x,
                           float **y) GY_CHECKED;

/**
 * Fills the gradients.
 * @param dy  [batch, output…]; may be the y given by forward, overwritten; NULL: run->judge wrote it
 */
gy_status gy_model_backward(gy_model *m, gy_model_run *run, int64_t batch, const float *x,
                            float *dy) GY_CHECKED;

/* Anatomy */

/** One running layer, for tables. */
typedef struct gy_layer_row {
    const char *name, *kind;
    const char *where; /* place in the configuration */
    gy_shape out;
    int64_t weights, biases; /* elements it owns; norms' gamma count as weights, beta as biases */
    int64_t frozen;          /* of these, not trained */
    double flops;            /* forward, one sample */
    const char *method;      /* how it is computed, where there is a choice; NULL: there is none */
    gy_layer_statistics statistics;
} gy_layer_row;

int gy_model_layers(const gy_model *m);
gy_layer_row gy_model_layer(const gy_model *m, int i);

/** A running layer as it stands in the model, for those who say the model in other words. */
typedef struct gy_model_unit {
    const gy_layer *layer;
    const int *x;       /* [layer->inputs] values that it reads; 0 is the model's input */
    int y;              /* the value that it makes: at most gy_model_layers() */
    const int *params;  /* [layer->n_params] in gy_model_params() */
    const int *buffers; /* [layer->n_buffers] in gy_model_buffers() */
} gy_model_unit;

/** The i-th of gy_model_layers(), in the order of the forward pass; the last one makes the output. */
gy_model_unit gy_model_unit_at(const gy_model *m, int i);

#endif
