/*
 * `bench step`: the training step of a configuration, or its forward pass alone, measured: a few to warm
 * up, then the median of each phase, and the mean of each layer. FLOPs a step are three times the forward
 * pass's, as is usual: the backward pass makes two products for each of the forward pass.
 */
#include "bench.h"

#include "base/clock.h"
#include "comm/watchdog.h"
#include "train/run.h"

#include <string.h>

enum { WARM_UP = 2, MOST_STEPS = 1000 };

typedef struct bench {
    gy_context *ctx;
    gy_comm *comm;
    const gy_config *config;
    const gy_bench_step_options *options;
    gy_run run;          /* steps of training */
    gy_network inferred; /* or passes of inference */
    gy_feed fed;
    gy_network *network; /* whichever is measured */
    gy_feed *feed;
    int n, layers, ranks;
    double *layer; /* [2 layers] seconds of all steps, forward and backward */
    double now[GY_PHASES], step[MOST_STEPS], phase[GY_PHASES][MOST_STEPS];
    int64_t allocations; /* of all steps */
} bench;

static void tell(const bench *b, gy_report *report)
{
    gy_bench_tell(b->comm, b->options->observer, b->options->observer_user, report);
}

/* The forward pass of the next batch, alone. */
static gy_status infer(bench *b)
{
    gy_batch batch = {.n = 0};
    double start = gy_clock_s();
    gy_model_run pass = {.kernel = b->network->kernel, .layer_seconds = b->layer};
    GY_TRY(gy_loader_next(b->feed->loader[GY_PART_TRAIN], &batch));
    b->now[GY_PHASE_input] = gy_clock_s() - start;
    start = gy_clock_s();
    const gy_samples samples = gy_feed_samples(&batch);
    for (gy_piece piece = {.x = NULL}; gy_piece_next(b->network, &samples, &piece);) {
        float *y;
        GY_TRY(gy_model_forward(b->network->model, &pass, piece.n, piece.x, &y));
    }
    b->now[GY_PHASE_forward] = gy_clock_s() - start;
    return GY_OK;
}

static gy_status take_step(bench *b)
{
    if (b->options->inference) return infer(b);
    GY_TRY(gy_run_step(&b->run));
    memcpy(b->now, b->run.now.seconds, sizeof b->now);
    return GY_OK;
}

static gy_status measure(bench *b)
{
    GY_TRY(gy_loader_seek(b->feed->loader[GY_PART_TRAIN], 0, 0));
    b->run.layer_seconds = b->layer;
    for (int i = 0; i < WARM_UP; i++) GY_TRY(take_step(b));
    memset(b->layer, 0, sizeof *b->layer * 2 * (size_t)b->layers);
    int64_t before = gy_alloc_count(b->ctx);
    for (int i = 0; i < b->n; i++) {
        double start = gy_clock_s();
        GY_TRY(take_step(b));
        b->step[i] = gy_clock_s() - start;
        for (int p = 0; p < GY_PHASES; p++) b->phase[p][i] = b->now[p];
    }
    if (!b->options->inference) GY_TRY(gy_run_settle(&b->run)); /* shares may be on their way */
    b->allocations = gy_alloc_count(b->ctx) - before;
    return GY_OK;
}

/* Returns the forward FLOPs of a sample. */
static double tell_layers(bench *b)
{
    double flops = 0, all = 0;
    double samples = (double)b->config->train.batch_size / b->ranks;
    for (int i = 0; i < 2 * b->layers; i++) all += b->layer[i];
    for (int i = 0; i < b->layers; i++) {
        gy_layer_row row = gy_model_layer(b->network->model, i);
        double forward = b->layer[i] / b->n, backward = b->layer[b->layers + i] / b->n;
        double passes = backward > 0 ? 3 : 1;
        gy_report report;
        gy_report_begin(&report, "layer");
        gy_report_text(&report, "name", row.name);
        gy_report_text(&report, "kind", row.kind);
        gy_report_text(&report, "method", row.method);
        gy_report_float(&report, "forward_ms", 1e3 * forward);
        gy_report_float(&report, "backward_ms", 1e3 * backward);
        gy_report_float(&report, "share", all > 0 ? (forward + backward) * b->n / all : 0);
        if (row.flops > 0 && forward > 0)
            gy_report_float(&report, "gflops",
                            1e-9 * passes * row.flops * samples / (forward + backward));
        tell(b, &report);
        flops += row.flops;
    }
    return flops;
}

static gy_status add_memory(bench *b, gy_report *report)
{
    gy_model_memory memory;
    gy_model *model = b->network->model;
    const bool inference = b->options->inference;
    gy_model_use use =
        inference ? GY_USE_EVALUATION : gy_config_use(b->config, b->comm, b->network);
    int64_t trainable = gy_model_params(model)->trainable;
    GY_TRY(gy_model_measure(model, b->network->micro, use, &memory));
    gy_report_int(report, "parameter_bytes", memory.parameters + memory.buffers);
    gy_report_int(report, "gradient_bytes", memory.gradients);
    gy_report_int(
        report, "optimizer_bytes",
        inference ? 0
                  : gy_optim_bytes(&b->config->optimizer.kind, gy_model_params(model), trainable));
    gy_report_int(report, "activation_bytes", memory.activations);
    gy_report_int(report, "peak_bytes", gy_process_peak_bytes());
    return GY_OK;
}

