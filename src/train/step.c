/*
 * One step: batch → pieces (forward, loss, backward) → gradients summed → one record for everything
 * that must be decided → update.
 *
 * Invariants
 * 1. Every rank makes the same collective calls whatever happens to it: a rank whose part is empty,
 *    or that cannot read its part, passes an empty one, and its failure rides in the record.
 * 2. What is decided (skip, stop, clip) is decided from the record, which is the same everywhere.
 * 3. Nothing is allocated.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/trace.h"

#include <math.h>
#include <string.h>

/* Places in the record of a step. */
enum { SUM_NOT_FINITE, SUM_CHECKPOINT, SUM_STOP, SUM_TIME, SUM_DUE, SUM_SAVED, SUM_SQUARES, SUMS };

void gy_run_note(gy_run *run, const char *phase, gy_doing doing)
{
    gy_watchdog_note(run->comm, run->at.step + 1, phase, doing);
}

/* A phase took this rank from `from` to `to`. */
static void count(gy_run *run, gy_phase phase, double from, double to)
{
    run->now.seconds[phase] += to - from;
    gy_trace_add_ended(run->ctx, GY_TRACK_WORK, gy_phase_names[phase], -1, from, to);
}

/* This rank's part of the next batch; of no samples where it cannot be read. */
static gy_status take_batch(gy_run *run, gy_batch *batch)
{
    gy_feed *feed = &run->feed;
    double start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_input], GY_WORKS);
    gy_run_strike(run, GY_MOMENT_STEP);
    gy_status status = gy_loader_next(feed->loader[GY_PART_TRAIN], batch);
    if (status == GY_OK) status = gy_feed_check_batch(feed, GY_PART_TRAIN, batch);
    if (status != GY_OK) batch->n = 0;
    if (batch->global < 1) batch->global = 1;
    count(run, GY_PHASE_input, start, gy_clock_s());
    return status;
}

/* The piece is a task. */
static gy_status pass_task(gy_run *run, const gy_piece *piece)
{
    const double start = gy_clock_s();
    gy_step_sum *sum = run->sum;
    double loss = 0, *tally = gy_step_sum_row(sum, piece->grain);
    gy_run_note(run, gy_phase_names[GY_PHASE_forward], GY_WORKS);
    GY_TRY(gy_reptile_train(run->reptile, piece, &sum->pass, tally, &loss));
    sum->losses[piece->grain] += loss;
    run->now.seconds[GY_PHASE_forward] += gy_clock_s() - start;
    return GY_OK;
}

/* Forward, loss and backward of a piece. */
static gy_status pass(gy_run *run, const gy_piece *piece)
{
    gy_step_sum *sum = run->sum;
    gy_net *net = &run->network;
    double start = gy_clock_s();
    gy_lesson lesson = {.n = piece->n,
                        .x = piece->x,
                        .y = piece->y,
                        .w = piece->w,
                        .scale = run->now.weight > 0 ? 1.0 / run->now.weight : 0,
                        .tally = gy_step_sum_row(sum, piece->grain)};
    gy_run_note(run, gy_phase_names[GY_PHASE_forward], GY_WORKS);
    GY_TRY(gy_run_ask_teacher(run, piece, &lesson.teacher));
    GY_TRY(gy_net_forward(net, &sum->pass, &lesson));
    sum->losses[piece->grain] += lesson.loss;
    double middle = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_backward], GY_WORKS);
    GY_TRY(gy_net_backward(net, &sum->pass, &lesson));
    count(run, GY_PHASE_forward, start, middle);
    count(run, GY_PHASE_backward, middle, gy_clock_s());
    return GY_OK;
}

/* By how much the global batch counts: the same on every rank, however many there are. */
static gy_status weigh(gy_run *run, const gy_batch *batch)
{
    double limbs[GY_LIMBS] = {0};
    const gy_task *task = &run->network.task;
    const gy_task_batch part = {.n = batch->n, .target = batch->y, .weight = batch->w};
    run->now.weight = (double)batch->global * (double)task->count;
    if (!gy_task_weighs(task)) return GY_OK;
    gy_task_weigh(task, &part, limbs);
    gy_run_note(run, gy_phase_names[GY_PHASE_communication], GY_WAITS);
    GY_TRY(gy_comm_sum(run->comm, limbs, GY_LIMBS));
    run->now.weight = gy_limbs_value(limbs);
    return GY_OK;
}

