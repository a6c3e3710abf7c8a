/**
 * A training run and its parts. Inside train only.
 *
 *     feed    sources, splits, normaliser, loaders            feed_impl.h, feed.c
 *     task    loss and metrics of a batch, as sums            task_impl.h, task.c
 *     run     all of it, and where the run stands             run.c (set-up), step.c, loop.c
 *     hooks   what happens after a step                       hook_list.h, hooks/
 */
#ifndef GY_TRAIN_TRAIN_IMPL_H
#define GY_TRAIN_TRAIN_IMPL_H

#include <gyre/model.h>
#include <gyre/train.h>

#include "base/buffer.h"
#include "comm/host_memory.h"
#include "comm/watchdog.h"
#include "config/config.h"
#include "event_impl.h"
#include "feed_impl.h"
#include "job_impl.h"
#include "model/model.h"
#include "store/file.h"
#include "sync/grains.h"
#include "task_impl.h"

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

extern const gy_registry gy_fault_registry;

/* Run */

/** X(phase): the parts of a step's time. */
#define GY_PHASE_LIST(X) X(input) X(forward) X(backward) X(communication) X(update)
#define GY_PHASE_ENUM(name) GY_PHASE_##name,
typedef enum gy_phase { GY_PHASE_LIST(GY_PHASE_ENUM) GY_PHASES } gy_phase;
#undef GY_PHASE_ENUM
extern const char *const gy_phase_names[GY_PHASES];

