/* A network in memory, opened and closed: as a checkpoint has it that is put to work, or as a run in memory. */
#include "inside_impl.h"

#include "base/door.h"
#include "comm/comm.h"
#include "comm/compare.h"

#include <string.h>

static gy_status compare(const gy_network *net, const char *path, const gy_network_options *o)
{
    gy_facts facts = {.n = 0};
    gy_fact_put(gy_fact_new(&facts, "what is opened"), "%lld samples at once, %d settings, %s %s",
                (long long)o->most, o->n_sets, o->training ? "trained" : "applied", path);
    return gy_comm_compare(net->comm, &facts, GY_E_USAGE,
                           "call gy_network_open() alike on every rank");
}

/* What this process does otherwise than the configuration says, which checkpoints keep as it is. */
static void settle_in(gy_network *net)
{
    gy_config *config = net->opened.config;
    config->threads = net->threads;
    config->comm.progress = GY_PROGRESS_POLL;
    config->comm.watchdog_seconds = config->comm.silence_seconds = 0;
    config->checkpoint.asynchronous = false;
    config->metrics = (gy_strings){0};
}

static gy_status aim(gy_opened *o)
{
    const gy_net_spec *spec = &o->network.spec;
    gy_shape target;
    GY_TRY(gy_loss_target_shape(gy_loss_kind_of(spec->loss.kind), spec->loss.settings,
                                gy_model_output(o->network.model), &target));
    return gy_feed_aim_at(&o->feed, &o->network, &target);
}

static gy_status open_applied(gy_network *net)
{
    gy_opened *o = &net->opened;
    gy_status status = gy_opened_build(o);
    if (status == GY_OK) {
        gy_feed_init(&o->feed, o->ctx, o->comm, o->config, &o->network);
        o->feed.is_given = true;
        if (o->path == NULL) status = gy_model_start(o->network.model, (uint64_t)o->config->seed);
    }
    GY_TRY(gy_comm_agree(o->comm, status));
    if (o->path != NULL) GY_TRY(gy_opened_read(o));
    GY_TRY(gy_feed_open(&o->feed, &o->taught));
    return gy_comm_agree(o->comm, aim(o));
}

static gy_status open_trained(gy_network *net, int64_t most)
{
    gy_opened *o = &net->opened;
    net->options = (gy_train_options){.resume = o->path == NULL ? "none" : o->path};
    gy_run_init(&net->run, net->ctx, net->comm, o->config, &net->options);
    net->net = &net->run.network;
    net->feed = &net->run.feed;
    return gy_run_begin_in_memory(&net->run, most > 0 ? most : 1, &net->last);
}

/* Means and deviations that are wanted and not known, to be learned. */
static gy_status prepare_learning(gy_network *net, gy_normalize kind, const gy_shape *shape,
                                  gy_normalizer *out, gy_moments *moments)
{
    const int64_t n = gy_normalizer_size(kind, shape);
    if (out->n > 0 || n == 0) return GY_OK;
    GY_TRY(gy_moments_init(net->ctx, n, moments));
    gy_free(net->ctx, out->mean); /* of a checkpoint that was not taught either */
    gy_free(net->ctx, out->deviation);
    out->mean = out->deviation = NULL;
    GY_TRY(gy_new_array(net->ctx, n, &out->mean));
    return gy_new_array(net->ctx, n, &out->deviation);
}

static gy_status prepare(gy_network *net, int64_t most)
{
    const gy_data_settings *data = &net->opened.config->data;
    const gy_task *task = &net->net->task;
    gy_model *model = net->net->model;
    net->input = *gy_model_input(model);
    net->output = *gy_model_output(model);
    GY_TRY(gy_loss_target_shape(task->loss, task->loss_settings, &net->output, &net->target));
    net->from =
        (gy_feed_origin){"the samples given", gy_shape_count(&net->input), task->targets, 1};
    const gy_normalize kind =
        net->feed->vocabulary > 0 ? GY_NORMALIZE_NONE : (gy_normalize)data->normalize;
    GY_TRY(prepare_learning(net, kind, &net->input, &net->feed->normalizer, &net->x));
    GY_TRY(prepare_learning(net, (gy_normalize)data->normalize_targets, &net->target,
                            &net->feed->unit, &net->y));
    GY_TRY(gy_new_array(net->ctx, task->sums, &net->tally));
    GY_TRY(gy_new_array(net->ctx, gy_comm_ranks(net->comm), &net->announced));
    GY_TRY(gy_packed_open(net));
    GY_TRY(gy_packed_need(net));
    return gy_workspace_create(net, most, &net->own);
}

static gy_status open_it(gy_network *net, const char *path, const gy_network_options *options)
{
    const gy_opening opening = {.path = path,
                                .or_config = true,
                                .beside = true,
                                .as_floats = options->training,
                                .sets = options->sets,
                                .n_sets = options->n_sets};
    GY_TRY(compare(net, path, options));
    GY_TRY(gy_opened_open(net->ctx, net->comm, &opening, &net->opened));
    settle_in(net);
    GY_TRY(options->training ? open_trained(net, options->most) : open_applied(net));
    return gy_comm_agree(net->comm, prepare(net, options->most));
}

