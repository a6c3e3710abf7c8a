/**
 * A training run: what it is made of, where it stands, how it tells. The door for rooms that take steps
 * of their own.
 */
#ifndef GY_TRAIN_RUN_H
#define GY_TRAIN_RUN_H

#include <gyre/train.h>

#include "apply/base.h"
#include "base/buffer.h"
#include "claim.h"
#include "comm/host_memory.h"
#include "comm/topology.h"
#include "feed/feed.h"
#include "job.h"
#include "meta/reptile.h"
#include "report/observer.h"
#include "step_sum.h"

/* Faults on purpose */

/** Where a run can be struck: before a step, between gradient and update, after it, at a checkpoint. */
typedef enum gy_moment {
    GY_MOMENT_STEP,
    GY_MOMENT_GRADIENT,
    GY_MOMENT_UPDATED,
    GY_MOMENT_CHECKPOINT
} gy_moment;

/** One that was asked for; see fault_list.h. */
typedef struct gy_injection {
    const struct gy_fault_kind *kind;
    const struct gy_fault_settings *settings;
} gy_injection;

/** X(phase): the parts of a step's time. */
#define GY_PHASE_LIST(X) X(input) X(forward) X(backward) X(communication) X(update)
#define GY_PHASE_ENUM(name) GY_PHASE_##name,
typedef enum gy_phase { GY_PHASE_LIST(GY_PHASE_ENUM) GY_PHASES } gy_phase;
#undef GY_PHASE_ENUM
extern const char *const gy_phase_names[GY_PHASES];

/** One step, after it: the same on every rank but for the seconds. */
typedef struct gy_step_result {
    double loss, rate, norm;            /* mean over the global batch; used; before clipping */
    int64_t first, samples;             /* of the global batch: number in the epoch, how many */
    double weight;                      /* by how much the global batch counts in the loss */
    bool counts;                        /* that is not 0; else nothing was updated */
    bool skipped;                       /* not finite: nothing was updated */
    int requests;                       /* of any rank */
    bool time_is_up, checkpoint_is_due; /* by rank 0's clock */
    bool is_saved;                      /* the checkpoint under way is written */
    bool epoch_ended;                   /* it was an epoch's last */
    bool evaluated;                     /* on the validation data, after it */
    double seconds[GY_PHASES];          /* of this rank */
} gy_step_result;

/** What is kept of the best evaluation. */
typedef struct gy_best {
    double value;            /* of the monitored value; NAN: none yet */
    int64_t step;            /* of it */
    int64_t waited;          /* evaluations without progress since */
    int64_t epoch, sample;   /* where the run stood then */
    bool is_written;         /* it is among the run's checkpoints */
    float *values, *buffers; /* copies; NULL without validation */
} gy_best;

enum { GY_VALUES = GY_PARTS * (GY_TASK_METRICS + 1) };

/** A value that is measured, by name. */
typedef struct gy_value {
    const char *name; /* "validation_loss"; in the run's pool */
    bool known;       /* it was measured */
    double value;     /* last */
    double best;      /* when the monitored value was best; NAN: not known */
} gy_value;

/**
 * Where a run stands: what a checkpoint keeps of it beside its vectors, and nothing else: state_list.h,
 * sums.c.
 */
typedef struct gy_place {
    int64_t step;               /* steps done */
    int64_t epoch, index;       /* epochs done, batches done in this one */
    int64_t ahead;              /* samples of the next batch that are done: others went before */
    bool early, finished;       /* ended by early stopping; ended */
    int64_t skipped;            /* steps in a row that were not finite */
    double elapsed_s;           /* of earlier jobs */
    double saving_s, longest_s; /* of the last checkpoint; the longest step with what follows it */
    double next_rate;           /* learning rate of the next step */
    int64_t updates;            /* by this optimizer, which counts them: note.c */
    int64_t averaged;           /* updates of the moving average */
    int64_t residuals;          /* how many there are: residual.c */
    bool has_memory;            /* of the compression */
    gy_topology topology;       /* what all-reduces were chosen by; zeros: not known */
    double
        *tally; /* [rows, sums] of the epoch so far; this rank's, or of all: gy_step_sum.shares */
    gy_schedule_state schedule;
    gy_best best;
    gy_value values[GY_VALUES]; /* all that the run measures, in the order of splits and metrics */
    int n_values;
} gy_place;

