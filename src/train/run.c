/*
 * A run put together: kernel → model → data → task → loaders → vectors → sync → optimizer.
 *
 * Every phase ends with the ranks agreeing, so that a failure known to one stops all alike. Nothing
 * is written here.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "kernel/limbs.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define NAME(name) #name,
const char *const gy_phase_names[GY_PHASES] = {GY_PHASE_LIST(NAME)};
#undef NAME

void gy_run_init(gy_run *run, gy_context *ctx, gy_comm *comm, const gy_config *config,
                 const gy_train_options *options)
{
    *run = (gy_run){
        .ctx = ctx,
        .comm = comm,
        .config = config,
        .options = options,
        .rank = gy_comm_rank(comm),
        .ranks = gy_comm_ranks(comm),
        .grains = (int)config->comm.reproducible_grains,
        .rows = config->comm.reproducible_grains > 0 ? (int)config->comm.reproducible_grains : 1,
        .at = {.best = {.value = NAN}},
        .tell = {.journal = -1, .trouble = GY_OK},
        .claim = {.fd = -1},
        .started_s = gy_clock_s(),
        .deadline_s = INFINITY};
    gy_pool_init(&run->pool, ctx);
    gy_buffer_init(&run->tell.line, ctx);
    gy_schedule_state_init(&run->at.schedule);
}

void gy_run_clear(gy_run *run)
{
    gy_watchdog_stop(run->comm);
    gy_job_end(&run->job);
    gy_saver_free(run->saver);
    gy_journal_close(run);
    gy_run_disclaim(run);
    gy_feed_clear(&run->feed); /* ends the loaders' threads */
    gy_sync_free(run->sync);
    gy_grains_free(run->grain_sums);
    gy_optim_free(run->optim);
    gy_free(run->ctx, run->average);
    gy_free(run->ctx, run->squares);
    gy_free(run->ctx, run->limbs);
    gy_free(run->ctx, run->at.best.values);
    gy_free(run->ctx, run->at.best.buffers);
    gy_free(run->ctx, run->at.tally);
    gy_free(run->ctx, run->losses);
    gy_free(run->ctx, run->buffers_before);
    gy_free(run->ctx, run->piece_x);
    gy_free(run->ctx, run->piece_y);
    gy_model_free(run->model);
    gy_host_memory_free(run->host_values);
    gy_host_memory_free(run->host_gradients);
    gy_kernel_free(run->kernel);
    gy_buffer_clear(&run->tell.line);
    gy_pool_clear(&run->pool);
}

/* As configured, else the cores that this rank is bound to; ranks that nobody bound share them. With
 * grains the bits must not depend on where a rank happens to run. */
static gy_status make_kernel(gy_run *run)
{
    if (run->grains > 0 && run->config->threads == 0)
        return gy_kernel_create(run->ctx, 1, &run->kernel);
    GY_TRY(gy_kernel_create(run->ctx, (int)run->config->threads, &run->kernel));
    int threads = gy_kernel_threads(run->kernel), local = gy_comm_local_ranks(run->comm);
    bool unbound = threads > 1 && threads >= sysconf(_SC_NPROCESSORS_ONLN);
    if (run->config->threads > 0 || local == 1 || !unbound) return GY_OK;
    gy_kernel_free(run->kernel);
    run->kernel = NULL;
    return gy_kernel_create(run->ctx, threads > local ? threads / local : 1, &run->kernel);
}

gy_status gy_run_build_model(gy_run *run)
{
    const gy_config *config = run->config;
    GY_TRY(make_kernel(run));
    gy_model_spec spec = {.layers = config->model.layers,
                          .where = config->model.where,
                          .recompute_blocks = config->train.recompute == 1,
                          .threads = gy_kernel_threads(run->kernel)};
    spec.input.n = config->model.input.n;
    for (int i = 0; i < spec.input.n; i++) spec.input.d[i] = config->model.input.v[i];
    GY_TRY(gy_model_create(run->ctx, &spec, &run->model));
    bool tokens = gy_model_takes_tokens(run->model);
    run->feed = (gy_feed){.ctx = run->ctx,
                          .comm = run->comm,
                          .config = config,
                          .input = *gy_model_input(run->model),
                          .vocabulary = tokens ? gy_model_vocabulary(run->model) : 0};
    return GY_OK;
}

