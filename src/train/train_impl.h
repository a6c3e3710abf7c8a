/**
 * What the files of a run give each other. Inside train only.
 *
 *     run     all of it, and where the run stands             run.c (set-up), step.c, loop.c
 *     hooks   what happens after a step                       hook_list.h, hooks/
 */
#ifndef GY_TRAIN_TRAIN_IMPL_H
#define GY_TRAIN_TRAIN_IMPL_H

#include "comm/watchdog.h"
#include "event/event.h"
#include "run.h"
#include "state_list.h"

extern const gy_registry gy_fault_registry;

/** Samples of this epoch that are done. */
int64_t gy_run_sample(const gy_run *run);
/** Network and feed of nothing yet. Collective. */
gy_status gy_run_open_network(gy_run *run) GY_CHECKED;
/** Vectors, sums, optimizer and what else it works with, once its network is aimed and cut. Collective. */
gy_status gy_run_make(gy_run *run) GY_CHECKED;
/** A step begins. Local. */
void gy_run_begin_step(gy_run *run);
/**
 * Gradients, what all ranks must know of each other, update: of a batch that is there. Collective.
 * @param status  this rank's, of the batch; all come to know it
 */
gy_status gy_run_step_on(gy_run *run, const gy_batch *batch, gy_status status) GY_CHECKED;
/** The learning rate of the next step. */
double gy_run_rate(const gy_run *run);
/** Whether the run has done all its steps. */
bool gy_run_is_over(const gy_run *run);
/** Whether it has come so far as options->until says, and is not over. */
bool gy_run_pauses(const gy_run *run);
/** Whether it was asked to stop, or its time is up. */
bool gy_run_must_stop(const gy_run *run);
/** Seconds of training, earlier jobs included. */
double gy_run_time(const gy_run *run);
/** Adds where the run stands and the time. */
void gy_run_stamp(const gy_run *run, gy_report *report);
/** The same; tells the observer, and writes it down where `keep`. On rank 0. */
void gy_run_tell(gy_run *run, gy_report *report, bool keep);
/** Tells the step that was taken, with rank 0's own times; it is not written down. */
void gy_run_tell_progress(gy_run *run);
/** The same of an earlier step, which the event names. On rank 0. */
void gy_run_tell_event(gy_run *run, gy_event *event, bool keep);

/** Refuses statistics over the batch that would be of a single value, and warns of what is near it. */
gy_status gy_run_check_statistics(const gy_run *run) GY_CHECKED;

/** Warns where ranks have more threads than cores, or leave cores idle, with the remedy. Collective. */
gy_status gy_run_check_cores(gy_run *run) GY_CHECKED;

/* machine.c: what the bits of a run depend on beside its configuration */

/** Processor, threads, instruction set and BLAS of this rank, in words in the pool. Local. */
gy_status gy_run_describe_machine(const gy_run *run, gy_pool *pool, const char **out) GY_CHECKED;
/** With grains: warns where ranks, or the checkpoint, have another machine. Collective. */
gy_status gy_run_check_machine(gy_run *run, const gy_past *past) GY_CHECKED;
/** Tells the start: what is trained, on what, how. */
gy_status gy_run_tell_start(gy_run *run) GY_CHECKED;

/** Tells the watchdog what this rank does in the step under way. Local. */
void gy_run_note(gy_run *run, const char *phase, gy_doing doing);

/* trace.c: where the time of the ranks goes, for options->trace */

/** Begins the trace, and makes the file, where one is wanted. Collective. */
gy_status gy_run_open_trace(gy_run *run) GY_CHECKED;
/**
 * Writes the trace of a run that ended with `status`, unless this rank alone knows of a failure. Collective.
 * @return status; GY_E_IO, GY_E_NOMEM where that was GY_OK or GY_STOPPED
 */
gy_status gy_run_write_trace(gy_run *run, gy_status status) GY_CHECKED;
void gy_run_close_trace(gy_run *run);

/* survive.c: with comm.survive; else nothing is done */

/** Refuses what cannot go on without a rank. Local, alike on all. */
gy_status gy_run_check_survival(const gy_run *run) GY_CHECKED;
/** Around the loop: deaths before and after it end the job. The first is collective. */
gy_status gy_run_begin_surviving(gy_run *run) GY_CHECKED;
void gy_run_end_surviving(gy_run *run);

/** How far a step has come: its sums have begun; they are of all ranks; it counts, by its record. Local. */
typedef enum gy_mark { GY_MARK_BEGUN, GY_MARK_SUMMED, GY_MARK_UPDATED } gy_mark;
void gy_run_mark(gy_run *run, gy_mark mark);

/** The end of a step whose gradients are summed, by the record that others have of it. step.c. */
gy_status gy_run_step_by(gy_run *run, const gy_record *record) GY_CHECKED;

