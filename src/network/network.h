/**
 * A network: a model with its kernel, its loss and metrics, and what its passes need: "this model, on
 * these arrays". Knows no file, no loop, no checkpoint. All functions are local, but for passes of
 * models that synchronise their batch statistics (gy_model_run.sum).
 *
 *     open → (aim) → cut → allocate, lend, start, plan: gy_model_… → passes
 */
#ifndef GY_NETWORK_NETWORK_H
#define GY_NETWORK_NETWORK_H

#include "base/setting.h"
#include "model/model.h"
#include "task.h"

typedef struct gy_net_spec {
    gy_shape input;        /* of one sample */
    gy_layer_specs layers; /* must outlive the network, as all that is pointed to */
    const char *where;     /* place of `layers` in the configuration */
    gy_precision winograd; /* of products inside Winograd's algorithm */
    bool recompute_blocks;
    int rollout;     /* > 1: the model is applied so many times, to its own output */
    int threads;     /* of the kernels; 0: see threads.c */
    int omp_threads; /* what OMP_NUM_THREADS says; 0: nothing */
    int ranks;       /* on this host, that share its cores where nobody bound them */
    int grains;      /* that a batch is cut into, to be passed one by one; 0: none */
    gy_choice loss;
    gy_strings metrics;
    const struct gy_formeds *forms; /* see gy_model_spec */
    const gy_model_adapt *adapt;    /* likewise */
    bool quantize;
    gy_precision precision; /* of the operands of products */
} gy_net_spec;

/** X(reason, in a word): what the number of a rank's threads comes from. */
#define GY_THREADS_BY_LIST(X)                                                                      \
    X(SETTING, "threads")                                                                          \
    X(GRAINS, "grains")                                                                            \
    X(OMP, "OMP_NUM_THREADS")                                                                      \
    X(CORES, "cores")                                                                              \
    X(WORK, "small steps")
#define GY_THREADS_BY_ENUM(reason, text) GY_THREADS_BY_##reason,
typedef enum gy_threads_by {
    GY_THREADS_BY_LIST(GY_THREADS_BY_ENUM) GY_THREADS_REASONS
} gy_threads_by;
#undef GY_THREADS_BY_ENUM
extern const char *const gy_threads_by_names[GY_THREADS_REASONS];

typedef struct gy_net {
    gy_context *ctx;
    gy_net_spec spec;
    gy_kernel *kernel;
    gy_threads_by threads_by;
    gy_model *model;
    gy_task task;
    int grains;      /* of a batch; 0: none */
    int rows;        /* of a tally: one, or one a grain */
    int64_t micro;   /* samples that are passed at once at most */
    int micros;      /* pieces of a rank's part or of a grain, the same on every rank */
    int64_t planned; /* > 0: what it has room for, and larger batches may come to be; 0: micro */
    float *x, *y;    /* [micro, …] where the samples of a grain are passed */
    float *room;     /* of the task, for a piece */
} gy_net;

/** Makes kernel and model. GY_OK; GY_E_SHAPE or GY_E_CONFIG naming the layer; as gy_kernel_create(). */
gy_status gy_net_open(gy_context *ctx, const gy_net_spec *spec, gy_net *out) GY_CHECKED;
/** A network of zeros, or half open, may be closed too. */
void gy_net_close(gy_net *n);

/**
 * Makes the task: loss and metrics of such targets.
 * @param target  shape of one sample's; NULL: there are none, outputs alone are wanted
 */
gy_status gy_net_aim(gy_net *n, const gy_shape *target) GY_CHECKED;

/**
 * How much is passed at once of batches of up to `most` samples that are cut among `ranks`; where that is
 * too little work for a team of threads, and nobody set their number, the kernel goes on with one.
 * @param micro  so many samples at most; 0: all of a part
 */
void gy_net_cut(gy_net *n, int64_t most, int ranks, int64_t micro);

/** Allocates what pieces need, once it is aimed and cut; anew where it is cut anew. */
gy_status gy_net_make_pieces(gy_net *n) GY_CHECKED;

/**
 * What training plans its memory for, once it is cut: a pass may be all of a step, or of a grain.
 * @param lent  the gradients lie elsewhere: gy_model_lend()
 */
gy_model_use gy_net_use(const gy_net *n, bool lent);

/** A rank's part of a global batch. */
typedef struct gy_samples {
    int64_t n;      /* may be 0 */
    int64_t first;  /* number of its first sample within the global batch */
    int64_t global; /* samples of that */
    const float *x; /* [n, input…] */
    const float *y; /* [n, target…]; NULL: none */
    const float *w; /* [n, weights…]; NULL: none */
} gy_samples;

/** Samples of a part that are passed at once; begin with zeros. */
typedef struct gy_piece {
    int64_t first, n; /* within the part */
    const float *x, *y, *w;
    int grain, turn;   /* which grain (0: none), which piece of it */
    bool begins, ends; /* its grain */
} gy_piece;

/** The next piece of a part; false at its end. */
bool gy_piece_next(const gy_net *n, const gy_samples *part, gy_piece *p);

/** Samples that are passed at once and measured; the tally must not be shared by two threads. */
typedef struct gy_lesson {
    int64_t n;              /* samples */
    const float *x, *y, *w; /* [n, …] as gy_samples has them */
    const float *teacher;   /* [n, output…] what a teacher says of them; NULL: nothing */
    double scale;           /* that the loss's gradient is multiplied by, in training */
    double *tally;          /* [task.sums] that is added to */
    double loss;            /* out: Σ of the loss, by weights */
} gy_lesson;

/**
 * The forward pass, and what is measured of its outputs, which are not kept; in a plan for training also their
 * gradient. Not for GY_USE_EVALUATION.
 */
gy_status gy_net_forward(gy_net *n, gy_model_run *run, gy_lesson *lesson) GY_CHECKED;

/** The backward pass after it: fills the gradients. */
gy_status gy_net_backward(gy_net *n, gy_model_run *run, const gy_lesson *lesson) GY_CHECKED;

struct gy_anatomy;

/**
 * Takes the network apart, once it is cut: layers, parameters, the formula by which dense ones count, the
 * memory of the model in passes for `use`. Free with gy_anatomy_free().
 */
gy_status gy_net_take_apart(gy_net *n, const char *name, gy_model_use use,
                            struct gy_anatomy **out) GY_CHECKED;

#endif