/** One step, after it: the same on every rank but for the seconds. */
typedef struct gy_step_result {
    double loss, rate, norm;            /* mean over the global batch; used; before clipping */
    int64_t samples;                    /* of the global batch */
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

enum { GY_VALUES = 2 * (GY_TASK_METRICS + 1) };

/** A value by name, as the last evaluation of a split gave it. */
typedef struct gy_value {
    const char *name; /* "validation_loss"; in the run's pool */
    double value;
} gy_value;

/** Where a run stands: what a checkpoint keeps of it beside its vectors (state.c), and nothing else. */
typedef struct gy_place {
    int64_t step;         /* updates done */
    int64_t epoch, index; /* epochs done, batches done in this one */
    bool early;           /* ended by early stopping */
    int64_t skipped;      /* steps in a row that were not finite */
    double elapsed_s;     /* of earlier jobs */
    double *tally;        /* [2, rows, sums] this rank's, of the epoch so far; as before the step */
    gy_schedule_state schedule;
    gy_best best;
    gy_value values[GY_VALUES]; /* of the last evaluations */
    int n_values;
} gy_place;

/** How a run tells; on rank 0. */
typedef struct gy_tell {
    int journal; /* metrics.jsonl; −1: none */
    const char *journal_path;
    gy_buffer line;
    double logged_s;        /* of the last step event */
    int64_t logged_samples; /* since then */
    gy_status trouble;      /* of these files: told to all with the next step */
    gy_error trouble_error;
} gy_tell;

typedef struct gy_past gy_past;

enum { GY_RESIDUALS = 64 };

typedef struct gy_run {
    gy_context *ctx;
    gy_comm *comm;
    const gy_config *config;
    const gy_train_options *options;
    gy_pool pool;
    int rank, ranks;

    gy_kernel *kernel;
    gy_model *model;
    gy_task task;
    gy_feed feed;
    gy_optim *optim;
    gy_sync *sync;
    gy_host_memory *host_values,
        *host_gradients; /* of the model, where hosts share them; else NULL */
    gy_range whole;      /* of the trainable parameters */
    gy_ranges all;       /* that one */
    const char *residual_names[GY_RESIDUALS];
    int n_residuals;  /* ranks, where compression leaves something out */
    float *average;   /* moving average of what this rank owns, packed; NULL: none */
    double *squares;  /* [2 params] of whole tensors, where they are added apart; else NULL */
    double *limbs;    /* [2 params, GY_LIMBS] likewise, with grains */
    int64_t micro;    /* samples of a micro-batch at most */
    int micros;       /* micro-batches of a rank's part or of a grain, the same on every rank */
    int64_t mark;     /* in a backward pass: gradients from here on are complete */
    bool passes_none; /* this pass is the step's first and has no samples */

    /* comm.reproducible_grains: grains.c */
    int grains; /* of a batch; 0: none */
    gy_grains *grain_sums;
    double *losses;           /* [grains] of a step */
    float *buffers_before;    /* as they were before the step */
    float *piece_x, *piece_y; /* [micro, …] where grains are passed */

    gy_place at;
    gy_step_result now;
    gy_tell tell;
    int64_t steps, batches; /* of the whole run; of an epoch */
    double *layer_seconds;  /* see gy_model_run; NULL: not measured */
    int rows;               /* of a tally: one, or one a grain */

    const gy_injection *faults; /* [n_faults] on purpose */
    int n_faults;
    int64_t saves; /* checkpoints begun by this job */
    gy_saver *saver;

    /* clocks and files; rank 0's are the ones that count */
    double started_s;           /* this job's start */
    double deadline_s;          /* stop by then; INFINITY: no limit is configured */
    double looked_s, longest_s; /* at the clock last; the longest time between two looks */
    gy_job job;                 /* the batch job that ends us */
    double saved_s, saving_s;   /* end of the last checkpoint; how long it took */
    double save_waited_s;       /* how long training waited for its begin */
    int64_t samples;            /* that this job trained on */
    gy_lock claim;              /* the lock of its directory; not held by other ranks */
} gy_run;

/** Whether the run has done all its steps. */
bool gy_run_is_over(const gy_run *run);
/** Whether it was asked to stop, or its time is up. */
bool gy_run_must_stop(const gy_run *run);
/** Seconds of training, earlier jobs included. */
double gy_run_time(const gy_run *run);
/** Adds where the run stands and the time. */
void gy_run_stamp(const gy_run *run, gy_report *report);
/** The same; tells the observer, and writes it down where `keep`. On rank 0. */
void gy_run_tell(gy_run *run, gy_report *report, bool keep);
/** The same of an earlier step, which the event names. On rank 0. */
void gy_run_tell_event(gy_run *run, gy_event *event, bool keep);

/** Kernel and model of run->config; gy_feed's fields but the texts of sources. Local. */
gy_status gy_run_build_model(gy_run *run) GY_CHECKED;
/** Makes all parts from run->config. Collective. `taught`: see gy_feed_open. */
gy_status gy_run_build(gy_run *run, const gy_taught *taught) GY_CHECKED;
void gy_run_init(gy_run *run, gy_context *ctx, gy_comm *comm, const gy_config *config,
                 const gy_train_options *options);
void gy_run_clear(gy_run *run);
/** Warns where ranks have more threads than cores, or leave cores idle, with the remedy. Collective. */
gy_status gy_run_check_cores(gy_run *run) GY_CHECKED;

/* machine.c: what the bits of a run depend on beside its configuration */

/** Processor, threads, instruction set and BLAS of this rank, in words in the pool. Local. */
gy_status gy_run_describe_machine(const gy_run *run, gy_pool *pool, const char **out) GY_CHECKED;
/** With grains: warns where ranks, or the checkpoint, have another machine. Collective. */
gy_status gy_run_check_machine(gy_run *run, const gy_past *past) GY_CHECKED;
/** Tells the start: what is trained, on what, how. */
gy_status gy_run_tell_start(gy_run *run) GY_CHECKED;

/* piece.c: what is passed at once */

/** Samples of a rank's part; begin with zeros. */
typedef struct gy_piece {
    int64_t first, n; /* within the part */
    const float *x, *y;
    int grain, turn;   /* which grain (0: none), which piece of it */
    bool begins, ends; /* its grain */
} gy_piece;

/** Samples that a rank passes at once in a batch of `most`: run->micro, run->micros. Local. */
void gy_run_set_micro(gy_run *run, int64_t most);
/** Whether vectors lie in host memory. Local. */
bool gy_run_uses_host_memory(const gy_run *run);
/** What training plans its memory for, after that: a pass may be all of a step, or of a grain. Local. */
gy_model_use gy_run_use(const gy_run *run);
/** Allocates what pieces need, after that; `part` tells the shape of targets. Local. */
gy_status gy_run_make_pieces(gy_run *run, gy_part part) GY_CHECKED;
/** The next piece of this rank's part; false at its end. Local. */
bool gy_piece_next(const gy_run *run, gy_part part, const gy_batch *batch, gy_piece *p);

/* grains.c; nothing is to be done where run->grains is 0, but for the first */

gy_status gy_run_make_grains(gy_run *run) GY_CHECKED; /* collective */
/** Passes this rank's grains of a batch. Collective. */
gy_status gy_run_pass_grains(gy_run *run, const gy_batch *batch) GY_CHECKED;
/** Gradients, buffers and the loss of all grains; the loss on rank 0, else 0. Collective. */
gy_status gy_run_sum_grains(gy_run *run, const gy_batch *batch, double *loss) GY_CHECKED;
/** The step is skipped: buffers are as before. Local. */
void gy_run_skip_grains(gy_run *run);

/** step.c: forward, loss and backward of a piece; p->first and the like are set. Local, but for p->sum. */
gy_status gy_run_pass(gy_run *run, gy_model_run *p, const gy_piece *piece, double *loss) GY_CHECKED;

/** Tells the watchdog what this rank does in the step under way. Local. */
void gy_run_note(gy_run *run, const char *phase, gy_doing doing);

/** One step: run->now. Collective. */
gy_status gy_run_step(gy_run *run) GY_CHECKED;
/** From where the run stands to its end: GY_OK or GY_STOPPED. Collective. */
gy_status gy_run_loop(gy_run *run) GY_CHECKED;

/**
 * Loss and metrics over a part, all ranks' sums together. Collective.
 * @param tally  out: [task.sums]
 */
gy_status gy_run_evaluate(gy_run *run, gy_part part, double *tally) GY_CHECKED;
/** Adds a tally's rows [rows, sums] of all ranks, row by row. Collective. */
gy_status gy_run_sum_rows(gy_run *run, double *rows) GY_CHECKED;
/** Adds the rows up, in their order, into the first. Local. */
void gy_run_fold_rows(const gy_run *run, double *rows);
/** The same, remembered in run->at.values and told. */
gy_status gy_run_evaluate_and_tell(gy_run *run, gy_part part) GY_CHECKED;
/** Loss and metrics of a tally, remembered and added to a report. Local. */
gy_status gy_run_report_tally(gy_run *run, gy_report *report, gy_part part,
                              const double *tally) GY_CHECKED;
gy_status gy_run_set_value(gy_run *run, const char *name, double value) GY_CHECKED;
/** The value of that name in the last evaluations; NAN where there is none. */
double gy_run_value(const gy_run *run, const char *name);
/** Exchanges the parameters with their moving average, where there is one. Collective. */
gy_status gy_run_swap_average(gy_run *run) GY_CHECKED;
/** Waits until the parameters are whole on every rank; a step may leave them on their way. */
gy_status gy_run_settle(gy_run *run) GY_CHECKED;
/** Buffers become their mean over ranks. */
gy_status gy_run_average_buffers(gy_run *run) GY_CHECKED;

/* inject.c */
/** Reads options->inject. Local. */
gy_status gy_run_take_faults(gy_run *run) GY_CHECKED;
/** The faults of that moment strike, where their rank and step or checkpoint is this one. Local. */
void gy_run_strike(gy_run *run, gy_moment moment);

/* stop.c */
/** The limit of the configuration; else the end of the batch job, as rank 0 knows it. Local. */
void gy_run_set_deadline(gy_run *run);
int gy_run_requests(gy_run *run);
/** Whether it must stop now to be gone in time. On rank 0, once a step. Local. */
bool gy_run_time_is_up(gy_run *run);

/* claim.c: the run's directory is this job's */
/** Waits a little where it is another's. @param create  whether to make its lock. Collective. */
gy_status gy_run_claim(gy_run *run, bool create) GY_CHECKED;
void gy_run_disclaim(gy_run *run);

/* journal.c: metrics.jsonl and config.yaml, on rank 0 */
gy_status gy_journal_open(gy_run *run) GY_CHECKED;
void gy_journal_close(gy_run *run);
void gy_journal_write(gy_run *run, const gy_event *event);
/** Drops the lines after a step, and what is torn; of a new run (0) all. On rank 0. */
gy_status gy_journal_rewind(gy_context *ctx, const char *path, int64_t step) GY_CHECKED;

/* state.c: the run as a checkpoint has it */

/** Whether the run's directory can be written to and has room for checkpoints. Collective. */
gy_status gy_run_try_room(gy_run *run) GY_CHECKED;
/**
 * Begins a checkpoint; ends an earlier one first, and this one where it is not asynchronous. Collective.
 * @param end  what a run that has ended says; NULL: it goes on
 */
gy_status gy_run_save(gy_run *run, const char *end) GY_CHECKED;
/** Waits for the checkpoint under way, where there is one, and tells it. Collective. */
gy_status gy_run_end_saving(gy_run *run) GY_CHECKED;
/** Everything but the position, from a checkpoint's head and tensors. Collective. */
gy_status gy_run_restore(gy_run *run, const char *path, const gy_checkpoint_head *head,
                         bool with_slots) GY_CHECKED;

/* best.c: the best parameters, in checkpoints */

/** Fills what a checkpoint says of the best. Local. */
gy_best_is gy_run_best(const gy_run *run);
/**
 * Writes them alone where they are of an earlier step, and not there. Collective.
 * @param c      what is written next
 * @param alone  out: whether they were
 */
gy_status gy_run_save_best(gy_run *run, const gy_checkpoint *c, bool *alone) GY_CHECKED;
/** From the checkpoints of the run that goes on; else the best is sought anew. Collective. */
gy_status gy_run_take_best(gy_run *run, const gy_past *past) GY_CHECKED;

/* ending.c: what a run says at its end */

/** Saves the last checkpoint, with the run's last words, and says them. Collective. */
gy_status gy_run_tell_end(gy_run *run) GY_CHECKED;
/** Of a run that has ended before: says it, and writes its last words where they are missing. */
gy_status gy_run_tell_finished(gy_run *run, const gy_past *past) GY_CHECKED;

/* aside.c */

/** A new run where an older one lies: that is moved below old.N. Collective. */
gy_status gy_run_move_aside(gy_run *run) GY_CHECKED;

/* residual.c: what compression left out, in checkpoints */

/** Names them, once there is sync. Local. */
gy_status gy_run_name_residuals(gy_run *run) GY_CHECKED;
/** Adds their slots, and that of what compression remembers besides. @return how many */
int gy_run_list_residuals(gy_run *run, gy_checkpoint_slot *slots);
/** Takes the n residuals of a checkpoint, and its slot `memory`; NULL: it has none. Collective. */
gy_status gy_run_take_residuals(gy_run *run, const char *path, int n,
                                const char *memory) GY_CHECKED;

/* resume.c: which checkpoint the run goes on from, and how */

struct gy_past {
    const char *path; /* of the checkpoint; NULL: the run starts anew */
    gy_checkpoint_head head;
    gy_taught taught;
    bool finished; /* and the configuration asks for no more */
    bool model_changed, data_changed, optimizer_changed, train_changed;
};

/** Whether rank 0 sees a directory there. Collective. */
gy_status gy_look_for_directory(gy_comm *comm, const char *path, bool *out) GY_CHECKED;
/** Finds it and compares configurations, before the run is built. Collective. */
gy_status gy_past_find(gy_run *run, gy_past *past) GY_CHECKED;
/** Brings the run to where the checkpoint stands. Collective. */
gy_status gy_past_take(gy_run *run, const gy_past *past) GY_CHECKED;

/** The work of `predict`, on a run prepared for it. Collective. */
gy_status gy_run_predict(gy_run *run, gy_part part, const char *path) GY_CHECKED;

/** The anatomy of a run's model; free with gy_anatomy_free(). Local. */
gy_status gy_anatomy_take(gy_run *run, gy_anatomy **out) GY_CHECKED;

/* Hooks */

typedef struct gy_hook {
    gy_kind kind;
    gy_status (*after_step)(gy_run *run); /* collective; every rank decides alike */
} gy_hook;

extern const gy_registry gy_hook_registry;

#endif
