/*
 * The state of a step: to the observer after every step, with rank 0's own times; to metrics.jsonl
 * every log.every_steps, with the times over all ranks.
 */
#include "../hook_list.h"

#include "base/clock.h"

#include <math.h>

static void add_state(const gy_run *run, gy_report *report)
{
    double seconds = gy_clock_s() - run->tell.logged_s;
    gy_report_float(report, "loss", run->now.loss);
    gy_report_float(report, "learning_rate", run->now.rate);
    gy_report_float(report, "gradient_norm", run->now.norm);
    gy_report_float(report, "samples_per_second",
                    seconds > 0 ? round(10 * (double)run->tell.logged_samples / seconds) / 10 : 0);
}

void gy_run_tell_progress(gy_run *run)
{
    gy_report report;
    run->tell.logged_samples += run->now.samples;
    gy_report_begin(&report, "progress");
    add_state(run, &report);
    for (int i = 0; i < GY_PHASES; i++) {
        double ms = 1e3 * run->now.seconds[i];
        gy_report_phase(&report, gy_phase_names[i], ms, ms, ms);
    }
    gy_report_int(&report, "steps", run->steps);
    gy_run_tell(run, &report, false);
}

/* The slowest rank is the one that works longest: the others wait for it in communication. */
static gy_status tell_step(gy_run *run)
{
    gy_record r = {.n_sum = GY_PHASES, .n_min = GY_PHASES, .n_max = GY_PHASES + 1};
    double work = 0;
    for (int i = 0; i < GY_PHASES; i++) {
        double ms = 1e3 * run->now.seconds[i];
        r.sum[i] = r.min[i] = r.max[i] = ms;
        if (i != GY_PHASE_communication) work += ms;
    }
    r.max[GY_PHASES] = work;
    if (run->ranks > 1) GY_TRY(gy_comm_reduce(run->comm, &r));
    gy_report report;
    gy_report_begin(&report, "step");
    add_state(run, &report);
    for (int i = 0; i < GY_PHASES; i++)
        gy_report_phase(&report, gy_phase_names[i], r.min[i], r.sum[i] / run->ranks, r.max[i]);
    int slowest = run->ranks > 1 ? r.max_rank[GY_PHASES] : 0;
    gy_report_int(&report, "slowest_rank", slowest);
    gy_report_text(&report, "slowest_host", gy_comm_host(run->comm, slowest));
    gy_run_tell(run, &report, true);
    run->tell.logged_s = gy_clock_s();
    run->tell.logged_samples = 0;
    return GY_OK;
}

static gy_status after_step(gy_run *run)
{
    if (run->now.skipped) return GY_OK;
    gy_run_tell_progress(run);
    return run->at.step % run->config->log.every_steps == 0 ? tell_step(run) : GY_OK;
}

const gy_hook gy_hook_progress = {
    .kind = {.name = "progress", .help = "tells and logs the state of steps"},
    .after_step = after_step};
