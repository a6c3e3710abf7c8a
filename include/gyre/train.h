/** Training, and what is done with what was trained. */
#ifndef GYRE_TRAIN_H
#define GYRE_TRAIN_H

#include <gyre/comm.h>
#include <gyre/config.h>
#include <gyre/event.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a rank may be asked for between two steps; several may be or-ed. */
enum { GY_REQUEST_CHECKPOINT = 1, GY_REQUEST_STOP = 2 };

typedef struct gy_train_options {
    const char *resume; /* "auto", "none", or a checkpoint's or run's directory; NULL: "auto" */
    const char *init; /* start values: a checkpoint, or a file that gy_import() takes; NULL: none */
    bool init_partial;         /* names may be missing in it, or too many */
    const char *const *inject; /* [n_inject] faults on purpose, "kill:rank=1,step=50" */
    int n_inject;
    const char *trace; /* a file for the timeline of all ranks (trace events); NULL: none */
    bool dry_run;      /* checks and plans, then ends; writes nothing */
    int64_t until;     /* epochs (with train.steps: steps) after which it pauses, evaluated and with
                              a checkpoint that the next call goes on from; 0: to its end */
    gy_observer *observer; /* may be NULL */
    void *observer_user;
    /** Asked once a step on every rank: what signals want. The answer clears it. May be NULL. */
    int (*requests)(void *user);
    void *requests_user;
} gy_train_options;

/** Tells the faults that can be injected, or one, a line each. Local. @return whether there is one */
GY_API bool gy_fault_describe(gy_context *ctx, const char *fault,
                              void (*line)(void *user, const char *text), void *user);

/**
 * Trains as a configuration says: the whole of `gyre train`. Collective.
 *
 * Writes the run's directory: config.yaml, metrics.jsonl, checkpoints. Goes on from its newest
 * checkpoint where there is one. Events: start, init, resume, progress, step, epoch, evaluate,
 * not_finite, checkpoint, stop, end, finished.
 *
 * @return the same on every rank: GY_OK when the run is finished, or has come so far as options->until says; GY_STOPPED when it stopped on
 *         request with a checkpoint; GY_E_DIVERGED; GY_E_CONFIG, GY_E_DATA, GY_E_SHAPE before
 *         anything is written; GY_E_IO, GY_E_COMM, GY_E_NOMEM
 */
GY_API gy_status gy_train(gy_context *ctx, gy_comm *comm, const gy_config *config,
                          const gy_train_options *options) GY_CHECKED;

/**
 * Seeks a learning rate: from the start values (or options->init) a run takes up to 161 steps at rates
 * that grow from 1e-7 to 10, until its loss does. Writes <run_dir>/learning_rate.jsonl and nothing else; a
 * run that is there stays as it is. Of the options resume, inject and dry_run play no part. Collective.
 *
 * Events: start, init, progress; then a "rate" a point: learning_rate, the loss of the batch after it,
 * fitted_loss; at last a "suggestion": learning_rate (none where the loss fell at no rate), least_at,
 * grown_at (rates where the loss was least, where it had grown), first_loss, reason, path.
 */
GY_API gy_status gy_find_learning_rate(gy_context *ctx, gy_comm *comm, const gy_config *config,
                                       const gy_train_options *options) GY_CHECKED;

/**
 * Meta-learning: gy_train() by a configuration that has meta.tasks, and what it is good for. From where it
 * ends, from random values, and from each of `against` (checkpoints or runs of the same model) the network is
 * fitted to every task of data.test (else data.validation) by meta.adapt_steps steps on meta.shots samples,
 * and measured on meta.queries others, before each step and at last: an event "adapt" each, to the observer
 * alone, with start, adapt_steps (done), tasks, and the loss and metrics of the split, over all tasks.
 * The others are measured before anything is trained. Collective.
 *
 * @return as gy_train(); GY_E_CONFIG without tasks to train on, or new ones
 */
GY_API gy_status gy_meta(gy_context *ctx, gy_comm *comm, const gy_config *config,
                         const gy_train_options *options, const char *const *against,
                         int n) GY_CHECKED;

typedef struct gy_apply_options {
    const char *data;        /* a source; NULL: the configuration's test, else validation data */
    const char *const *sets; /* [n_sets] "key.path=value" over the checkpoint's configuration */
    int n_sets;
    bool per_class; /* evaluation: tells of each class, too */
    bool rolls_out; /* outputs: of as many frames as train.rollout says, whatever the targets are */
    gy_observer *observer;
    void *observer_user;
} gy_apply_options;

/**
 * Loss and metrics of a checkpoint on a data source: one event "evaluate"; with per_class then one event
 * "class" for each: class (its name), number, precision, recall, f1, met (weight of its targets), and said, how
 * often each class is said there (where the loss is of classes). Collective.
 *
 * @param path  a checkpoint's directory, or a run's (then its newest checkpoint)
 */
GY_API gy_status gy_evaluate(gy_context *ctx, gy_comm *comm, const char *path,
                             const gy_apply_options *options) GY_CHECKED;

/**
 * Outputs of a checkpoint for every sample of a data source, in order, into an HDF5 file: /outputs [N, …],
 * and where the loss classifies /classes [N, …] (the top class; −1 where an output is NaN), with its
 * attribute class_names where these are known, and where a sample has one class /probabilities. Or, where
 * the name ends so, into a .csv: class, name, probabilities; else outputs. No more than a batch is in
 * memory. One event "predict". Collective.
 *
 * @param out_path  ends in .csv; or in .h5, .hdf5, .hdf, .nc, or in none, for HDF5
 * @return GY_OK; GY_E_USAGE where its ending is another
 */
