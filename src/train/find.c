/*
 * The learning rate sought: a run is built, its steps are taken at growing rates instead of the
 * schedule's, and it is thrown away. The points go to a file of their own, learning_rate.jsonl in the
 * run's directory: neither its checkpoints nor its journal are touched.
 */
#include "ramp.h"
#include "train_impl.h"

#include "base/clock.h"
#include "base/door.h"
#include "store/file.h"

#include <math.h>

/* A point's step is that of its update. */
static void tell(gy_run *run, gy_report *report, int64_t step, gy_buffer *lines)
{
    gy_run_stamp(run, report);
    report->event.step = step;
    gy_run_tell_event(run, &report->event, false);
    gy_event_print(&report->event, lines);
    gy_buffer_add(lines, "\n");
}

static void tell_points(gy_run *run, const gy_ramp *ramp, gy_buffer *lines)
{
    for (int i = 0; i < ramp->n; i++) {
        gy_report report;
        gy_report_begin(&report, "rate");
        gy_report_float(&report, "learning_rate", ramp->rate[i]);
        gy_report_float(&report, "loss", ramp->loss[i]);
        gy_report_float(&report, "fitted_loss", ramp->fit[i]);
        tell(run, &report, i + 1, lines);
    }
}

static void tell_suggestion(gy_run *run, const gy_ramp *ramp, const gy_suggestion *s,
                            const char *path, gy_buffer *lines)
{
    gy_report report;
    gy_report_begin(&report, "suggestion");
    gy_report_float(&report, "first_loss", ramp->first);
    if (!isnan(s->rate)) {
        gy_report_float(&report, "learning_rate", s->rate);
        gy_report_float(&report, "least_at", s->least);
    }
    if (!isnan(s->grows)) gy_report_float(&report, "grown_at", s->grows);
    gy_report_text(&report, "reason", s->reason);
    gy_report_text(&report, "path", path);
    tell(run, &report, ramp->n, lines);
}

/* On rank 0. */
static gy_status write(gy_run *run, gy_ramp *ramp)
{
    gy_buffer lines;
    gy_suggestion suggestion;
    const char *path, *dir = run->config->run_dir;
    gy_ramp_suggest(ramp, &suggestion);
    GY_TRY(gy_pool_format(&run->pool, &path, "%s/learning_rate.jsonl", dir));
    gy_buffer_init(&lines, run->ctx);
    tell_points(run, ramp, &lines);
    tell_suggestion(run, ramp, &suggestion, path, &lines);
    gy_status status = lines.status;
    if (status == GY_OK) status = gy_directory_make(run->ctx, dir);
    if (status == GY_OK)
        status = gy_file_write(run->ctx, path, gy_buffer_text(&lines), lines.bytes);
    gy_buffer_clear(&lines);
    return status;
}

/* What a rate did shows in the loss of the step after. */
static gy_status climb(gy_run *run, gy_ramp *ramp)
{
    run->tell.logged_s = gy_clock_s();
    for (bool enough = false; !enough;) {
        const int64_t taken = run->at.step;
        run->given_rate = gy_ramp_rate((int)(taken < GY_RAMP_POINTS ? taken : GY_RAMP_POINTS - 1));
        GY_TRY(gy_run_step(run));
        gy_watchdog_note(run->comm, run->at.step, "what follows", GY_WAITS);
        gy_run_tell_progress(run);
        if (gy_run_must_stop(run))
            return gy_raise(GY_STOPPED,
                            "stopped on request" GY_AT "step %lld" GY_WHY
                            "no learning rate was found",
                            (long long)run->at.step);
        const double loss = run->now.skipped ? NAN : run->now.loss;
        if (taken == 0)
            ramp->first = loss;
        else
            enough = gy_ramp_add(ramp, loss);
        if (taken == 0 && !isfinite(loss))
            return gy_raise(GY_E_DIVERGED, "the loss is not finite" GY_AT "step 1" GY_WHY
                                           "no rate can be found from there");
    }
    return gy_run_settle(run);
}

static gy_status find(gy_run *run)
{
    const gy_past nothing = {.path = NULL};
    gy_ramp *ramp;
    GY_TRY(gy_config_agree(run->comm, run->config));
    GY_REQUIRE(run->config->meta.tasks == 0, GY_E_USAGE,
               "no learning rate can be found" GY_AT "meta.tasks: %lld" GY_WHY
               "the ramp is of training on samples" GY_HINT "--set meta.tasks=0",
               (long long)run->config->meta.tasks);
    GY_TRY(gy_checkpoint_try_directory(run->comm, run->config->run_dir, 0));
    GY_TRY(gy_run_build(run, &nothing.taught));
    GY_TRY(gy_run_check_cores(run));
    GY_TRY(gy_run_look_at_init(run, &nothing));
    GY_TRY(gy_run_take_start(run, &nothing));
    GY_TRY(gy_comm_agree(run->comm, gy_pool_new(&run->pool, &ramp)));
    run->steps = GY_RAMP_POINTS + 1;
    GY_TRY(gy_comm_agree(run->comm, gy_run_tell_start(run)));
    gy_run_tell_init(run);
    GY_TRY(gy_comm_agree(run->comm, gy_loader_seek(run->feed.loader[GY_PART_TRAIN], 0, 0)));
    GY_TRY(climb(run, ramp));
    return gy_comm_agree(run->comm, run->rank == 0 ? write(run, ramp) : GY_OK);
}

gy_status gy_find_learning_rate(gy_context *ctx, gy_comm *comm, const gy_config *config,
                                const gy_train_options *options)
{
    GY_DOOR;
    gy_run run;
    gy_run_init(&run, ctx, comm, config, options);
    gy_status status = find(&run);
    gy_run_clear(&run);
    return status;
}
