/*
 * A run put together: kernel → model → data → task → loaders → vectors → sync → optimizer.
 *
 * Every phase ends with the ranks agreeing, so that a failure known to one stops all alike. Nothing
 * is written here.
 */
#include "train_impl.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define NAME(name) #name,
const char *const gy_phase_names[GY_PHASES] = {GY_PHASE_LIST(NAME)};
#undef NAME

void gy_run_init(gy_run *run, gy_context *ctx, gy_comm *comm, const gy_config *config,
                 const gy_train_options *options)
{
    *run = (gy_run){.ctx = ctx,
                    .comm = comm,
                    .config = config,
                    .options = options,
                    .rank = gy_comm_rank(comm),
                    .ranks = gy_comm_ranks(comm),
                    .at = {.best = {.value = NAN}},
                    .tell = {.journal = -1, .trouble = GY_OK},
                    .claim = {.fd = -1},
                    .started_s = gy_clock_s(),
                    .deadline_s = INFINITY};
    gy_pool_init(&run->pool, ctx);
    gy_sync_watch(comm, &config->comm);
    gy_buffer_init(&run->tell.line, ctx);
    gy_schedule_state_init(&run->at.schedule);
}

void gy_run_clear(gy_run *run)
{
    gy_watchdog_set(run->comm, 0);
    gy_job_end(&run->job);
    gy_saver_free(run->saver);
    gy_journal_close(run);
    gy_run_disclaim(run);
    gy_feed_clear(&run->feed); /* ends the loaders' threads */
    gy_run_dismiss_teacher(run);
    gy_reptile_free(run->reptile);
    gy_step_sum_free(run->sum);
    gy_sync_free(run->sync);
    gy_optim_free(run->optim);
    gy_free(run->ctx, run->average);
    gy_free(run->ctx, run->at.best.values);
    gy_free(run->ctx, run->at.best.buffers);
    gy_free(run->ctx, run->at.tally);
    gy_net_close(&run->network);
    gy_host_memory_free(run->host_values);
    gy_host_memory_free(run->host_gradients);
    gy_run_close_trace(run);
    gy_buffer_clear(&run->tell.line);
    gy_pool_clear(&run->pool);
}

gy_status gy_run_open_network(gy_run *run)
{
    gy_net_spec spec;
    GY_TRY(gy_config_network(run->config, run->comm, &spec));
    GY_TRY(gy_net_open(run->ctx, &spec, &run->network));
    const gy_params *all = gy_model_params(run->network.model);
    run->kept = gy_adapts(run->config) ? gy_adapted_params(all) : *all;
    gy_feed_init(&run->feed, run->ctx, run->comm, run->config, &run->network);
    return GY_OK;
}

static gy_status check_ranks(const gy_run *run)
{
    int64_t batch = run->config->train.batch_size;
    int grains = (int)run->config->comm.reproducible_grains; /* the network is not open yet */
    GY_REQUIRE(batch >= run->ranks, GY_E_CONFIG,
               "batch smaller than the ranks" GY_AT "train.batch_size: %lld" GY_WHY
               "%d ranks would not all have work" GY_HINT "start at most %lld ranks",
               (long long)batch, run->ranks, (long long)batch);
    GY_REQUIRE(grains == 0 || grains >= run->ranks, GY_E_CONFIG,
               "fewer grains than ranks" GY_AT "comm.reproducible_grains: %d" GY_WHY
               "%d ranks would not all have work" GY_HINT "start at most %d ranks",
               grains, run->ranks, grains);
    return GY_OK;
}

static gy_status name_parts(gy_run *run)
{
    for (int part = 0; part < GY_PARTS; part++)
        run->feed.text[part] = gy_feed_name(run->config, (gy_part)part);
    GY_REQUIRE(run->feed.text[GY_PART_TRAIN] != NULL, GY_E_CONFIG,
               "no training data" GY_AT "data.train" GY_WHY "it is not given" GY_HINT
               "give data.train, e.g. datasets/digits.h5:/train");
    return GY_OK;
}

/* A pass may be of all samples that training takes of a task, or of those that evaluations take. */
static int64_t most_of_tasks(const gy_run *run)
{
    const gy_meta_settings *meta = &run->config->meta;
    const int64_t training = meta->inner_steps * meta->shots, new = meta->shots + meta->queries;
    return meta->tasks * (training > new ? training : new);
}

