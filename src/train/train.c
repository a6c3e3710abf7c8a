/*
 * Training from a configuration to its end: find what to go on from → build → begin or go on →
 * loop → finish.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/door.h"
#include "base/log.h"
#include "comm/compare.h"
#include "store/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gy_status tell_resume(gy_run *run, const gy_past *past)
{
    gy_report report;
    gy_report_begin(&report, "resume");
    gy_report_text(&report, "path", past->path);
    gy_report_int(&report, "sample_in_epoch", past->head.sample_in_epoch);
    gy_report_int(&report, "earlier_ranks", past->head.world_size);
    gy_report_int(&report, "ranks", run->ranks);
    gy_run_tell(run, &report, true);
    return GY_OK;
}

static void put_best(gy_run *run)
{
    const gy_best *best = &run->at.best;
    const gy_params *params = gy_model_params(run->network.model);
    memcpy(gy_model_values(run->network.model), best->values,
           (size_t)params->floats * sizeof(float));
    memcpy(gy_model_buffer_values(run->network.model), best->buffers,
           (size_t)gy_model_buffers(run->network.model)->floats * sizeof(float));
    gy_run_begin_average(run, best->values);
    for (int i = 0; i < run->at.n_values; i++) { /* what was measured with them */
        gy_value *v = &run->at.values[i];
        if (!isnan(v->best)) v->value = v->best;
    }
}

/* Copies or exchanges for the test are done on the side: the last checkpoint can be trained on. */
static gy_status test(gy_run *run, bool with_best)
{
    gy_best *best = &run->at.best;
    const int64_t floats = gy_model_params(run->network.model)->floats;
    const int64_t buffers = gy_model_buffers(run->network.model)->floats;
    float *w = gy_model_values(run->network.model), *b = gy_model_buffer_values(run->network.model);
    for (int turn = 0; turn < 2; turn++) {
        if (with_best) {
            for (int64_t i = 0; i < floats; i++) {
                float kept = w[i];
                w[i] = best->values[i];
                best->values[i] = kept;
            }
            for (int64_t i = 0; i < buffers; i++) {
                float kept = b[i];
                b[i] = best->buffers[i];
                best->buffers[i] = kept;
            }
        } else {
            GY_TRY(gy_run_swap_average(run));
        }
        if (turn == 0) GY_TRY(gy_run_evaluate_and_tell(run, GY_PART_TEST));
    }
    return GY_OK;
}

/* The best parameters are put back, tested, and saved as the run's last. */
static gy_status finish(gy_run *run)
{
    bool known = run->at.best.values != NULL && !isnan(run->at.best.value);
    bool restores = known && gy_run_restores_best(run);
    GY_TRY(gy_run_settle(run));
    if (restores) put_best(run);
    if (run->feed.source[GY_PART_TEST] != NULL) GY_TRY(test(run, known && !restores));
    return gy_run_tell_end(run);
}

static gy_status go_on(gy_run *run, const gy_past *past)
{
    bool own = false;
    const gy_best_is best = gy_run_best(run);
    GY_TRY(gy_saver_go_on(run->saver, past->path, past->head.step, &best, &own));
    run->at.best.is_written = own;
    return GY_OK;
}

static gy_status begin(gy_run *run, const gy_past *past)
{
    bool on = past->path != NULL;
    gy_watchdog_note(run->comm, 0, on ? "read a checkpoint" : "begin", GY_WORKS);
    GY_TRY(gy_run_take_start(run, past));
    GY_TRY(gy_run_try_room(run)); /* the first that writes */
    GY_TRY(gy_run_claim(run, true));
    if (!on) GY_TRY(gy_run_move_aside(run));
    GY_TRY(go_on(run, past));
    GY_TRY(gy_journal_open(run));
    run->saved_s = run->tell.logged_s = gy_clock_s();
    GY_TRY(gy_comm_agree(run->comm, gy_run_tell_start(run)));
    gy_run_tell_init(run);
    if (on) GY_TRY(tell_resume(run, past));
    return gy_comm_agree(run->comm, gy_loader_seek_sample(run->feed.loader[GY_PART_TRAIN],
                                                          run->at.epoch, gy_run_sample(run)));
}

