/*
 * A run whose samples and loop are the caller's: built without a feed that reads, a step from what is handed
 * over, a checkpoint where one is asked for. A step is that of every run (step.c).
 *
 * Epochs and batches are not counted: a checkpoint says of these what it said at the start, so that a run on
 * data that goes on from it begins there.
 */
#include "memory.h"
#include "train_impl.h"

#include <string.h>

/* What the course of the learning rate hangs on must be there. */
static gy_status check_schedule(const gy_config *config)
{
    static const char *const lacks[] = {
        [GY_NEEDS_END] = "its course needs an end, and there is none",
        [GY_NEEDS_EPOCHS] = "it goes by epochs, which there are none of in memory",
        [GY_NEEDS_EVALUATIONS] = "it goes by evaluations, which there are none of in memory"};
    const gy_schedule_kind *kind = (const gy_schedule_kind *)config->schedule.kind.kind;
    const bool ends = config->train.steps > 0;
    GY_REQUIRE(kind->needs == GY_NEEDS_NOTHING || (kind->needs == GY_NEEDS_END && ends),
               GY_E_CONFIG,
               "the schedule does not suit a network in memory" GY_AT "schedule.kind: %s" GY_WHY
               "%s" GY_HINT "%s",
               kind->kind.name, lacks[kind->needs],
               kind->needs == GY_NEEDS_END ? "set train.steps, or schedule.kind: constant"
                                           : "set schedule.kind: constant");
    return GY_OK;
}

static gy_status check(const gy_run *run)
{
    const gy_config *config = run->config;
    GY_REQUIRE(config->meta.tasks == 0, GY_E_CONFIG,
               "cannot train on tasks in memory" GY_AT "meta.tasks: %lld" GY_WHY
               "a step is of samples" GY_HINT "set meta.tasks=0",
               (long long)config->meta.tasks);
    GY_REQUIRE(!config->comm.survive, GY_E_CONFIG,
               "a rank's death cannot be survived" GY_AT "comm.survive" GY_WHY
               "in memory the loop is the caller's" GY_HINT "leave it out");
    return check_schedule(config);
}

static gy_status aim(gy_run *run, int64_t most)
{
    gy_net *net = &run->network;
    gy_shape target;
    GY_TRY(gy_loss_target_shape(gy_loss_kind_of(net->spec.loss.kind), net->spec.loss.settings,
                                gy_model_output(net->model), &target));
    GY_TRY(gy_feed_aim_at(&run->feed, net, &target));
    if (run->teacher != NULL)
        net->task.imitation =
            (gy_imitation){run->config->distill.temperature, run->config->distill.weight};
    run->steps = run->config->train.steps > 0 ? run->config->train.steps : INT64_MAX;
    run->batches = INT64_MAX;
    gy_net_cut(net, most * run->ranks, run->ranks, run->config->train.micro_batch_size);
    net->planned = net->micro;
    return gy_run_check_sparsity(run);
}

static gy_status build(gy_run *run, const gy_taught *taught, int64_t most)
{
    gy_taught known = *taught;
    gy_status status = check(run);
    if (status == GY_OK) status = gy_run_open_network(run);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_run_meet_teacher(run));
    gy_run_ask_how_to_read(run, &known);
    run->feed.is_given = true;
    GY_TRY(gy_feed_open(&run->feed, &known));
    GY_TRY(gy_comm_agree(run->comm, aim(run, most)));
    return gy_run_make(run);
}

gy_status gy_run_begin_in_memory(gy_run *run, int64_t most, gy_last *out)
{
    gy_past past;
    GY_TRY(gy_config_agree(run->comm, run->config));
    GY_TRY(gy_past_find(run, &past));
    past.changed |= GY_CHANGED(GY_OF_sums) | GY_CHANGED(GY_OF_monitor);
    GY_TRY(build(run, &past.taught, most));
    GY_TRY(gy_run_check_machine(run, &past));
    GY_TRY(gy_run_look_at_init(run, &past));
    GY_TRY(gy_run_take_start(run, &past));
    GY_TRY(gy_run_settle(run));
    *out = (gy_last){past.path == NULL ? -1 : past.head.step, past.path};
    return GY_OK;
}

/* Weights are packed, too: to do so after a step then needs no memory, which a rank might lack alone. */
static gy_status grow(gy_run *run)
{
    gy_net *net = &run->network;
    GY_TRY(gy_net_make_pieces(net));
    GY_TRY(gy_model_plan(net->model, net->micro, GY_USE_TRAINING));
    return gy_model_pack(net->model, net->kernel);
}

gy_status gy_run_fit(gy_run *run, int64_t n, int64_t most)
{
    gy_net *net = &run->network;
    gy_net_cut(net, net->grains > 0 ? n : most * run->ranks, run->ranks,
               run->config->train.micro_batch_size);
    if (net->micro <= net->planned) return GY_OK;
    net->planned = 0; /* where growing fails it has no room at all */
    GY_TRY(gy_comm_agree(run->comm, grow(run)));
    net->planned = net->micro;
    return GY_OK;
}

gy_status gy_run_take_step(gy_run *run, const gy_batch *batch)
{
    gy_place *at = &run->at;
    gy_run_begin_step(run);
    GY_TRY(gy_run_step_on(run, batch, GY_OK));
    memset(at->tally, 0, (size_t)(run->network.rows * run->network.task.sums) * sizeof *at->tally);
    GY_REQUIRE(!run->now.skipped, GY_E_DIVERGED,
               "the step is not finite" GY_AT "step %lld" GY_WHY
               "loss or gradient is not: nothing was updated",
               (long long)at->step + 1);
    if (!run->now.counts) return GY_OK;
    at->step++;
    return gy_run_settle(run);
}

/* Another job may have written there since. */
static gy_status renew_saver(gy_run *run, const gy_last *last)
{
    static const gy_best_is none = {.step = 0};
    bool own = false;
    gy_saver *saver = NULL;
    gy_status status = gy_saver_create(run->ctx, run->comm, run->config->run_dir,
                                       &run->config->checkpoint, &saver);
    status = gy_comm_agree(run->comm, status);
    if (status != GY_OK) {
        gy_saver_free(saver);
        return status;
    }
    gy_saver_free(run->saver);
    run->saver = saver;
    return gy_saver_go_on(saver, last->path, last->step, &none, &own);
}

static gy_status save(gy_run *run, gy_last *last)
{
    if (last->step < 0) GY_TRY(gy_run_move_aside(run));
    GY_TRY(renew_saver(run, last));
    GY_TRY(gy_run_save(run, NULL));
    const gy_saved *saved = gy_saver_last(run->saver);
    gy_status status = GY_OK;
    last->step = saved->step;
    if (run->rank == 0) status = gy_pool_string(&run->pool, saved->path, &last->path);
    return gy_comm_agree(run->comm, status);
}

gy_status gy_run_save_in_memory(gy_run *run, gy_last *last)
{
    GY_TRY(gy_run_try_room(run)); /* makes the directory */
    GY_TRY(gy_run_claim(run, true));
    gy_status status = save(run, last);
    gy_run_disclaim(run);
    return status;
}