/* Of rank 0: the ranks go in step. */
static gy_status tell_all(bench *b)
{
    gy_report report;
    const bool inference = b->options->inference;
    double peak = 0, flops = tell_layers(b);
    gy_report_begin(&report, "bench");
    gy_status status = add_memory(b, &report); /* before the products of the peak take some */
    if (status == GY_OK) status = gy_kernel_peak(b->network->kernel, &peak);
    GY_TRY(gy_comm_agree(b->comm, status));
    double seconds = gy_bench_median(b->step, b->n);
    double samples = (double)b->config->train.batch_size;
    double rate = (inference ? 1 : 3) * flops * samples / b->ranks / seconds * 1e-9;
    gy_report_text(&report, "name", b->config->name);
    gy_report_int(&report, "ranks", b->ranks);
    gy_report_int(&report, "threads", gy_kernel_threads(b->network->kernel));
    gy_report_int(&report, "steps", b->n);
    gy_report_bool(&report, "inference", inference);
    gy_report_float(&report, "step_ms", 1e3 * seconds);
    for (int p = 0; p < (inference ? GY_PHASE_backward : GY_PHASES); p++) {
        double middle = 1e3 * gy_bench_median(b->phase[p], b->n); /* sorted by now */
        gy_report_phase(&report, gy_phase_names[p], 1e3 * b->phase[p][0], middle,
                        1e3 * b->phase[p][b->n - 1]);
    }
    gy_report_float(&report, "samples_per_second", samples / seconds);
    gy_report_float(&report, "gflops", rate);
    gy_report_float(&report, "sgemm_gflops", peak);
    gy_report_float(&report, "share_of_sgemm", rate / peak);
    gy_report_float(&report, "allocations_a_step", (double)b->allocations / b->n);
    tell(b, &report);
    return GY_OK;
}

static gy_status open_inference(bench *b)
{
    gy_network_spec spec;
    GY_TRY(gy_config_network(b->config, b->comm, &spec));
    GY_TRY(gy_network_open(b->ctx, &spec, &b->inferred));
    gy_feed_init(&b->fed, b->ctx, b->comm, b->config, &b->inferred);
    b->fed.text[GY_PART_TRAIN] = gy_feed_name(b->config, GY_PART_TRAIN);
    GY_REQUIRE(b->fed.text[GY_PART_TRAIN] != NULL, GY_E_CONFIG,
               "no training data" GY_AT "data.train" GY_WHY "it is not given");
    return GY_OK;
}

static gy_status load_inference(bench *b)
{
    int64_t batch = b->config->train.batch_size;
    GY_TRY(gy_network_aim(&b->inferred, NULL));
    GY_TRY(gy_feed_load(&b->fed, GY_PART_TRAIN, batch));
    gy_network_cut(&b->inferred, batch, b->ranks, b->config->train.micro_batch_size);
    GY_TRY(gy_network_make_pieces(&b->inferred));
    GY_TRY(gy_model_allocate(b->inferred.model, false));
    GY_TRY(gy_model_start(b->inferred.model, (uint64_t)b->config->seed));
    return gy_model_plan(b->inferred.model, b->inferred.micro, GY_USE_EVALUATION);
}

static gy_status prepare(bench *b, const gy_train_options *train)
{
    const gy_taught nothing = {NULL, NULL};
    b->network = &b->inferred;
    b->feed = &b->fed;
    if (b->options->inference) {
        GY_TRY(gy_comm_agree(b->comm, open_inference(b)));
        GY_TRY(gy_feed_open(&b->fed, &nothing));
        GY_TRY(gy_comm_agree(b->comm, load_inference(b)));
    } else {
        b->network = &b->run.network;
        b->feed = &b->run.feed;
        gy_run_init(&b->run, b->ctx, b->comm, b->config, train);
        GY_TRY(gy_run_build(&b->run, &nothing));
    }
    b->layers = gy_model_layers(b->network->model);
    return gy_comm_new_array(b->comm, 2 * b->layers, &b->layer);
}

static void clear(bench *b)
{
    if (!b->options->inference) gy_run_clear(&b->run);
    gy_feed_clear(&b->fed);
    gy_network_close(&b->inferred);
    gy_free(b->ctx, b->layer);
}

gy_status gy_bench_step(gy_context *ctx, gy_comm *comm, const gy_config *config,
                        const gy_bench_step_options *options)
{
    const gy_train_options train = {.resume = "none"};
    int64_t n = options->steps;
    bench *b = NULL;
    GY_TRY(gy_config_agree(comm, config));
    GY_TRY(gy_comm_new(comm, &b));
    *b = (bench){.ctx = ctx,
                 .comm = comm,
                 .config = config,
                 .options = options,
                 .n = (int)(n < 1            ? 1
                            : n > MOST_STEPS ? MOST_STEPS
                                             : n),
                 .ranks = gy_comm_ranks(comm)};
    gy_watchdog_set(comm, config->comm.watchdog_seconds);
    gy_status status = prepare(b, &train);
    if (status == GY_OK) status = measure(b);
    if (options->inference) status = gy_comm_agree(comm, status); /* passes are a rank's own */
    if (status == GY_OK) status = tell_all(b);
    gy_watchdog_set(comm, 0);
    clear(b);
    gy_free(ctx, b);
    return status;
}
