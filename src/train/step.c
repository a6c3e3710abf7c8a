/*
 * One step: batch → micro-batches (forward, loss, backward) → gradients summed → one record for
 * everything that must be decided → update.
 *
 * Invariants
 * 1. Every rank makes the same collective calls whatever happens to it: a rank whose part is empty,
 *    or that cannot read its part, passes an empty one, and its failure rides in the record.
 * 2. What is decided (skip, stop, clip) is decided from the record, which is the same everywhere.
 * 3. Nothing is allocated.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/part.h"
#include "kernel/elementwise.h"
#include "kernel/limbs.h"

#include <math.h>
#include <string.h>

/* Places in the record of a step. */
enum {
    SUM_LOSS,
    SUM_NOT_FINITE,
    SUM_CHECKPOINT,
    SUM_STOP,
    SUM_TIME,
    SUM_DUE,
    SUM_SAVED,
    SUM_SQUARES,
    SUMS
};

void gy_run_note(gy_run *run, const char *phase, gy_doing doing)
{
    gy_watchdog_note(run->comm, run->at.step + 1, phase, doing);
}

/* Waits for the others in the midst of a pass. */
static gy_status add_up(void *user, double *values, int n)
{
    gy_run *run = user;
    gy_run_note(run, gy_phase_names[GY_PHASE_communication], GY_WAITS);
    gy_sync_hold(run->sync);
    gy_status status = gy_comm_sum(run->comm, values, n);
    gy_sync_release(run->sync);
    gy_run_note(run, "forward and backward", GY_WORKS);
    return status;
}

/* The gradients of no samples are zero, whatever lay in their place. */
static void clear_gradients(gy_run *run, int64_t from)
{
    gy_fill(run->network.kernel, run->mark - from, 0,
            gy_model_gradients(run->network.model) + from);
    run->mark = from;
}

/* Gradients [from, mark) are complete. */
static gy_status complete(void *user, int64_t from)
{
    gy_run *run = user;
    if (run->passes_none) clear_gradients(run, from);
    return gy_sync_complete(run->sync, from);
}

static gy_status need(void *user, int64_t to)
{
    gy_run *run = user;
    double waited = 0;
    GY_TRY(gy_sync_need(run->sync, to, &waited));
    run->now.seconds[GY_PHASE_communication] += waited;
    run->now.seconds[GY_PHASE_forward] -= waited;
    return GY_OK;
}

/* This rank's part of the next batch; of no samples where it cannot be read. */
static gy_status take_batch(gy_run *run, gy_batch *batch)
{
    gy_feed *feed = &run->feed;
    double start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_input], GY_WORKS);
    gy_run_strike(run, GY_MOMENT_STEP);
    gy_status status = gy_loader_next(feed->loader[GY_PART_TRAIN], batch);
    if (status == GY_OK)
        status = gy_feed_check(feed, GY_PART_TRAIN, batch->samples, batch->n, batch->x, batch->y);
    if (status != GY_OK) batch->n = 0;
    if (batch->global < 1) batch->global = 1;
    run->now.seconds[GY_PHASE_input] = gy_clock_s() - start;
    return status;
}

gy_status gy_run_pass(gy_run *run, gy_model_run *p, const gy_piece *piece, double *loss)
{
    float *y = NULL;
    double start = gy_clock_s(), *tally = run->at.tally + piece->grain * run->network.task.sums;
    gy_run_note(run, gy_phase_names[GY_PHASE_forward], GY_WORKS);
    GY_TRY(gy_model_forward(run->network.model, p, piece->n, piece->x, &y));
    double scale = p->scale / (double)run->network.task.count;
    *loss += gy_task_add(&run->network.task, run->network.kernel, piece->n, y, piece->y,
                         (float)scale, y, tally);
    double middle = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_backward], GY_WORKS);
    GY_TRY(gy_model_backward(run->network.model, p, piece->n, piece->x, y));
    run->now.seconds[GY_PHASE_forward] += middle - start;
    run->now.seconds[GY_PHASE_backward] += gy_clock_s() - middle;
    return GY_OK;
}

