/**
 * A network in memory, for programs that hold their samples themselves, such as simulations.
 *
 *     gy_network_open(ctx, NULL, "runs/closure", NULL, &net);
 *     gy_network_apply(net, NULL, n, x, y);
 *
 * Whatever it does, it leaves the caller's process as it was: it prints nothing, ends nothing, starts no
 * thread but OpenMP's, where `threads` asks for them, leaves no open file, and keeps signal handlers, locale,
 * directory, OpenMP's and the BLAS's settings. Every call computes in the default floating-point mode and gives the
 * caller's back, traps included. Arithmetic is of float32 whatever the caller's numbers are.
 */
#ifndef GYRE_NETWORK_H
#define GYRE_NETWORK_H

#include <gyre/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_network gy_network;
typedef struct gy_workspace gy_workspace;

typedef struct gy_network_options {
    bool training;           /* it will be trained, too */
    int threads;             /* OpenMP threads of a call; 0: 1, the caller's own */
    int64_t most;            /* samples that are passed at once: gy_workspace_create() */
    const char *const *sets; /* [n_sets] "key.path=value" over its configuration */
    int n_sets;
} gy_network_options;

/**
 * Opens a checkpoint, a run (its newest checkpoint), or a configuration (then it starts from its seed; it
 * needs no data). Collective over `comm`, where rank 0 alone reads. No other HDF5 call of the process may
 * run meanwhile, nor during gy_network_save().
 *
 * @param comm     NULL: this process alone; MPI need not run. Outlives the network
 * @param path     the same on every rank, as the options are
 * @param options  NULL: to be applied, by one thread
 * @param out      close with gy_network_close()
 * @return the same on every rank: GY_OK; GY_E_CONFIG where the configuration needs what only a run has, such
 *         as a schedule with an end but no train.steps; GY_E_IO, GY_E_SHAPE, GY_E_USAGE, GY_E_NOMEM, GY_E_COMM
 */
GY_API gy_status gy_network_open(gy_context *ctx, gy_comm *comm, const char *path,
                                 const gy_network_options *options, gy_network **out) GY_CHECKED;

/**
 * Its workspaces must be gone. NULL is allowed. Collective where it was opened for training, else local; also
 * after the caller has ended MPI.
 */
GY_API void gy_network_close(gy_network *net);

enum { GY_NETWORK_AXES = 8 };

/**
 * The shape of one sample's input, output or target, channels last: at most GY_NETWORK_AXES lengths are written.
 * A target of no axes is one number, such as a class. Local.
 * @return the number of axes; 0 where there is no network
 */
GY_API int gy_network_input(const gy_network *net, int64_t shape[GY_NETWORK_AXES]);
GY_API int gy_network_output(const gy_network *net, int64_t shape[GY_NETWORK_AXES]);
GY_API int gy_network_target(const gy_network *net, int64_t shape[GY_NETWORK_AXES]);

/** Updates done, those of earlier runs included. Local. */
GY_API int64_t gy_network_steps(const gy_network *net);

/**
 * Makes what a thread needs to apply a network beside other threads: a place for activations, no copy of
 * its parameters. Local; not while others use the network.
 *
 * @param most  samples that are passed at once; a call takes any number, in turns. 0: as many as find room in a
 *              core's cache, of large networks more
 * @param out   free with gy_workspace_free(), before the network is closed
 * @return GY_OK; GY_E_USAGE where most < 0 or an argument is missing; GY_E_NOMEM
 */
GY_API gy_status gy_workspace_create(gy_network *net, int64_t most, gy_workspace **out) GY_CHECKED;
GY_API void gy_workspace_free(gy_workspace *w);

/**
 * Computes y of x, in the caller's units: normalisation is applied and undone as the checkpoint says. Local;
 * no MPI, no file, no allocation (with one thread), but in the first call after a step that found no memory. Any
 * number of threads at once, each with a workspace of its own, while none trains; none waits for another, but in
 * the first call after a step, which lays the weights out anew.
 *
 * Determinism: on instruction sets from v3 on what a sample gives depends on the sample alone, neither on n
 * nor on its neighbours.
 *
 * @param w  NULL: the network's own, for one call at a time
 * @param n  samples, ≥ 0
 * @param x  [n, input…]
 * @param y  out: [n, output…]; may not overlap x
 * @return GY_OK; GY_E_USAGE where n < 0 or an argument is missing; GY_E_DATA where x has a token that the
 *         network does not know; GY_E_USAGE where its normalisation is still to be learned; GY_E_NOMEM after a
 *         step that found no memory, as long as there is none for its weights
 */