static gy_status load_feed(gy_run *run)
{
    gy_feed *feed = &run->feed;
    int64_t batch = run->config->train.batch_size;
    const bool tasks = run->config->meta.tasks > 0;
    for (int part = 0; part < GY_PARTS; part++) {
        if (feed->source[part] == NULL) continue;
        GY_TRY(tasks ? gy_feed_load_tasks(feed, (gy_part)part)
                     : gy_feed_load(feed, (gy_part)part, batch));
    }
    if (run->teacher != NULL)
        run->network.task.imitation =
            (gy_imitation){run->config->distill.temperature, run->config->distill.weight};
    run->batches = gy_loader_batches(feed->loader[GY_PART_TRAIN]);
    const gy_train_settings *train = &run->config->train;
    run->steps = train->steps > 0 ? train->steps : train->epochs * run->batches;
    int64_t samples = feed->split[GY_PART_TRAIN].samples;
    gy_net_cut(&run->network,
               tasks             ? most_of_tasks(run)
               : batch < samples ? batch
                                 : samples,
               run->ranks, train->micro_batch_size);
    return GY_OK;
}

static gy_status make_best(gy_run *run)
{
    if (run->feed.source[GY_PART_VALIDATION] == NULL) return GY_OK;
    int64_t floats = gy_model_params(run->network.model)->floats;
    GY_TRY(gy_new_array(run->ctx, floats, &run->at.best.values));
    return gy_new_array(run->ctx, gy_model_buffers(run->network.model)->floats,
                        &run->at.best.buffers);
}

static void poll(void *user)
{
    gy_run *run = user;
    if (run->saver == NULL) return; /* given up, while ranks are lost */
    gy_sync_poll(run->sync);
    gy_sync_hold(run->sync);
    gy_saver_poll(run->saver);
    gy_sync_release(run->sync);
}

/* Gradients that are summed, and parameters that are spread, lie where neighbours reach them. */
static gy_status share_vectors(gy_run *run)
{
    const gy_sync_settings *comm = &run->config->comm;
    const gy_params *params = gy_model_params(run->network.model);
    float *w = NULL, *dw = NULL;
    if (!gy_config_uses_host_memory(run->config, run->comm)) return GY_OK;
    if (run->network.grains == 0) {
        GY_TRY(gy_host_memory_create(run->comm, params->trainable, &run->host_gradients));
        dw = gy_host_memory_values(run->host_gradients);
    }
    if (comm->shard_optimizer) {
        GY_TRY(gy_host_memory_create(run->comm, params->floats, &run->host_values));
        w = gy_host_memory_values(run->host_values);
    }
    gy_model_lend(run->network.model, w, dw);
    return GY_OK;
}

static gy_status make_vectors(gy_run *run)
{
    gy_model_use use = gy_config_use(run->config, run->comm, &run->network);
    GY_TRY(gy_model_allocate(run->network.model, use == GY_USE_TRAINING));
    GY_TRY(gy_model_start(run->network.model, (uint64_t)run->config->seed));
    return gy_model_plan(run->network.model, run->network.micro, use);
}

/* Sums over whole tensors, of which ranks own parts. */
static gy_status add_over_ranks(void *user, double *values, int n)
{
    gy_run *run = user;
    return gy_comm_sum(run->comm, values, n);
}

static gy_status make_optim(gy_run *run)
{
    gy_optim_settings settings = run->config->optimizer;
    if (run->config->meta.tasks > 0) /* what the tasks say is followed as it is */
        GY_TRY(gy_optim_plain(&run->pool, &settings));
    const gy_optim_sum sum = {.add = gy_sync_is_sharded(run->sync) ? add_over_ranks : NULL,
                              .user = run,
                              .exact = run->network.grains > 0};
    return gy_optim_create(run->ctx, run->network.kernel, &settings,
                           gy_model_params(run->network.model), gy_sync_owned(run->sync), &sum,
                           &run->optim);
}

static gy_status make_saver(gy_run *run)
{
    return gy_saver_create(run->ctx, run->comm, run->config->run_dir, &run->config->checkpoint,
                           &run->saver);
}