/* Gradients of the global batch; what fails here is the network, and nobody can be told. */
static gy_status make_gradients(gy_run *run, const gy_batch *batch)
{
    gy_step_sum *sum = run->sum;
    gy_piece piece = {.x = NULL};
    double *seconds = run->now.seconds;
    const gy_samples part = gy_feed_samples(batch);
    const gy_model_run of_step = {.kernel = run->network.kernel,
                                  .seed = (uint64_t)run->config->seed,
                                  .step = run->at.step,
                                  .scale = 1.0 / (double)batch->global,
                                  .layer_seconds = run->layer_seconds};
    GY_TRY(weigh(run, batch));
    GY_TRY(gy_step_sum_begin(sum, &of_step));
    gy_run_mark(run, GY_MARK_BEGUN);
    while (gy_step_sum_next(sum, &part, &piece)) {
        GY_TRY(run->reptile != NULL ? pass_task(run, &piece) : pass(run, &piece));
        GY_TRY(gy_step_sum_passed(sum, &piece));
    }
    double start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_communication], GY_WAITS);
    GY_TRY(gy_step_sum_finish(sum, &part));
    count(run, GY_PHASE_communication, start, gy_clock_s());
    seconds[GY_PHASE_communication] += sum->waited_s;
    seconds[GY_PHASE_forward] -= sum->waited_s;
    return GY_OK;
}

/* Everything that ranks must know of each other, in one message. */
static gy_status exchange(gy_run *run, gy_status status, double squares, gy_record *record)
{
    gy_step_sum *sum = run->sum;
    bool finite =
        isfinite(gy_step_sum_loss(sum)) && isfinite(squares) && gy_step_sum_is_finite(sum);
    run->asked |= gy_run_requests(run); /* it tells a request once */
    record->n_sum = SUMS;
    record->sum[SUM_NOT_FINITE] = !finite;
    record->sum[SUM_CHECKPOINT] = (run->asked & GY_REQUEST_CHECKPOINT) != 0;
    record->sum[SUM_STOP] = (run->asked & GY_REQUEST_STOP) != 0;
    record->sum[SUM_SQUARES] = finite && sum->counts ? squares : 0;
    if (run->rank == 0) {
        double minutes = run->config->checkpoint.every_minutes;
        record->sum[SUM_SAVED] = gy_saver_is_done(run->saver);
        record->sum[SUM_TIME] = gy_run_time_is_up(run);
        record->sum[SUM_DUE] = minutes > 0 && gy_clock_s() - run->saved_s >= 60 * minutes;
        if (status == GY_OK && run->tell.trouble != GY_OK)
            status = gy_error_restore(&run->tell.trouble_error);
    }
    record->status = status;
    return gy_comm_reduce_with(run->comm, record, sum->losses, gy_step_sum_beside(sum));
}

static void take_record(gy_run *run, const gy_record *record)
{
    gy_step_result *now = &run->now;
    const double loss = gy_step_sum_loss(run->sum);
    now->counts = now->weight > 0;
    now->loss = now->counts ? loss / now->weight : 0;
    now->norm = now->counts ? sqrt(record->sum[SUM_SQUARES]) : 0;
    now->skipped = record->sum[SUM_NOT_FINITE] > 0 || !isfinite(loss);
    now->requests = (record->sum[SUM_CHECKPOINT] > 0 ? GY_REQUEST_CHECKPOINT : 0) |
                    (record->sum[SUM_STOP] > 0 ? GY_REQUEST_STOP : 0);
    now->time_is_up = record->sum[SUM_TIME] > 0;
    now->checkpoint_is_due = record->sum[SUM_DUE] > 0;
    now->is_saved = record->sum[SUM_SAVED] > 0;
}

int64_t gy_run_sample(const gy_run *run)
{
    return run->at.index * run->config->train.batch_size + run->at.ahead;
}