/* Gradients of the whole part, in micro-batches of even sizes: as many on every rank. */
static gy_status pass_all(gy_run *run, const gy_batch *batch, double *loss)
{
    gy_model_run p = {.kernel = run->network.kernel,
                      .seed = (uint64_t)run->config->seed,
                      .step = run->at.step,
                      .scale = 1.0 / (double)batch->global,
                      .sum = run->ranks > 1 ? add_up : NULL,
                      .need = gy_sync_is_sharded(run->sync) ? need : NULL,
                      .layer_seconds = run->layer_seconds,
                      .user = run};
    int64_t trainable = gy_model_params(run->network.model)->trainable;
    int64_t each = gy_shape_count(gy_model_input(run->network.model));
    int64_t targets = run->network.task.targets;
    for (int i = 0; i < run->network.micros; i++) {
        gy_piece piece = {.grain = 0};
        gy_part_of(batch->n, i, run->network.micros, &piece.first, &piece.n);
        piece.x = batch->x + piece.first * each;
        piece.y = batch->y + piece.first * targets;
        p.first = batch->first + piece.first;
        p.first_use = i == 0 || run->passes_none;
        run->passes_none = p.first_use && piece.n == 0;
        run->mark = trainable;
        if (i == run->network.micros - 1) p.complete = complete;
        GY_TRY(gy_run_pass(run, &p, &piece, loss));
    }
    if (run->passes_none) clear_gradients(run, 0);
    return GY_OK;
}

/* Penalties; the squares of this rank's part of the gradient, or of all where every rank has it. */
static double prepare(gy_run *run)
{
    const float *w = gy_model_values(run->network.model);
    float *g = gy_model_gradients(run->network.model);
    return run->network.grains > 0 ? gy_optim_prepare_all(run->optim, w, g)
                                   : gy_optim_prepare(run->optim, w, g);
}

/* Everything that ranks must know of each other, in one message. */
static gy_status exchange(gy_run *run, gy_status status, double loss, double squares,
                          gy_record *record)
{
    bool finite = isfinite(loss) && isfinite(squares);
    int requests = gy_run_requests(run);
    record->n_sum = SUMS;
    record->sum[SUM_LOSS] = loss;
    record->sum[SUM_NOT_FINITE] = !finite;
    record->sum[SUM_CHECKPOINT] = (requests & GY_REQUEST_CHECKPOINT) != 0;
    record->sum[SUM_STOP] = (requests & GY_REQUEST_STOP) != 0;
    /* gradients that all ranks have count once */
    bool counts = (gy_sync_is_sharded(run->sync) && run->network.grains == 0) || run->rank == 0;
    record->sum[SUM_SQUARES] = finite && counts ? squares : 0;
    if (run->rank == 0) {
        double minutes = run->config->checkpoint.every_minutes;
        record->sum[SUM_SAVED] = gy_saver_is_done(run->saver);
        record->sum[SUM_TIME] = gy_run_time_is_up(run);
        record->sum[SUM_DUE] = minutes > 0 && gy_clock_s() - run->saved_s >= 60 * minutes;
        if (status == GY_OK && run->tell.trouble != GY_OK)
            status = gy_error_restore(&run->tell.trouble_error);
    }
    record->status = status;
    return gy_comm_reduce(run->comm, record);
}

static void take_record(gy_run *run, const gy_record *record, int64_t global)
{
    gy_step_result *now = &run->now;
    now->samples = global;
    now->loss = record->sum[SUM_LOSS] / (double)(global * run->network.task.count);
    now->norm = sqrt(record->sum[SUM_SQUARES]);
    now->skipped = record->sum[SUM_NOT_FINITE] > 0;
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
    gy_schedule_point at = {.step = run->at.step,
                            .steps = run->steps,
                            .epoch = run->at.epoch,
                            .warmup = config->schedule.warmup_steps,
                            .rate = config->optimizer.learning_rate,
                            .min_rate = config->schedule.min_learning_rate,
                            .plateau = run->at.schedule.factor};
    return gy_schedule_rate(&config->schedule, &run->at.schedule, &at);
}

/* With grains they must not depend on how the ranks cut the tensors. */
static gy_status add_squares_in_limbs(gy_run *run, double clip)
{
    int n = 2 * gy_model_params(run->network.model)->n * GY_LIMBS;
    memset(run->limbs, 0, (size_t)n * sizeof *run->limbs);
    gy_optim_squares_in_limbs(run->optim, run->at.updates + 1, clip,
                              gy_model_values(run->network.model),
                              gy_model_gradients(run->network.model), run->limbs);
    if (gy_sync_is_sharded(run->sync)) GY_TRY(gy_comm_sum(run->comm, run->limbs, n));
    gy_optim_squares_take(run->optim, run->limbs, run->squares);
    return GY_OK;
}

