/*
 * Saves when it is due: by steps, epochs or minutes, and on request. A new best is written with the
 * next of these (best.c). The last checkpoint of a run is made at its end.
 * Here too a checkpoint under way is driven, and ended once it is written.
 */
#include "../hook_list.h"

static bool is_due(const gy_run *run)
{
    const gy_checkpoint_settings *c = &run->config->checkpoint;
    if (run->now.requests != 0 || run->now.time_is_up || gy_run_pauses(run)) return true;
    if (run->now.skipped) return false; /* the last good one stands */
    if (run->now.checkpoint_is_due) return true;
    if (c->every_steps > 0 && run->at.step % c->every_steps == 0) return true;
    return run->now.epoch_ended && c->every_epochs > 0 && run->at.epoch % c->every_epochs == 0;
}

static gy_status after_step(gy_run *run)
{
    gy_saver_poll(run->saver);
    if (run->now.is_saved) GY_TRY(gy_run_end_saving(run));
    if (gy_run_is_over(run) || !is_due(run)) return GY_OK;
    return gy_run_save(run, false);
}

const gy_hook gy_hook_checkpoint = {.kind = {.name = "checkpoint", .help = "saves the run"},
                                    .after_step = after_step};