double gy_run_rate(const gy_run *run)
{
    const gy_config *config = run->config;
    if (run->given_rate > 0) return run->given_rate;
    gy_schedule_point at = {.step = run->at.step,
                            .steps = run->steps,
                            .epoch = run->at.epoch,
                            .warmup = config->schedule.warmup_steps,
                            .rate = config->meta.tasks > 0 ? config->meta.outer_learning_rate
                                                           : config->optimizer.learning_rate,
                            .min_rate = config->schedule.min_learning_rate,
                            .plateau = run->at.schedule.factor};
    return gy_schedule_rate(&config->schedule, &run->at.schedule, &at);
}

/* The step's sums join those of the epoch. */
static void add_tally(gy_run *run)
{
    const int n = run->network.rows * run->network.task.sums;
    for (int i = 0; i < n; i++) run->at.tally[i] += run->sum->tally[i];
}

/* Of what this rank owns, which then sets out to the others. */
static gy_status update(gy_run *run)
{
    gy_run_take_sparsity(run);
    double clip = gy_clip_factor(run->config->train.clip_norm, run->now.norm);
    GY_TRY(gy_optim_update(run->optim, run->now.rate, clip, gy_model_values(run->network.model),
                           gy_model_gradients(run->network.model)));
    gy_run_hold_values(run);
    gy_run_follow_average(run);
    add_tally(run);
    gy_sync_commit(run->sync);
    return gy_sync_spread(run->sync);
}

static void move_on(gy_run *run)
{
    run->samples += run->now.samples;
    run->at.step++;
    run->at.index++;
    run->at.ahead = 0;
    run->now.epoch_ended = run->at.index == run->batches;
    if (!run->now.epoch_ended) return;
    run->at.index = 0;
    run->at.epoch++;
}

void gy_run_begin_step(gy_run *run)
{
    run->now = (gy_step_result){.first = gy_run_sample(run), .rate = gy_run_rate(run)};
}

/* What the record says. */
static gy_status decide(gy_run *run)
{
    const double start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_update], GY_WORKS);
    take_record(run, &run->record);
    if (run->now.skipped || !run->now.counts) /* of nothing there is no update */
        gy_step_sum_skip(run->sum);
    else
        GY_TRY(update(run));
    count(run, GY_PHASE_update, start, gy_clock_s());
    return GY_OK;
}

gy_status gy_run_step_on(gy_run *run, const gy_batch *batch, gy_status status)
{
    run->now.samples = batch->global;
    GY_TRY(make_gradients(run, batch));
    gy_run_strike(run, GY_MOMENT_GRADIENT);
    double start = gy_clock_s();
    gy_run_decide_sparsity(run);
    gy_run_hold_gradients(run);
    double squares = gy_step_sum_prepare(run->sum);
    double middle = gy_clock_s();
    count(run, GY_PHASE_update, start, middle);
    gy_run_mark(run, GY_MARK_SUMMED);
    run->record = (gy_record){.n_sum = 0};
    GY_TRY(exchange(run, status, squares, &run->record));
    count(run, GY_PHASE_communication, middle, gy_clock_s());
    return decide(run);
}

static void end_step(gy_run *run)
{
    move_on(run);
    run->asked = 0;
    run->follows = true;
    gy_run_mark(run, GY_MARK_UPDATED);
    gy_run_strike(run, GY_MOMENT_UPDATED);
}

gy_status gy_run_step(gy_run *run)
{
    gy_batch batch = {.n = 0};
    const double begun = gy_clock_s();
    gy_run_begin_step(run);
    gy_status status = take_batch(run, &batch);
    GY_TRY(gy_run_step_on(run, &batch, status));
    end_step(run);
    gy_trace_add(run->ctx, GY_TRACK_WORK, "step", run->at.step, begun);
    return GY_OK;
}

gy_status gy_run_step_by(gy_run *run, const gy_record *record)
{
    run->record = *record;
    GY_TRY(decide(run));
    end_step(run);
    return GY_OK;
}

gy_status gy_run_settle(gy_run *run)
{
    return gy_sync_need(run->sync, gy_model_params(run->network.model)->trainable, NULL);
}
