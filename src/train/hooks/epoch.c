/* The end of an epoch: loss and metrics over its batches, as they were before each update. */
#include "../hook_list.h"

#include <string.h>

static gy_status after_step(gy_run *run)
{
    gy_report report;
    if (!run->now.epoch_ended) return GY_OK;
    if (!run->sum->shares) GY_TRY(gy_feed_sum_rows(&run->feed, &run->network, run->at.tally));
    gy_task_fold(&run->network.task, run->network.rows, run->at.tally);
    gy_report_begin(&report, "epoch");
    if (run->at.tally[1] > 0) /* not all skipped */
        gy_run_report_tally(run, &report, GY_PART_TRAIN, run->at.tally);
    gy_report_int(&report, "epochs", run->config->train.epochs);
    gy_run_tell(run, &report, true);
    memset(run->at.tally, 0,
           (size_t)(run->network.rows * run->network.task.sums) * sizeof *run->at.tally);
    return GY_OK;
}

const gy_hook gy_hook_epoch = {.kind = {.name = "epoch", .help = "logs the end of an epoch"},
                               .after_step = after_step};