GY_API gy_status gy_predict(gy_context *ctx, gy_comm *comm, const char *path,
                            const gy_apply_options *options, const char *out_path) GY_CHECKED;

typedef struct gy_generate_options {
    const char *prompt;      /* UTF-8, at least one token long */
    int64_t length;          /* tokens to draw, ≥ 0 */
    double temperature;      /* logits are divided by it; 0: always the likeliest token */
    int64_t top_k;           /* draws among so many likeliest tokens; 0: among all */
    int64_t seed;            /* of the draws: the same seed gives the same text */
    const char *const *sets; /* [n_sets] "key.path=value" over the checkpoint's configuration */
    int n_sets;
    /** Takes the text as it comes, the prompt first, in whole UTF-8 characters; on rank 0. */
    void (*write)(void *user, const char *text, size_t bytes);
    void *write_user;
    gy_observer *observer;
    void *observer_user;
} gy_generate_options;

/**
 * Goes on with a text, token by token, by a language model: one that was trained on a text and
 * makes [T, vocabulary] of tokens [T]. One event "generate". Collective; rank 0 does the work.
 *
 * @return the same on every rank: GY_OK; GY_E_SHAPE where the model cannot go on token by token;
 *         GY_E_DATA where a character of the prompt is not in the vocabulary; GY_E_USAGE; GY_E_IO
 */
GY_API gy_status gy_generate(gy_context *ctx, gy_comm *comm, const char *path,
                             const gy_generate_options *options) GY_CHECKED;

typedef struct gy_bench_step_options {
    int64_t steps; /* that are measured, 1 … 1000 */
    gy_observer *observer;
    void *observer_user;
} gy_bench_step_options;

/**
 * Measures the training step of a configuration. Collective; what is told is rank 0's. Events:
 *
 * - "layer" for each, in the order of the forward pass: forward_ms, backward_ms (means), their share
 *   of all layers, gflops where it counts FLOPs, the method where there was a choice;
 * - "bench": milliseconds a step and by phase, GFLOP/s (three times the forward FLOPs a step), the rate
 *   of the BLAS's sgemm in the same run and the share of it, the allocations made in a step, bytes: of
 *   parameters with their buffers, gradients, optimizer, activations, and the most that the process held.
 */
GY_API gy_status gy_bench_step(gy_context *ctx, gy_comm *comm, const gy_config *config,
                               const gy_bench_step_options *options) GY_CHECKED;

/**
 * Measures forward passes of a configuration (a file) or a checkpoint (a directory), of inputs drawn at
 * random, on every rank at once: of its part of a batch as configured, and of one sample. Collective; what is
 * told is rank 0's. Events as of gy_bench_step(): "layer" without backward_ms; "bench" with the throughput of
 * all ranks, with latency_ms and latency_least_ms of one sample, GFLOP/s of the forward FLOPs.
 *
 * @param sets  [n] "key.path=value" over its configuration
 */
GY_API gy_status gy_bench_inference(gy_context *ctx, gy_comm *comm, const char *path,
                                    const char *const *sets, int n,
                                    const gy_bench_step_options *options) GY_CHECKED;

typedef struct gy_bench_all_reduce_options {
    const int64_t *bytes; /* [n_bytes] of the vectors; NULL: 4 KiB to 64 MiB */
    int n_bytes;
    const char *const *kinds; /* [n_kinds] all-reduces by name; NULL: all */
    int n_kinds;
    const char
        *wire; /* what travels: "float32", …; NULL: that. Kinds that cannot are passed over */
    gy_observer *observer;
    void *observer_user;
} gy_bench_all_reduce_options;

/**
 * Measures the all-reduces: an event "topology" (microseconds of a message, bytes a second to the next
 * rank and in memory), then an event "all_reduce" for each size and kind: the median and the least of
 * milliseconds, bytes a rank sent, and the share of the bound: 2 (N − 1)/N of the bytes at the rate of
 * a shift to the next rank that was measured besides. Collective.
 */
GY_API gy_status gy_bench_all_reduce(gy_context *ctx, gy_comm *comm,
                                     const gy_bench_all_reduce_options *options) GY_CHECKED;

typedef struct gy_bench_io_options {
    const char
        *dir;      /* where the files go, a directory that is there; NULL: the working directory */
    int64_t bytes; /* of a checkpoint's numbers; not used with a configuration */
    int64_t turns; /* 1 … 100; medians are told */
    const char *writer; /* "rank0", "all"; NULL: as configured */
    int64_t shards;     /* 0: one a rank; −1: as configured */
    gy_observer *observer;
    void *observer_user;
} gy_bench_io_options;

/**
 * Measures checkpoints: an event "io" with bytes, files, ranks, writer, turns, and the milliseconds of
 *
 * - copy: what training waits for; save: from the begin to the end of a checkpoint, and of that
 *   the system's calls write, flush and rename (all threads of the slowest rank);
 * - read: onto all ranks, with checksums, as a run goes on from it; verify: every byte, on rank 0;
 * - plain_write, plain_flush, plain_read: the same bytes in plain files, in turns with these.
 *
 * Files are read from the disk where the system can be made to forget them. Nothing stays in `dir`.
 * Collective.
 *
 * @param config  whose checkpoints are measured, with the optimizer's state whole on every rank;
 *                NULL: `bytes` of numbers
 */
GY_API gy_status gy_bench_io(gy_context *ctx, gy_comm *comm, const gy_config *config,
                             const gy_bench_io_options *options) GY_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
