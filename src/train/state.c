/*
 * A run in a checkpoint: its vectors by name, with notes for what is not a vector (note.c).
 *
 * Saving goes on while the run trains: begun here, ended when rank 0 has written it all (the record of
 * a step tells, hooks/checkpoint.c), before the next one, and before the run ends.
 *
 * Whatever the next step depends on is here: that is why a run that goes on with as many ranks ends
 * with the same bits.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/trace.h"

#include <string.h>

static const char average_name[] = "average", mask_name[] = "mask";

/* The optimizer's vectors, the moving average and the mask: what each rank owns, or the whole on every rank. */
static int list_slots(gy_run *run, gy_checkpoint_slot *slots)
{
    int n = gy_optim_slots(run->optim);
    const gy_ranges *owned = gy_sync_is_sharded(run->sync) ? gy_sync_owned(run->sync) : NULL;
    for (int i = 0; i < n; i++) {
        const gy_params *table = gy_optim_slot_table(run->optim, i);
        slots[i] = (gy_checkpoint_slot){.name = gy_optim_slot_name(run->optim, i),
                                        .v = gy_optim_slot(run->optim, i),
                                        .owned = table == NULL ? owned : NULL,
                                        .table = table};
    }
    if (run->average != NULL)
        slots[n++] = (gy_checkpoint_slot){.name = average_name, .v = run->average, .owned = owned};
    if (run->sparsity != NULL)
        slots[n++] = (gy_checkpoint_slot){.name = mask_name, .v = gy_run_mask(run)};
    return n;
}

gy_status gy_run_try_room(gy_run *run)
{
    gy_checkpoint c = {.params = &run->kept,
                       .buffers = gy_model_buffers(run->network.model),
                       .step = run->at.step};
    c.n_slots = list_slots(run, c.slots);
    c.n_slots += run->n_residuals + (gy_sync_memory_name(run->sync) != NULL);
    return gy_checkpoint_try_room(run->ctx, run->comm, run->config->run_dir,
                                  &run->config->checkpoint, &c);
}

static gy_status begin_saving(gy_run *run, const gy_notes *notes, const char *end, bool meanwhile)
{
    gy_checkpoint c = {.params = &run->kept,
                       .values = gy_model_values(run->network.model),
                       .buffers = gy_model_buffers(run->network.model),
                       .buffer_values = gy_model_buffer_values(run->network.model),
                       .step = run->at.step,
                       .epoch = run->at.epoch,
                       .sample_in_epoch = gy_run_sample(run),
                       .seed = (uint64_t)run->config->seed,
                       .holds = run->holds,
                       .config = gy_config_text(run->config),
                       .notes = notes->v,
                       .n_notes = notes->n,
                       .end = end,
                       .flushed = run->tell.journal_path,
                       .claim = &run->claim};
    bool alone = false;
    GY_TRY(gy_run_save_best(run, &c, &alone));
    c.best = gy_run_best(run);
    c.best.is_alone = alone;
    c.n_slots = list_slots(run, c.slots);
    c.n_slots += gy_run_list_residuals(run, c.slots + c.n_slots);
    run->at.best.is_written = true;
    return gy_saver_begin(run->saver, &c, meanwhile);
}

gy_status gy_run_end_saving(gy_run *run)
{
    gy_saved saved;
    double start = gy_clock_s();
    /* there is none where the run could not be mended */
    if (run->saver == NULL || !gy_saver_is_busy(run->saver)) return GY_OK;
    GY_TRY(gy_saver_end(run->saver, &saved));
    run->saved_s = gy_clock_s();
    run->at.saving_s = saved.seconds;
    gy_trace_add_ended(run->ctx, GY_TRACK_SAVE, "checkpoint", saved.step, run->save_begun_s,
                       run->save_begun_s + saved.seconds);
    gy_report report;
    gy_report_begin(&report, "checkpoint");
    gy_report_text(&report, "path", saved.path);
    gy_report_bool(&report, "is_best", saved.is_best);
    gy_report_float(&report, "seconds", saved.seconds);
    gy_report_float(&report, "waited_seconds", run->save_waited_s + run->saved_s - start);
    gy_report_int(&report, "bytes", saved.bytes);
    report.event.step = saved.step;
    report.event.epoch = saved.epoch + (saved.sample_in_epoch > 0);
    gy_run_tell_event(run, &report.event, true);
    return GY_OK;
}

