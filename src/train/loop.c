/* The loop: steps until the run is over, and after each the hooks in their order. */
#include "hook_list.h"

#include "base/clock.h"
#include "base/trace.h"

#define ENTRY(name) &gy_hook_##name.kind,
GY_REGISTRY(gy_hook_registry, "hook", ENTRY, GY_HOOK_LIST)
#undef ENTRY

bool gy_run_is_over(const gy_run *run)
{
    const gy_train_settings *train = &run->config->train;
    if (run->at.early) return true;
    return train->steps > 0 ? run->at.step >= train->steps : run->at.epoch >= train->epochs;
}

bool gy_run_pauses(const gy_run *run)
{
    const int64_t until = run->options->until;
    const int64_t done = run->config->train.steps > 0 ? run->at.step : run->at.epoch;
    return until > 0 && done >= until && !gy_run_is_over(run);
}

bool gy_run_must_stop(const gy_run *run)
{
    return run->now.time_is_up || (run->now.requests & GY_REQUEST_STOP) != 0;
}

static gy_status tell_stop(gy_run *run)
{
    gy_report report;
    gy_report_begin(&report, "stop");
    gy_report_text(&report, "reason", run->now.time_is_up ? "time limit" : "signal");
    gy_run_tell(run, &report, true);
    return gy_raise(GY_STOPPED, "stopped on request" GY_AT "step %lld", (long long)run->at.step);
}

/* In a trace those show that take long. */
static gy_status follow(gy_run *run, const gy_hook *hook)
{
    const double least_s = 2e-5, start = gy_trace_is_on(run->ctx) ? gy_clock_s() : 0;
    gy_status status = hook->after_step(run);
    if (start > 0 && gy_clock_s() - start > least_s)
        gy_trace_add(run->ctx, GY_TRACK_WORK, hook->kind.name, -1, start);
    return status;
}

/* A step and what follows, or that alone. */
static gy_status go_on(gy_run *run)
{
    if (!run->follows) GY_TRY(gy_run_step(run));
    gy_watchdog_note(run->comm, run->at.step, "what follows", GY_WAITS);
    for (int i = 0; i < gy_hook_registry.n; i++)
        GY_TRY(follow(run, (const gy_hook *)gy_hook_registry.kinds[i]));
    run->follows = false;
    return GY_OK;
}

static gy_status loop(gy_run *run)
{
    while (run->follows || (!gy_run_is_over(run) && !gy_run_pauses(run))) {
        gy_status status = go_on(run);
        if (status != GY_OK) GY_TRY(gy_run_mend(run, status));
        if (status == GY_OK && gy_run_must_stop(run) && !gy_run_is_over(run) &&
            !gy_run_pauses(run)) {
            GY_TRY(gy_run_end_saving(run));
            return tell_stop(run);
        }
    }
    return GY_OK;
}

gy_status gy_run_loop(gy_run *run)
{
    gy_status status = gy_run_begin_surviving(run);
    if (status == GY_OK) status = loop(run);
    gy_run_end_surviving(run);
    return status;
}