static gy_status check_arguments(const gy_context *ctx, const char *path,
                                 const gy_network_options *o, gy_network **out)
{
    GY_REQUIRE(ctx != NULL && path != NULL && out != NULL, GY_E_USAGE,
               "cannot open a network" GY_WHY "an argument is missing: context, path, or out");
    GY_REQUIRE(o->threads >= 0 && o->most >= 0 && o->n_sets >= 0, GY_E_USAGE,
               "cannot open a network" GY_WHY "a number in its options is below 0");
    GY_REQUIRE(o->n_sets == 0 || o->sets != NULL, GY_E_USAGE,
               "cannot open a network" GY_AT "sets" GY_WHY "there are to be %d, and it is NULL",
               o->n_sets);
    return GY_OK;
}

gy_status gy_network_open(gy_context *ctx, gy_comm *comm, const char *path,
                          const gy_network_options *options, gy_network **out)
{
    GY_DOOR;
    static const gy_network_options plain = {.training = false};
    gy_network *net = NULL;
    if (options == NULL) options = &plain;
    gy_status status = check_arguments(ctx, path, options, out);
    GY_TRY(comm != NULL ? gy_comm_agree(comm, status) : status);
    GY_TRY(comm != NULL ? gy_comm_new(comm, &net) : gy_new(ctx, &net));
    *net = (gy_network){.ctx = ctx,
                        .comm = comm,
                        .training = options->training,
                        .last = {.step = -1},
                        .threads = options->threads > 0 ? options->threads : 1,
                        .net = &net->opened.network,
                        .feed = &net->opened.feed};
    status = comm != NULL ? GY_OK : gy_comm_alone(ctx, &net->own_comm);
    if (net->own_comm != NULL) net->comm = net->own_comm;
    if (status == GY_OK) {
        gy_opened_init(&net->opened, ctx, net->comm, NULL, NULL);
        status = open_it(net, path, options);
    }
    if (status == GY_OK)
        *out = net;
    else
        gy_network_close(net);
    return status;
}

void gy_network_close(gy_network *net)
{
    if (net == NULL) return;
    gy_context *ctx = net->ctx;
    gy_workspace_free(net->own);
    gy_packed_close(net);
    gy_moments_clear(ctx, &net->x);
    gy_moments_clear(ctx, &net->y);
    gy_given_clear(net);
    gy_free(ctx, net->announced);
    gy_free(ctx, net->tally);
    if (net->run.ctx != NULL) gy_run_clear(&net->run);
    if (net->opened.ctx != NULL) gy_opened_close(&net->opened);
    gy_comm_free(net->own_comm);
    gy_free(ctx, net);
}

static int tell_shape(const gy_shape *s, int64_t shape[GY_NETWORK_AXES])
{
    for (int i = 0; i < s->n && i < GY_NETWORK_AXES; i++) shape[i] = s->d[i];
    return s->n;
}

int gy_network_input(const gy_network *net, int64_t shape[GY_NETWORK_AXES])
{
    return net == NULL ? 0 : tell_shape(&net->input, shape);
}

int gy_network_output(const gy_network *net, int64_t shape[GY_NETWORK_AXES])
{
    return net == NULL ? 0 : tell_shape(&net->output, shape);
}

int gy_network_target(const gy_network *net, int64_t shape[GY_NETWORK_AXES])
{
    return net == NULL ? 0 : tell_shape(&net->target, shape);
}

int64_t gy_network_steps(const gy_network *net)
{
    if (net == NULL) return 0;
    return net->training ? net->run.at.step : net->opened.head.step;
}

static gy_status check_place(gy_comm *comm, const char *run_dir)
{
    gy_status status = GY_OK;
    gy_facts facts = {.n = 0};
    if (run_dir == NULL)
        status = gy_raise(GY_E_USAGE, "cannot save a network" GY_WHY "run_dir is missing");
    GY_TRY(gy_comm_agree(comm, status));
    gy_fact_put(gy_fact_new(&facts, "where the network is saved"), "%s", run_dir);
    return gy_comm_compare(comm, &facts, GY_E_USAGE, "call gy_network_save() alike on every rank");
}

/* Checkpoints go there. */
static gy_status aim_at(gy_opened *o, const char *run_dir)
{
    if (strcmp(o->config->run_dir, run_dir) == 0) return GY_OK;
    return gy_pool_string(&o->pool, run_dir, &o->config->run_dir);
}

gy_status gy_network_save(gy_network *net, const char *run_dir)
{
    GY_DOOR;
    GY_REQUIRE(net != NULL, GY_E_USAGE, "cannot save a network" GY_WHY "there is none");
    GY_REQUIRE(net->training, GY_E_USAGE,
               "cannot save the network" GY_WHY "it was opened to be applied" GY_HINT
               "open it with options.training");
    GY_TRY(check_place(net->comm, run_dir));
    GY_TRY(gy_comm_agree(net->comm, aim_at(&net->opened, run_dir)));
    return gy_run_save_in_memory(&net->run, &net->last);
}