static gy_status check_ranks(const gy_run *run)
{
    int64_t batch = run->config->train.batch_size;
    GY_REQUIRE(batch >= run->ranks, GY_E_CONFIG,
               "batch smaller than the ranks" GY_AT "train.batch_size: %lld" GY_WHY
               "%d ranks would not all have work" GY_HINT "start at most %lld ranks",
               (long long)batch, run->ranks, (long long)batch);
    GY_REQUIRE(run->grains == 0 || run->grains >= run->ranks, GY_E_CONFIG,
               "fewer grains than ranks" GY_AT "comm.reproducible_grains: %d" GY_WHY
               "%d ranks would not all have work" GY_HINT "start at most %d ranks",
               run->grains, run->ranks, run->grains);
    return GY_OK;
}

static gy_status begin_feed(gy_run *run)
{
    gy_feed *feed = &run->feed;
    const gy_data_settings *data = &run->config->data;
    feed->text[GY_PART_TRAIN] = data->train;
    feed->text[GY_PART_VALIDATION] = data->validation;
    if (data->validation == NULL && data->validation_fraction > 0)
        feed->text[GY_PART_VALIDATION] = data->train;
    feed->text[GY_PART_TEST] = data->test;
    GY_REQUIRE(data->train != NULL, GY_E_CONFIG,
               "no training data" GY_AT "data.train" GY_WHY "it is not given" GY_HINT
               "give data.train, e.g. datasets/digits.h5:/train");
    return GY_OK;
}

static gy_status load_feed(gy_run *run)
{
    gy_feed *feed = &run->feed;
    int64_t batch = run->config->train.batch_size;
    for (int part = 0; part < GY_PARTS; part++)
        if (feed->source[part] != NULL) GY_TRY(gy_feed_load(feed, (gy_part)part, batch));
    run->batches = gy_loader_batches(feed->loader[GY_PART_TRAIN]);
    const gy_train_settings *train = &run->config->train;
    run->steps = train->steps > 0 ? train->steps : train->epochs * run->batches;
    int64_t samples = feed->split[GY_PART_TRAIN].samples;
    gy_run_set_micro(run, batch < samples ? batch : samples);
    return GY_OK;
}

static gy_status make_best(gy_run *run)
{
    if (run->feed.source[GY_PART_VALIDATION] == NULL) return GY_OK;
    int64_t floats = gy_model_params(run->model)->floats;
    GY_TRY(gy_new_array(run->ctx, floats, &run->at.best.values));
    return gy_new_array(run->ctx, gy_model_buffers(run->model)->floats, &run->at.best.buffers);
}

static void poll(void *user)
{
    gy_run *run = user;
    gy_sync_poll(run->sync);
    gy_sync_hold(run->sync);
    gy_saver_poll(run->saver);
    gy_sync_release(run->sync);
}

/* Gradients that are summed, and parameters that are spread, lie where neighbours reach them. */
static gy_status share_vectors(gy_run *run)
{
    const gy_sync_settings *comm = &run->config->comm;
    const gy_params *params = gy_model_params(run->model);
    float *w = NULL, *dw = NULL;
    if (!gy_run_uses_host_memory(run)) return GY_OK;
    if (run->grains == 0) {
        GY_TRY(gy_host_memory_create(run->comm, params->trainable, &run->host_gradients));
        dw = gy_host_memory_values(run->host_gradients);
    }
    if (comm->shard_optimizer) {
        GY_TRY(gy_host_memory_create(run->comm, params->floats, &run->host_values));
        w = gy_host_memory_values(run->host_values);
    }
    gy_model_lend(run->model, w, dw);
    return GY_OK;
}

