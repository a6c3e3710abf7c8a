/* Tells when the mask of a sparse network has changed: how much of it is not there, what came and went. */
#include "../hook_list.h"

static gy_status after_step(gy_run *run)
{
    const gy_sparsity_change *change = gy_run_sparsity_change(run);
    gy_report report;
    if (change == NULL || run->now.skipped || !run->now.counts) return GY_OK;
    gy_report_begin(&report, "sparsity");
    gy_report_float(&report, "sparsity", 1 - (double)change->there / (double)change->of);
    gy_report_int(&report, "dropped", change->dropped);
    gy_report_int(&report, "grown", change->grown);
    gy_run_tell(run, &report, true);
    return GY_OK;
}

const gy_hook gy_hook_sparsity = {
    .kind = {.name = "sparsity", .help = "tells what came and went of a sparse network"},
    .after_step = after_step};
