/** The anatomy of a model: what its parameters are, where they lie, and what they take. */
#ifndef GYRE_MODEL_H
#define GYRE_MODEL_H

#include <gyre/comm.h>
#include <gyre/config.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GY_HISTOGRAM = 16 };

/** One running layer. */
typedef struct gy_anatomy_layer {
    const char *name, *kind;
    const char *method;      /* how it is computed, where there is a choice; else NULL */
    const char *output;      /* shape of one sample, "[10]" */
    int64_t weights, biases; /* elements that it owns; gamma counts as weight, beta as bias */
    int64_t frozen;          /* of these, not trained */
    double flops;            /* forward, one sample */
} gy_anatomy_layer;

/** One parameter; the statistics where values were read. */
typedef struct gy_anatomy_param {
    const char *name, *role, *shape;
    const char *form; /* "float32", or what its numbers are kept as: "int8", "sparse", … */
    bool trainable;
    int64_t count;
    double min, max, mean, deviation, norm;
    double zeros;                    /* share of elements that are 0 */
    int64_t histogram[GY_HISTOGRAM]; /* equal steps from min to max */
} gy_anatomy_param;

/** What the parameters would take if all weights were in one form, where that is smaller than floats. */
typedef struct gy_anatomy_size {
    const char *form;
    int64_t bytes;
} gy_anatomy_size;

typedef struct gy_anatomy {
    const char *name;      /* of the run */
    const char *input;     /* shape of one sample */
    const char *precision; /* of the operands of products */
    const char
        *winograd; /* of those inside Winograd's algorithm; NULL: no layer is computed by it */
    const char *
        products_by; /* what makes those in bfloat16 here, see gy_model_bfloat16_by(), or else all */
    int n_layers, n_params;
    const gy_anatomy_layer *layers;
    const gy_anatomy_param *params;
    const char *formula; /* how dense layers count; NULL where there are others with parameters */
    int64_t weights, biases, total, trainable, frozen, buffers; /* elements */
    double flops;                                               /* forward, one sample */
    int64_t batch; /* samples that a rank passes at once, what `activation_bytes` is for */
    int64_t parameter_bytes, gradient_bytes, optimizer_bytes, activation_bytes; /* a rank; not those
                                                        activations that lie in gradients' place */
    int64_t packed_bytes;     /* weights as evaluation reads them, where training has activations */
    int64_t checkpoint_bytes; /* a rank's part of the copy that is written while training goes on */
    bool values;              /* the statistics are filled, and the sizes */
    int n_sizes;
    const gy_anatomy_size *sizes; /* as floats, then in each form */
    int64_t step;                 /* of a checkpoint; −1: a configuration */
} gy_anatomy;

/**
 * Takes a configuration (a file) or a checkpoint (a directory; of a run its newest) apart.
 * Collective over `comm`.
 *
 * @param sets  [n] "key.path=value"
 * @param out   free with gy_anatomy_free()
 */
GY_API gy_status gy_anatomy_create(gy_context *ctx, gy_comm *comm, const char *path,
                                   const char *const *sets, int n, gy_anatomy **out) GY_CHECKED;
GY_API void gy_anatomy_free(gy_context *ctx, gy_anatomy *anatomy);

/** The same as a JSON object, given once to `line`. Local. */
GY_API gy_status gy_anatomy_json(gy_context *ctx, const gy_anatomy *anatomy, bool histogram,
                                 void (*line)(void *user, const char *json), void *user) GY_CHECKED;

/** What makes products in bfloat16 here: "instructions for float32", or "AVX512-BF16", "AMX-BF16". Local. */
GY_API const char *gy_model_bfloat16_by(const gy_context *ctx);

/** Name and version of the BLAS library. Local. */
GY_API const char *gy_model_library(void);

#ifdef __cplusplus
}
#endif
#endif