/**
 * After a failure: brings the run back to its last update, with the ranks that are left. Collective of these.
 * @return GY_OK; status where no death made it
 */
gy_status gy_run_mend(gy_run *run, gy_status status) GY_CHECKED;

/** From where the run stands to its end: GY_OK or GY_STOPPED. Collective. */
gy_status gy_run_loop(gy_run *run) GY_CHECKED;

/** Lists in run->at.values what the run measures, once its data and task are there. Local. */
gy_status gy_run_name_values(gy_run *run) GY_CHECKED;
/** Evaluates a part, remembers it in run->at.values, tells it. Collective. */
gy_status gy_run_evaluate_and_tell(gy_run *run, gy_part part) GY_CHECKED;
/** Loss and metrics of a tally, remembered and added to a report. Local. */
void gy_run_report_tally(gy_run *run, gy_report *report, gy_part part, const double *tally);
/** The last value of that name; NAN where there is none. */
double gy_run_value(const gy_run *run, const char *name);

/* average.c: the moving average of parameters; nothing is done where there is none */

/** It begins at w [params]. Local. */
void gy_run_begin_average(gy_run *run, const float *w);
/** After an update. Local. */
void gy_run_follow_average(gy_run *run);
/** Exchanges the parameters with it. Collective. */
gy_status gy_run_swap_average(gy_run *run) GY_CHECKED;

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
/** Before every line; cheap. @return GY_OK; GY_E_IO where it is an heir's by now. Local. */
gy_status gy_run_check_claim(gy_run *run) GY_CHECKED;
void gy_run_disclaim(gy_run *run);

/* journal.c: metrics.jsonl and config.yaml, on rank 0 */
gy_status gy_journal_open(gy_run *run) GY_CHECKED;
void gy_journal_close(gy_run *run);
void gy_journal_write(gy_run *run, const gy_event *event);
/** Raises on all ranks what kept rank 0 from writing it. Collective. */
gy_status gy_journal_agree(gy_run *run) GY_CHECKED;
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
/** Parameters, buffers, and what goes on of slots, from a checkpoint. Collective. */
gy_status gy_run_take_vectors(gy_run *run, const gy_past *past) GY_CHECKED;

/* note.c: what a checkpoint keeps that is not a vector */

enum { GY_NOTE_NAME = 128 };

/** Notes being put together, in a pool; the first failure stays. */
typedef struct gy_notes {
    gy_pool *pool;
    gy_checkpoint_note *v;
    int n, room;
    gy_status status;
} gy_notes;

/** Adds one; names stay where they are, texts are copied. Local. */
void gy_notes_number(gy_notes *list, const char *group, const char *name, double number);
void gy_notes_text(gy_notes *list, const char *group, const char *name, const char *text);
/** All of a run. Collective. @param end  see gy_run_save */
gy_status gy_run_list_notes(gy_run *run, const char *end, gy_notes *list) GY_CHECKED;

#define GY_CHANGED(subject) (1U << (subject))
/** Takes the table's fields, but for those of subjects that changed. Local. */
void gy_place_take(gy_place *at, const gy_run *run, const gy_checkpoint_head *head,
                   unsigned changed);
/** Takes the last and best values of what the run measures. Local. */
void gy_run_take_values(gy_run *run, const gy_checkpoint_head *head);

/* sums.c: of the epoch under way */

gy_status gy_run_list_sums(gy_run *run, gy_notes *list) GY_CHECKED; /* collective */
void gy_run_take_sums(gy_run *run, const gy_checkpoint_head *head);

/* hold.c: what is kept of tensors that were made smaller */

/** As the checkpoint says that the run begins with, or goes on from. Collective. */
gy_status gy_run_take_holds(gy_run *run, const char *path) GY_CHECKED;
/** Before an update, of the gradients, and after it, of the values. Local. */
void gy_run_hold_gradients(gy_run *run);
void gy_run_hold_values(gy_run *run);

/* distill.c: a teacher; nothing is done where there is none */

/** Opens it, and compares what it takes and gives with the run's network. Collective. */
gy_status gy_run_meet_teacher(gy_run *run) GY_CHECKED;
/** Fills in what is not known of the data as the teacher learned them. Local. */
void gy_run_ask_how_to_read(const gy_run *run, gy_taught *taught);
/** Reads its values, once data and pieces are known. Collective. */
gy_status gy_run_wake_teacher(gy_run *run) GY_CHECKED;
/** Its outputs of a piece, until it is asked again; NULL: there is no teacher. Local. */
gy_status gy_run_ask_teacher(gy_run *run, const gy_piece *piece, const float **y) GY_CHECKED;
/** The memory that it takes. Local. */
gy_status gy_run_measure_teacher(gy_run *run, int64_t *bytes) GY_CHECKED;
void gy_run_dismiss_teacher(gy_run *run);

/* sparse.c: weights that are not there; nothing is done where all are */

