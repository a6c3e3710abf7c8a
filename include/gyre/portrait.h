/**
 * The portrait of a run: what its network looks like and what it does, in plain numbers: for those who draw
 * it (gy_portraits_write) or look for themselves.
 */
#ifndef GYRE_PORTRAIT_H
#define GYRE_PORTRAIT_H

#include <gyre/model.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GY_PORTRAIT_BINS = 32 };

/** A parameter as one checkpoint has it. */
typedef struct gy_portrait_tensor {
    double mean, deviation, least, largest;
    double
        moved; /* from the earliest checkpoint: norm of the difference over norm there; NAN: of 0 */
    int64_t histogram
        [GY_PORTRAIT_BINS]; /* equal steps over the newest's range; the outer ones hold what
                                            lies beyond */
} gy_portrait_tensor;

typedef struct gy_portrait_checkpoint {
    const char *name; /* "step-000000100" */
    int64_t step;
    const gy_portrait_tensor *tensors; /* [anatomy->n_params] */
} gy_portrait_checkpoint;

/** Pictures of one size, channels last; channels 1 or 3. */
typedef struct gy_portrait_pictures {
    const char *of; /* "conv1/weight"; NULL: there are none */
    int n, height, width, channels;
    const float *v; /* [n, height, width, channels] */
} gy_portrait_pictures;

/** A sample that was answered badly. */
typedef struct gy_portrait_example {
    int64_t sample;      /* its number in the source */
    double loss;         /* of one of the things that it counts by */
    int64_t truth, said; /* one class a sample; else −1 */
    double sure;         /* probability of what was said */
} gy_portrait_example;

typedef struct gy_portrait_class {
    const char *name;
    double precision, recall, f1, met; /* met: weight of its targets */
    const double *said; /* [n_classes] where it was met; NULL: losses of yes and no */
} gy_portrait_class;

/** A value that was aimed at, and what was said. */
typedef struct gy_portrait_pair {
    int target; /* which of a sample's; 0 where there are many */
    float truth, said;
} gy_portrait_pair;

typedef struct gy_portrait_value {
    const char *name;
    double value;
} gy_portrait_value;

typedef struct gy_portrait {
    const char *config, *config_short; /* YAML: all of it; without what is as by default */

    const gy_anatomy *anatomy;   /* NULL: could not be made */
    const char *anatomy_missing; /* then: why */
    int n_checkpoints;           /* in the order of steps */
    const gy_portrait_checkpoint *checkpoints;
    gy_portrait_pictures filters; /* of the first layer that has any */

    const char *data;         /* that the rest was found on; NULL: it could not be */
    const char *data_missing; /* then: why */
    int64_t samples, of_samples;
    int n_values;
    const gy_portrait_value *values; /* loss and metrics */
    int64_t n_classes;               /* 0: none, or too many to be told apart */
    const gy_portrait_class *classes;
    int n_worst; /* the worst first */
    const gy_portrait_example *worst;
    gy_portrait_pictures worst_pictures; /* [n_worst] where samples are pictures */
    int targets;                         /* told apart in pairs */
    int n_pairs;
    const gy_portrait_pair *pairs;
} gy_portrait;

typedef struct gy_portrait_options {
    const char *data; /* a source; NULL: the configuration's test, else validation data */
    int64_t samples;  /* the network answers so many of it at most, the first; 0: all */
} gy_portrait_options;

/**
 * Makes the portrait of a run. What cannot be found out is left out, and why is said in it. Collective.
 *
 * @param path  a run's directory
 * @param out   on rank 0; NULL elsewhere; free with gy_portrait_free()
 * @return GY_OK; GY_E_USAGE where there is no run; GY_E_COMM, GY_E_NOMEM
 */
GY_API gy_status gy_portrait_create(gy_context *ctx, gy_comm *comm, const char *path,
                                    const gy_portrait_options *options,
                                    gy_portrait **out) GY_CHECKED;
GY_API void gy_portrait_free(gy_portrait *portrait);

#ifdef __cplusplus
}
#endif
#endif