static gy_status make_vectors(gy_run *run)
{
    gy_model_use use = gy_run_use(run);
    GY_TRY(gy_model_allocate(run->model, use == GY_USE_TRAINING));
    GY_TRY(gy_model_start(run->model, (uint64_t)run->config->seed));
    return gy_model_plan(run->model, run->micro, use);
}

/* Where ranks hold parts of tensors, and with grains, so that no number of ranks is another case. */
static gy_status make_squares(gy_run *run)
{
    const int64_t n = 2 * (int64_t)gy_model_params(run->model)->n;
    if (!gy_optim_needs_squares(run->optim)) return GY_OK;
    if (run->grains == 0 && !gy_sync_is_sharded(run->sync)) return GY_OK;
    GY_TRY(gy_new_array(run->ctx, n, &run->squares));
    return run->grains == 0 ? GY_OK : gy_new_array(run->ctx, n * GY_LIMBS, &run->limbs);
}

/* What is kept from step to step, of what this rank owns. */
static gy_status make_state(gy_run *run)
{
    GY_TRY(gy_run_name_residuals(run));
    const gy_config *config = run->config;
    const gy_ranges *owned = gy_sync_owned(run->sync);
    GY_TRY(gy_optim_create(run->ctx, run->kernel, &config->optimizer, gy_model_params(run->model),
                           owned, &run->optim));
    GY_TRY(gy_new_array(run->ctx, 2 * run->rows * run->task.sums, &run->at.tally));
    GY_TRY(gy_run_make_pieces(run, GY_PART_TRAIN));
    GY_TRY(make_squares(run));
    GY_TRY(gy_saver_create(run->ctx, run->comm, config->run_dir, &config->checkpoint, &run->saver));
    if (config->train.parameter_average > 0) {
        GY_TRY(gy_new_array(run->ctx, gy_ranges_count(owned), &run->average));
        gy_ranges_pack(owned, gy_model_values(run->model), run->average);
    }
    return make_best(run);
}

static gy_status make_sync(gy_run *run)
{
    const gy_sync_vector vector = {.w = gy_model_values(run->model),
                                   .g = run->grains > 0 ? NULL : gy_model_gradients(run->model),
                                   .n = gy_model_params(run->model)->trainable,
                                   .params = gy_model_params(run->model),
                                   .seed = (uint64_t)run->config->seed};
    GY_TRY(gy_sync_create(run->ctx, run->comm, &run->config->comm, &vector, &run->sync));
    /* grains: polls would cut products otherwise than on one rank */
    if (run->ranks > 1 && run->config->comm.overlap && run->grains == 0)
        gy_kernel_on_poll(run->kernel, poll, run);
    return GY_OK;
}

/* Before the scan, which looks at classes. */
static gy_status make_task(gy_run *run)
{
    GY_TRY(gy_task_init(&run->task, run->config, gy_model_output(run->model),
                        run->config->data.train, gy_feed_info(&run->feed, GY_PART_TRAIN)));
    run->feed.classes = run->task.loss->classifies ? run->task.classes : 0;
    return GY_OK;
}

gy_status gy_run_build(gy_run *run, const gy_taught *taught)
{
    gy_status status = check_ranks(run);
    if (status == GY_OK) status = gy_run_build_model(run);
    if (status == GY_OK) status = begin_feed(run);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_feed_open(&run->feed, taught));
    GY_TRY(gy_comm_agree(run->comm, make_task(run)));
    GY_TRY(gy_feed_scan(&run->feed));
    GY_TRY(gy_comm_agree(run->comm, load_feed(run)));
    if (run->options->dry_run) return GY_OK;
    GY_TRY(share_vectors(run));
    GY_TRY(gy_comm_agree(run->comm, make_vectors(run)));
    GY_TRY(make_sync(run));
    GY_TRY(gy_comm_agree(run->comm, make_state(run)));
    return gy_run_make_grains(run);
}
