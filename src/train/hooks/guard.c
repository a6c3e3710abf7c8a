/*
 * A step whose loss, gradient or buffers are not finite changed nothing on any rank. It is written down with
 * the samples of its batch; more in a row than train.not_finite.skip end the run.
 */
#include "../hook_list.h"

static gy_status judge(const gy_run *run)
{
    GY_REQUIRE(run->at.skipped <= run->config->train.not_finite.skip, GY_E_DIVERGED,
               "the run diverged" GY_AT "step %lld" GY_WHY
               "loss, gradient or a buffer was not finite in %lld steps in a row" GY_HINT
               "lower optimizer.learning_rate, set train.clip_norm, or look at the samples named "
               "in metrics.jsonl",
               (long long)run->at.step, (long long)run->at.skipped);
    return GY_OK;
}

static gy_status after_step(gy_run *run)
{
    if (!run->now.skipped) {
        run->at.skipped = 0;
        return GY_OK;
    }
    run->at.skipped++;
    gy_report report;
    int64_t *samples = NULL;
    GY_TRY(gy_new_array(run->ctx, run->now.samples, &samples));
    gy_loader_samples(run->feed.loader[GY_PART_TRAIN], run->at.epoch - run->now.epoch_ended,
                      run->now.first, run->now.samples, samples);
    gy_report_begin(&report, "not_finite");
    gy_report_float(&report, "loss", run->now.loss);
    gy_report_int(&report, "in_a_row", run->at.skipped);
    gy_report_ints(&report, "batch_samples", samples, run->now.samples);
    gy_run_tell(run, &report, true);
    gy_free(run->ctx, samples);
    return gy_comm_agree(run->comm, judge(run));
}

const gy_hook gy_hook_guard = {.kind = {.name = "guard", .help = "skips steps that are not finite"},
                               .after_step = after_step};