/* What is kept from step to step, of what this rank owns. */
static gy_status make_state(gy_run *run)
{
    GY_TRY(gy_run_name_residuals(run));
    GY_TRY(gy_run_name_values(run));
    const gy_config *config = run->config;
    const gy_ranges *owned = gy_sync_owned(run->sync);
    GY_TRY(make_optim(run));
    GY_TRY(gy_new_array(run->ctx, run->network.rows * run->network.task.sums, &run->at.tally));
    GY_TRY(gy_net_make_pieces(&run->network));
    GY_TRY(make_saver(run));
    if (config->train.parameter_average > 0) {
        GY_TRY(gy_new_array(run->ctx, gy_ranges_count(owned), &run->average));
        gy_run_begin_average(run, gy_model_values(run->network.model));
    }
    GY_TRY(gy_run_make_sparsity(run));
    if (config->meta.tasks > 0)
        GY_TRY(gy_reptile_create(&run->feed, &run->network,
                                 gy_config_use(config, run->comm, &run->network), &run->reptile));
    return make_best(run);
}

static gy_sync_vector vector_of(gy_run *run)
{
    gy_model *model = run->network.model;
    return (gy_sync_vector){.w = gy_model_values(model),
                            .g = run->network.grains > 0 ? NULL : gy_model_gradients(model),
                            .n = gy_model_params(model)->trainable,
                            .params = gy_model_params(model),
                            .seed = (uint64_t)run->config->seed};
}

static gy_status make_sync(gy_run *run)
{
    const gy_sync_vector vector = vector_of(run);
    GY_TRY(gy_sync_create(run->ctx, run->comm, &run->config->comm, &vector, &run->sync));
    /* grains: polls would cut products otherwise than on one rank */
    if (run->ranks > 1 && run->config->comm.overlap && run->network.grains == 0)
        gy_kernel_on_poll(run->network.kernel, poll, run);
    return GY_OK;
}

static gy_status make_sum(gy_run *run)
{
    const gy_step_sum_spec spec = {.comm = run->comm,
                                   .network = &run->network,
                                   .sync = run->sync,
                                   .optim = run->optim,
                                   .settings = &run->config->comm};
    return gy_step_sum_create(run->ctx, &spec, &run->sum);
}

gy_status gy_run_make(gy_run *run)
{
    gy_watchdog_note(run->comm, 0, "make vectors and plan", GY_WORKS);
    GY_TRY(share_vectors(run));
    GY_TRY(gy_comm_agree(run->comm, make_vectors(run)));
    GY_TRY(make_sync(run));
    GY_TRY(gy_comm_agree(run->comm, make_state(run)));
    GY_TRY(gy_run_wake_teacher(run));
    return make_sum(run);
}

gy_status gy_run_build(gy_run *run, const gy_taught *taught)
{
    gy_watchdog_note(run->comm, 0, "build the model", GY_WORKS);
    gy_taught known = *taught;
    gy_status status = check_ranks(run);
    if (status == GY_OK) status = gy_run_open_network(run);
    if (status == GY_OK) status = name_parts(run);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_run_meet_teacher(run));
    gy_run_ask_how_to_read(run, &known);
    GY_TRY(gy_feed_open(&run->feed, &known));
    GY_TRY(gy_comm_agree(run->comm, gy_feed_aim(&run->feed, &run->network, GY_PART_TRAIN)));
    GY_TRY(gy_feed_scan(&run->feed));
    status = load_feed(run);
    if (status == GY_OK) status = gy_run_check_statistics(run);
    if (status == GY_OK) status = gy_run_check_sparsity(run);
    if (status == GY_OK) status = gy_run_check_survival(run);
    GY_TRY(gy_comm_agree(run->comm, status));
    return run->options->dry_run ? GY_OK : gy_run_make(run);
}

static gy_status remake(gy_run *run)
{
    gy_saver_free(run->saver);
    run->saver = NULL;
    GY_TRY(make_saver(run));
    for (int part = 0; part < GY_PARTS; part++) {
        gy_loader_free(run->feed.loader[part]);
        run->feed.loader[part] = NULL;
    }
    GY_TRY(load_feed(run));
    return gy_net_make_pieces(&run->network);
}

/* The plan places gradients: operations on them come after it. */
gy_status gy_run_rebuild(gy_run *run)
{
    gy_net *net = &run->network;
    GY_TRY(gy_comm_tell_threads(run->comm, gy_kernel_threads(net->kernel)));
    GY_TRY(gy_comm_agree(run->comm, remake(run)));
    gy_status status =
        gy_model_plan(net->model, net->micro, gy_config_use(run->config, run->comm, net));
    GY_TRY(gy_comm_agree(run->comm, status));
    const gy_sync_vector vector = vector_of(run);
    GY_TRY(gy_sync_remake(run->sync, &run->config->comm, &vector));
    return gy_step_sum_remake(run->sum, &run->config->comm);
}