/** How a run tells; on rank 0. */
typedef struct gy_tell {
    int journal; /* metrics.jsonl; −1: none */
    const char *journal_path;
    gy_buffer line;
    gy_observed observed;
    gy_observers *observers; /* NULL: none */
    double logged_s;         /* of the last step event */
    int64_t logged_samples;  /* since then */
    gy_status trouble;       /* of these files: told to all with the next step */
    gy_error trouble_error;
} gy_tell;

typedef struct gy_past gy_past;
typedef struct gy_sparsity gy_sparsity;
typedef struct gy_survival gy_survival;

enum { GY_RESIDUALS = 64 };

typedef struct gy_run {
    gy_context *ctx;
    gy_comm *comm;
    const gy_config *config;
    const gy_train_options *options;
    gy_pool pool;
    int rank, ranks;

    gy_net network;
    gy_feed feed;
    gy_optim *optim;
    gy_sync *sync;       /* who owns what of the parameters */
    gy_step_sum *sum;    /* of gradients and buffers */
    gy_reptile *reptile; /* trains on tasks; NULL: on samples */
    gy_host_memory *host_values,
        *host_gradients; /* of the model, where hosts share them; else NULL */
    gy_range whole;      /* of the trainable parameters */
    gy_ranges all;       /* that one */
    const char *residual_names[GY_RESIDUALS];
    int n_residuals; /* ranks, where compression leaves something out */
    float *average;  /* moving average of what this rank owns, packed; NULL: none */

    bool has_init;        /* the run starts from options->init */
    bool init_is_foreign; /* they come from another program\'s file */
    gy_fit init;          /* how that fits; of rank 0 */

    struct gy_teacher *teacher; /* distill.c; NULL: none */
    gy_sparsity *sparsity;      /* sparse.c; NULL: all weights are there */
    gy_params kept;             /* what checkpoints have of the parameters: all, or the adapters */
    gy_base base;               /* of these; in the pool */

    gy_hold *holds;      /* what is kept of each parameter: hold.c; NULL: nothing of any */
    struct gy_tie *ties; /* [n_ties] */
    int n_ties;

    gy_place at;
    gy_step_result now;
    gy_record record;      /* of the step */
    int asked;             /* requests that no record has carried yet */
    bool follows;          /* what follows the last update is not done */
    bool is_average;       /* the moving average stands in for the parameters */
    gy_survival *survival; /* survive.c; NULL: a rank's death ends the job */
    gy_tell tell;
    int64_t steps, batches; /* of the whole run; of an epoch */
    double given_rate;      /* of the next step, instead of the schedule's; 0: none */
    double *layer_seconds;  /* see gy_model_run; NULL: not measured */

    const gy_injection *faults; /* [n_faults] on purpose */
    int n_faults;
    int64_t saves; /* checkpoints begun by this job */
    gy_saver *saver;

    /* clocks and files; rank 0's are the ones that count */
    double started_s;     /* this job's start */
    double deadline_s;    /* stop by then; INFINITY: no limit is configured */
    double looked_s;      /* at the clock last */
    gy_job job;           /* the batch job that ends us */
    double saved_s;       /* end of the last checkpoint */
    double save_begun_s;  /* of the checkpoint under way */
    double save_waited_s; /* how long training waited for its begin */
    int64_t samples;      /* that this job trained on */
    gy_output *timeline;  /* of options->trace, on rank 0 */
    double trace_zero_s;  /* of the trace: the same moment on every rank */
    gy_lock claim;        /* the lock of its directory; not held by other ranks */
    double claim_seen_s;  /* to be still this job's, last */
    gy_claimant claimant; /* the same on every rank */
} gy_run;

/** Makes all parts from run->config. Collective. `taught`: see gy_feed_open. */
gy_status gy_run_build(gy_run *run, const gy_taught *taught) GY_CHECKED;
void gy_run_init(gy_run *run, gy_context *ctx, gy_comm *comm, const gy_config *config,
                 const gy_train_options *options);
void gy_run_clear(gy_run *run);
/** The same parts for the ranks that are left, from what they have. Collective. */
gy_status gy_run_rebuild(gy_run *run) GY_CHECKED;
/** One step: run->now. Collective. */
gy_status gy_run_step(gy_run *run) GY_CHECKED;
/** Waits until the parameters are whole on every rank; a step may leave them on their way. */
gy_status gy_run_settle(gy_run *run) GY_CHECKED;

#endif