/** What came and went at a step. */
typedef struct gy_sparsity_change {
    int64_t dropped, grown, there, of; /* weights: gone, new; there now, of how many */
} gy_sparsity_change;

/** Refuses a target that the run ends before. Local. */
gy_status gy_run_check_sparsity(const gy_run *run) GY_CHECKED;
/** Makes the mask, of which all is there. Local. */
gy_status gy_run_make_sparsity(gy_run *run) GY_CHECKED;
/** The mask [trainable], as checkpoints keep it; NULL: there is none. Local. */
float *gy_run_mask(gy_run *run);
/** It was read from a checkpoint. Local. */
void gy_run_know_mask(gy_run *run);
/** Begins with the run's values and what is held of them. Collective. */
gy_status gy_run_begin_sparsity(gy_run *run) GY_CHECKED;
/** Whether a parameter is one of those with a mask. Local. */
bool gy_run_masks(const gy_run *run, int param);
/** Decides by the gradients of the step under way, masks them, and does what was decided. Local. */
void gy_run_decide_sparsity(gy_run *run);
void gy_run_mask_gradients(gy_run *run);
void gy_run_take_sparsity(gy_run *run);
/** What the last step changed; NULL: nothing. Local. */
const gy_sparsity_change *gy_run_sparsity_change(const gy_run *run);

/* adapt.c: adapters, and the base that they are beside; nothing is done where there are none */

/** Refuses adapters without a base. Local. */
gy_status gy_run_check_base(const gy_run *run, const gy_past *past) GY_CHECKED;
/** Reads it: before the checkpoint that the run goes on from. Collective. */
gy_status gy_run_take_base(gy_run *run, const gy_past *past) GY_CHECKED;
/** What checkpoints say of it. Local. */
void gy_run_list_base(const gy_run *run, gy_notes *list);

/* best.c: the best parameters, in checkpoints */

/** Fills what a checkpoint says of the best. Local. */
gy_best_is gy_run_best(const gy_run *run);
/** Whether the run is to end with the best parameters, where there are any. Local. */
bool gy_run_restores_best(const gy_run *run);
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

/* init.c: start values from a file */

/** How they fit the model, once it is built; of a run that goes on nothing. Collective. */
gy_status gy_run_look_at_init(gy_run *run, const gy_past *past) GY_CHECKED;
/** What the run begins with: of the base, of the checkpoint that it goes on from, or these. Collective. */
gy_status gy_run_take_start(gy_run *run, const gy_past *past) GY_CHECKED;
/** Tells what was taken, and what was not. */
void gy_run_tell_init(gy_run *run);

/* aside.c */

/** A new run where an older one lies: that is moved below old.N. Collective. */
gy_status gy_run_move_aside(gy_run *run) GY_CHECKED;

/* residual.c: what compression left out, in checkpoints */

/** Names them, once there is sync. Local. */
gy_status gy_run_name_residuals(gy_run *run) GY_CHECKED;
/** Whether a slot of that name is a rank's. Local. */
bool gy_is_residual(const char *slot);
/** Adds their slots, and that of what compression remembers besides. @return how many */
int gy_run_list_residuals(gy_run *run, gy_checkpoint_slot *slots);
/** Takes what compression left out, and what it remembers. Collective. */
gy_status gy_run_take_residuals(gy_run *run, const gy_past *past) GY_CHECKED;

/* resume.c: which checkpoint the run goes on from, and how */

/** A setting that differs from the checkpoint's. */
typedef struct gy_change {
    struct gy_change *next;
    const char *key, *old_value, *new_value;
} gy_change;

struct gy_past {
    const char *path; /* of the checkpoint; NULL: the run starts anew */
    gy_checkpoint_head head;
    gy_place there; /* where it stands, of what is in the table of state_list.h */
    gy_taught taught;
    bool finished; /* and the configuration asks for no more */
    gy_change *changes;
    unsigned changed; /* subjects: GY_CHANGED() */
};

/** Finds it and compares configurations, before the run is built. Collective. */
gy_status gy_past_find(gy_run *run, gy_past *past) GY_CHECKED;
/** Brings the run to where the checkpoint stands. Collective. */
gy_status gy_past_take(gy_run *run, const gy_past *past) GY_CHECKED;

/* change.c: what a changed configuration does to a run that goes on */

/** What changed; GY_E_CONFIG where it is the model. Local. */
gy_status gy_past_compare(gy_run *run, gy_past *past) GY_CHECKED;
/** Says it; how the run goes on, too, where it is put there. Local. */
void gy_past_tell(const gy_run *run, const gy_past *past);

/* Hooks */

typedef struct gy_hook {
    gy_kind kind;
    gy_status (*after_step)(gy_run *run); /* collective; every rank decides alike */
} gy_hook;

extern const gy_registry gy_hook_registry;

#endif
