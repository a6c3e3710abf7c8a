/*
 * Validation when it is due; what is best so far; what the schedule learns from it.
 *
 * The best parameters are copied as they were evaluated: the moving average where there is one.
 */
#include "../hook_list.h"

#include <math.h>
#include <string.h>

static bool is_due(const gy_run *run)
{
    const gy_train_settings *train = &run->config->train;
    if (run->feed.source[GY_PART_VALIDATION] == NULL) return false;
    if (gy_run_is_over(run) || gy_run_pauses(run)) return true;
    if (train->evaluate_every_steps > 0) return run->at.step % train->evaluate_every_steps == 0;
    int64_t every = train->evaluate_every_epochs;
    return run->now.epoch_ended && every > 0 && run->at.epoch % every == 0;
}

static gy_status keep_best(gy_run *run, double value)
{
    gy_best *best = &run->at.best;
    best->value = value;
    best->step = run->at.step;
    best->waited = 0;
    best->epoch = run->at.epoch;
    best->sample = run->at.index * run->config->train.batch_size;
    best->is_written = false;
    for (int i = 0; i < run->at.n_values; i++)
        if (run->at.values[i].known) run->at.values[i].best = run->at.values[i].value;
    if (best->values == NULL) return GY_OK;
    int64_t floats = gy_model_params(run->network.model)->floats;
    int64_t buffers = gy_model_buffers(run->network.model)->floats;
    GY_TRY(gy_run_swap_average(run));
    memcpy(best->values, gy_model_values(run->network.model),
           (size_t)floats * sizeof *best->values);
    memcpy(best->buffers, gy_model_buffer_values(run->network.model),
           (size_t)buffers * sizeof *best->buffers);
    return gy_run_swap_average(run);
}

static gy_status judge(gy_run *run)
{
    const gy_early_stopping_settings *stopping = &run->config->train.early_stopping;
    const char *name = stopping->monitor + strlen("validation_");
    bool larger = gy_task_larger_is_better(&run->network.task, name);
    double value = gy_run_value(run, stopping->monitor), best = run->at.best.value;
    bool better = isnan(best) || (larger ? value > best + stopping->min_delta
                                         : value < best - stopping->min_delta);
    if (better && !isnan(value))
        GY_TRY(keep_best(run, value));
    else
        run->at.best.waited++;
    gy_schedule_observe(&run->config->schedule, value, larger, &run->at.schedule);
    return GY_OK;
}

static gy_status after_step(gy_run *run)
{
    if (!is_due(run)) return GY_OK;
    GY_TRY(gy_run_swap_average(run));
    GY_TRY(gy_run_evaluate_and_tell(run, GY_PART_VALIDATION));
    GY_TRY(gy_run_swap_average(run));
    GY_TRY(gy_model_plan(run->network.model, run->network.micro,
                         gy_config_use(run->config, run->comm, &run->network)));
    run->now.evaluated = true;
    return judge(run);
}

const gy_hook gy_hook_evaluate = {
    .kind = {.name = "evaluate", .help = "measures on the validation data"},
    .after_step = after_step};
