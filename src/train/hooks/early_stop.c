/* Ends the run after train.early_stopping.patience evaluations in a row without progress. */
#include "../hook_list.h"

static gy_status after_step(gy_run *run)
{
    int64_t patience = run->config->train.early_stopping.patience;
    if (patience == 0 || !run->now.evaluated || run->at.best.waited < patience) return GY_OK;
    gy_report report;
    run->at.early = true;
    gy_report_begin(&report, "early_stop");
    gy_report_text(&report, "monitor", run->config->train.early_stopping.monitor);
    gy_report_float(&report, "best", run->at.best.value);
    gy_report_int(&report, "best_step", run->at.best.step);
    gy_run_tell(run, &report, true);
    return GY_OK;
}

const gy_hook gy_hook_early_stop = {
    .kind = {.name = "early_stop", .help = "ends a run that makes no progress"},
    .after_step = after_step};