/* Norms of whole tensors, where ranks hold parts of them. */
static gy_status add_squares(gy_run *run, double clip, const double **out)
{
    int n = 2 * gy_model_params(run->network.model)->n;
    *out = NULL;
    if (run->squares == NULL) return GY_OK;
    *out = run->squares;
    if (run->network.grains > 0) return add_squares_in_limbs(run, clip);
    memset(run->squares, 0, (size_t)n * sizeof *run->squares);
    gy_optim_squares(run->optim, run->at.updates + 1, clip, gy_model_values(run->network.model),
                     gy_model_gradients(run->network.model), run->squares);
    return gy_comm_sum(run->comm, run->squares, n);
}

static void average(gy_run *run)
{
    const gy_ranges *owned = gy_sync_owned(run->sync);
    const float *w = gy_model_values(run->network.model);
    float *packed = run->average;
    for (int i = 0; i < owned->n && packed != NULL; i++) {
        int64_t n = owned->v[i].to - owned->v[i].from;
        gy_average_update(run->network.kernel, run->config->train.parameter_average, n,
                          w + owned->v[i].from, packed);
        packed += n;
    }
}

/* Of what this rank owns, which then sets out to the others. */
static gy_status update(gy_run *run)
{
    const double *squares;
    double clip = gy_clip_factor(run->config->train.clip_norm, run->now.norm);
    GY_TRY(add_squares(run, clip, &squares));
    gy_optim_update(run->optim, run->at.updates + 1, run->now.rate, clip,
                    gy_model_values(run->network.model), gy_model_gradients(run->network.model),
                    squares);
    run->at.updates++;
    average(run);
    gy_sync_commit(run->sync);
    return gy_sync_spread(run->sync);
}

/* The epoch's sums, and the buffers of grains, are as before. */
static void skip(gy_run *run)
{
    const size_t tally = (size_t)(run->network.rows * run->network.task.sums);
    memcpy(run->at.tally, run->at.tally + tally, tally * sizeof *run->at.tally);
    gy_run_skip_grains(run);
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

/* Gradients and loss of the global batch; what fails here is the network, and nobody can be told. */
static gy_status make_gradients(gy_run *run, const gy_batch *batch, double *loss)
{
    double waited, start;
    if (run->network.grains > 0) {
        GY_TRY(gy_run_pass_grains(run, batch));
    } else {
        gy_sync_begin(run->sync);
        GY_TRY(pass_all(run, batch, loss));
        GY_TRY(gy_sync_complete(run->sync, 0));
    }
    start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_communication], GY_WAITS);
    if (run->network.grains > 0)
        GY_TRY(gy_run_sum_grains(run, batch, loss));
    else
        GY_TRY(gy_sync_finish(run->sync, &waited));
    run->now.seconds[GY_PHASE_communication] += gy_clock_s() - start;
    return GY_OK;
}

gy_status gy_run_step(gy_run *run)
{
    gy_record record = {.n_sum = 0};
    gy_batch batch = {.n = 0};
    double loss = 0, *seconds = run->now.seconds;
    const size_t tally = (size_t)(run->network.rows * run->network.task.sums);
    run->now = (gy_step_result){.first = gy_run_sample(run), .rate = gy_run_rate(run)};
    memcpy(run->at.tally + tally, run->at.tally, tally * sizeof *run->at.tally);
    gy_status status = take_batch(run, &batch);
    GY_TRY(make_gradients(run, &batch, &loss));
    gy_run_strike(run, GY_MOMENT_GRADIENT);
    double start = gy_clock_s();
    double squares = prepare(run);
    double middle = gy_clock_s();
    seconds[GY_PHASE_update] = middle - start;
    GY_TRY(exchange(run, status, loss, squares, &record));
    take_record(run, &record, batch.global);
    start = gy_clock_s();
    gy_run_note(run, gy_phase_names[GY_PHASE_update], GY_WORKS);
    seconds[GY_PHASE_communication] += start - middle;
    if (run->now.skipped)
        skip(run);
    else
        GY_TRY(update(run));
    seconds[GY_PHASE_update] += gy_clock_s() - start;
    move_on(run);
    gy_run_strike(run, GY_MOMENT_UPDATED);
    return GY_OK;
}