/* A run that ends in failure still brings the checkpoint under way to its end, unless this rank alone
 * knows of the failure. */
static gy_status end_saving(gy_run *run, gy_status status)
{
    if (status == GY_OK || !gy_comm_agreed(run->comm)) return status;
    gy_error first = *gy_error_last();
    if (gy_run_end_saving(run) != GY_OK) {} /* the first failure is told */
    return gy_comm_agree(run->comm, gy_error_restore(&first));
}

/* Of a program that gives each rank options of its own; those of a command line are rank 0's. */
static gy_status compare_options(const gy_run *run)
{
    const gy_train_options *o = run->options;
    gy_facts facts = {.n = 0};
    gy_fact_put(gy_fact_new(&facts, "the options of the run"),
                "resume %s, init %s%s, %d faults%s, until %lld%s",
                o->resume == NULL ? "auto" : o->resume, o->init == NULL ? "none" : o->init,
                o->init_partial ? " in part" : "", o->n_inject, o->dry_run ? ", dry run" : "",
                (long long)o->until, o->trace == NULL ? "" : ", traced");
    return gy_comm_compare(run->comm, &facts, GY_E_USAGE, "call gy_train() alike on every rank");
}

/* All that can be known without training; nothing stays of it. */
static gy_status end_dry_run(gy_run *run, const gy_past *past)
{
    const int64_t step = past->path == NULL ? 0 : past->head.step;
    GY_TRY(gy_checkpoint_try_directory(run->comm, run->config->run_dir, step));
    GY_TRY(gy_comm_agree(run->comm, gy_run_tell_start(run)));
    gy_run_tell_init(run);
    return GY_OK;
}

/* It goes on from the checkpoint of its last step. */
static gy_status pause_run(gy_run *run)
{
    GY_TRY(gy_run_settle(run));
    GY_TRY(gy_run_end_saving(run));
    return gy_journal_agree(run);
}

static gy_status train(gy_run *run)
{
    gy_past past;
    GY_TRY(gy_config_agree(run->comm, run->config));
    GY_TRY(compare_options(run));
    GY_TRY(gy_comm_agree(run->comm, gy_run_take_faults(run)));
    if (!run->options->dry_run)
        GY_TRY(gy_run_claim(run, false)); /* before its checkpoints are looked at */
    gy_watchdog_note(run->comm, 0, "look for a checkpoint", GY_WORKS);
    GY_TRY(gy_past_find(run, &past));
    if (past.finished || run->options->dry_run) gy_past_tell(run, &past);
    if (past.finished) return gy_run_tell_finished(run, &past);
    gy_run_set_deadline(run);
    GY_TRY(gy_run_build(run, &past.taught));
    GY_TRY(gy_run_check_cores(run));
    GY_TRY(gy_run_check_machine(run, &past));
    GY_TRY(gy_run_look_at_init(run, &past));
    if (run->options->dry_run) return end_dry_run(run, &past);
    GY_TRY(gy_run_open_trace(run));
    GY_TRY(begin(run, &past));
    gy_status status = end_saving(run, gy_run_loop(run));
    if (status == GY_OK)
        status = gy_run_pauses(run) ? pause_run(run) : end_saving(run, finish(run));
    GY_TRY(gy_run_write_trace(run, status));
    return gy_journal_agree(run); /* of the last lines */
}

gy_status gy_train(gy_context *ctx, gy_comm *comm, const gy_config *config,
                   const gy_train_options *options)
{
    GY_DOOR;
    gy_run run;
    gy_run_init(&run, ctx, comm, config, options);
    gy_status status = train(&run);
    gy_run_clear(&run);
    return status;
}