GY_API gy_status gy_network_apply(gy_network *net, gy_workspace *w, int64_t n, const float *x,
                                  float *y) GY_CHECKED;

/**
 * Trains by one step on the samples of all ranks: loss Σ w l / Σ w, one update, by the configuration's
 * optimizer. Where Σ w = 0 nothing happens. Collective; n may differ from rank to rank and be 0, but with
 * comm.reproducible_grains the samples of a grain must be of one rank. Allocates where n is more than ever before.
 *
 * @param x       [n, input…]
 * @param y       [n, target…]: values, or numbers of classes
 * @param weight  [n] ≥ 0; NULL: 1 each
 * @param loss    out: before the update, the same on every rank; may be NULL
 * @return the same on every rank: GY_OK; GY_E_DIVERGED: not finite, nothing was updated; GY_E_USAGE where it was
 *         not opened for training, or n does not fit; GY_E_DATA where a class or a weight is out of range;
 *         GY_E_NOMEM; GY_E_COMM, after which alone the network is of no use any more
 */
GY_API gy_status gy_network_step(gy_network *net, int64_t n, const float *x, const float *y,
                                 const float *weight, double *loss) GY_CHECKED;

/**
 * The loss without the update, as an evaluation has it: without dropout. Also of a network that is only
 * applied. Collective; else as a step.
 */
GY_API gy_status gy_network_loss(gy_network *net, int64_t n, const float *x, const float *y,
                                 const float *weight, double *loss) GY_CHECKED;

/**
 * Adds samples of all ranks to the means and deviations by which data.normalize and data.normalize_targets
 * work; from the first step on they stand. Collective; n may differ and be 0.
 *
 * @param y  NULL where targets are not normalised
 * @return the same on every rank: GY_OK; GY_E_USAGE where they stand, it was not opened for training, or an
 *         argument is missing; GY_E_DATA where a value is not finite; GY_E_NOMEM; GY_E_COMM
 */
GY_API gy_status gy_network_learn(gy_network *net, int64_t n, const float *x,
                                  const float *y) GY_CHECKED;

/**
 * Writes a checkpoint into a run's directory, as gyre train does, which can go on from it, and waits until it
 * is there. A new network's first moves what an older run wrote there aside. Collective.
 *
 * @param run_dir  the same on every rank
 * @return the same on every rank: GY_OK; GY_E_USAGE where it was not opened for training, or ranks differ;
 *         GY_E_IO, GY_E_NOMEM: earlier checkpoints are whole
 */
GY_API gy_status gy_network_save(gy_network *net, const char *run_dir) GY_CHECKED;

/* Arrays as they lie */

typedef enum gy_real { GY_FLOAT, GY_DOUBLE } gy_real;

/**
 * Samples as they lie in the caller's arrays. The last axes are the sample's own, as gy_network_input() has
 * them; those before count samples, the last of them fastest. Where a sample is one number it needs no axis
 * of its own.
 *
 * Fields x(cells, variables) of Fortran, [variable][cell] in C: axes 2, extent {cells, variables},
 * stride {1, cells}.
 */
typedef struct gy_view {
    gy_real type;
    void *data; /* of the first element; what is an input is read only */
    int axes;
    int64_t extent[GY_NETWORK_AXES],
        stride[GY_NETWORK_AXES]; /* strides in elements; they may be negative */
} gy_view;

/**
 * The same calls on views. n is the product of the axes that count samples, which must be the same in all; a view
 * of none may have no data.
 * @return GY_E_SHAPE naming the view and what it should be, where one does not fit; GY_E_USAGE where one is
 *         missing
 */
GY_API gy_status gy_network_apply_view(gy_network *net, gy_workspace *w, const gy_view *x,
                                       const gy_view *y) GY_CHECKED;
GY_API gy_status gy_network_step_view(gy_network *net, const gy_view *x, const gy_view *y,
                                      const gy_view *weight, double *loss) GY_CHECKED;
GY_API gy_status gy_network_loss_view(gy_network *net, const gy_view *x, const gy_view *y,
                                      const gy_view *weight, double *loss) GY_CHECKED;
GY_API gy_status gy_network_learn_view(gy_network *net, const gy_view *x,
                                       const gy_view *y) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