gy_status gy_run_save(gy_run *run, const char *end)
{
    gy_pool pool;
    gy_notes notes = {.pool = &pool};
    /* the last one of a job is waited for: no copy is needed */
    bool last = end != NULL || gy_run_must_stop(run);
    bool meanwhile = run->config->checkpoint.asynchronous && !last;
    GY_TRY(gy_run_end_saving(run));
    GY_TRY(gy_journal_agree(run));
    double start = run->save_begun_s = gy_clock_s();
    run->saves++;
    gy_run_strike(run, GY_MOMENT_CHECKPOINT);
    GY_TRY(gy_run_settle(run));
    gy_pool_init(&pool, run->ctx);
    gy_status status = gy_run_list_notes(run, end, &notes);
    if (status == GY_OK) status = begin_saving(run, &notes, end, meanwhile);
    gy_pool_clear(&pool);
    run->save_waited_s = gy_clock_s() - start;
    if (status != GY_OK || meanwhile) return status;
    return gy_run_end_saving(run);
}

/* Another optimizer's state starts anew, whatever it is named: that was said. */
static bool is_void(const gy_past *past, const char *name)
{
    const bool of_run = strcmp(name, average_name) == 0 || strcmp(name, mask_name) == 0;
    return (past->changed & GY_CHANGED(GY_OF_optimizer)) && !of_run;
}

/* Whether a slot was there and means the same. */
static bool goes_on(const gy_run *run, const gy_past *past, const char *name)
{
    if (is_void(past, name)) return false;
    if (gy_checkpoint_has_slot(&past->head, name)) return true;
    if (run->rank == 0)
        gy_log(run->ctx, GY_INFO, "resume: %s is not in the checkpoint: it starts anew", name);
    return false;
}

static void tell_dropped(const gy_run *run, const gy_past *past, const gy_checkpoint_slot *slots,
                         int n)
{
    for (int k = 0; k < past->head.n_slots && run->rank == 0; k++) {
        const char *name = past->head.slots[k];
        bool is_residual = gy_sync_residual(run->sync) != NULL && gy_is_residual(name);
        bool is_wanted = is_residual || is_void(past, name);
        for (int i = 0; i < n; i++) is_wanted = is_wanted || strcmp(slots[i].name, name) == 0;
        if (!is_wanted) gy_log(run->ctx, GY_INFO, "resume: %s of the checkpoint is dropped", name);
    }
}

gy_status gy_run_take_vectors(gy_run *run, const gy_past *past)
{
    gy_checkpoint_slot wanted[GY_CHECKPOINT_SLOTS], slots[GY_CHECKPOINT_SLOTS];
    gy_model *model = run->network.model;
    bool has_average = false;
    int n = 0, m = list_slots(run, wanted);
    for (int i = 0; i < m; i++) {
        if (!goes_on(run, past, wanted[i].name)) continue;
        has_average = has_average || wanted[i].v == run->average;
        if (wanted[i].v == gy_run_mask(run)) gy_run_know_mask(run);
        slots[n++] = wanted[i];
    }
    m += gy_run_list_residuals(run, wanted + m);
    tell_dropped(run, past, wanted, m);
    GY_TRY(gy_checkpoint_read(run->ctx, run->comm, past->path, GY_MATCH_ALL, &run->kept,
                              gy_model_values(model), gy_model_buffers(model),
                              gy_model_buffer_values(model), slots, n));
    gy_optim_set_count(run->optim, run->at.updates);
    if (!has_average) gy_run_begin_average(run, gy_model_values(model));
    return gy_run_take_residuals(run, past);
}
