/*
 * `bench step`: the training step of a configuration, measured: a few to warm up, then the median of each phase, and the mean of each layer. FLOPs a step are three times the forward
 * pass's, as is usual: the backward pass makes two products for each of the forward pass.
 */
#include "bench.h"

#include "base/clock.h"
#include "base/door.h"
#include "comm/watchdog.h"
#include "train/run.h"

#include <string.h>

enum { WARM_UP = 2, MOST_STEPS = 1000 };

typedef struct bench {
    gy_context *ctx;
    gy_comm *comm;
    const gy_config *config;
    const gy_bench_step_options *options;
    gy_run run;
    int n, layers, ranks;
    double *layer; /* [2 layers] seconds of all steps, forward and backward */
    double now[GY_PHASES], step[MOST_STEPS], phase[GY_PHASES][MOST_STEPS];
    int64_t allocations; /* of all steps */
} bench;

static gy_status take_step(bench *b)
{
    GY_TRY(gy_run_step(&b->run));
    memcpy(b->now, b->run.now.seconds, sizeof b->now);
    return GY_OK;
}

static gy_status measure(bench *b)
{
    GY_TRY(gy_loader_seek(b->run.feed.loader[GY_PART_TRAIN], 0, 0));
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
    GY_TRY(gy_run_settle(&b->run)); /* shares may be on their way */
    b->allocations = gy_alloc_count(b->ctx) - before;
    return GY_OK;
}

static gy_status add_memory(const bench *b, gy_report *report)
{
    gy_model_memory memory;
    const gy_net *network = &b->run.network;
    gy_model *model = network->model;
    const gy_params *params = gy_model_params(model);
    GY_TRY(gy_model_measure(model, network->micro, gy_config_use(b->config, b->comm, network),
                            &memory));
    gy_report_int(report, "parameter_bytes", memory.parameters + memory.buffers);
    gy_report_int(report, "gradient_bytes", memory.gradients);
    gy_report_int(report, "optimizer_bytes",
                  gy_optim_bytes(&b->config->optimizer.kind, params, params->trainable));
    gy_report_int(report, "activation_bytes", memory.activations);
    gy_report_int(report, "peak_bytes", gy_process_peak_bytes());
    return GY_OK;
}

/* Of rank 0: the ranks go in step. */
static gy_status tell_all(bench *b)
{
    gy_report report;
    const double samples = (double)b->config->train.batch_size;
    const gy_bench_passes passes = {.comm = b->comm,
                                    .options = b->options,
                                    .network = &b->run.network,
                                    .n = b->n,
                                    .samples = samples,
                                    .layer = b->layer};
    double peak = 0;
    const double flops = gy_bench_tell_layers(&passes);
    gy_report_begin(&report, "bench");
    /* before the products of the peak take some */
    GY_TRY(gy_comm_agree(b->comm, add_memory(b, &report)));
    GY_TRY(gy_bench_peak(&passes, &peak));
    const double seconds = gy_bench_median(b->step, b->n);
    const double rate = 3 * flops * samples / b->ranks / seconds * 1e-9;
    gy_report_text(&report, "name", b->config->name);
    gy_report_int(&report, "ranks", b->ranks);
    gy_report_int(&report, "threads", gy_kernel_threads(b->run.network.kernel));
    gy_report_int(&report, "steps", b->n);
    gy_report_bool(&report, "inference", false);
    gy_report_float(&report, "step_ms", 1e3 * seconds);
    for (int p = 0; p < GY_PHASES; p++) {
        const double middle = 1e3 * gy_bench_median(b->phase[p], b->n); /* sorted by now */
        gy_report_phase(&report, gy_phase_names[p], 1e3 * b->phase[p][0], middle,
                        1e3 * b->phase[p][b->n - 1]);
    }
    gy_report_float(&report, "samples_per_second", samples / seconds);
    gy_bench_tell_rate(&passes, &report, rate, peak, b->allocations);
    return GY_OK;
}

static gy_status prepare(bench *b)
{
    const gy_taught nothing = {NULL, NULL};
    GY_TRY(gy_run_build(&b->run, &nothing));
    b->layers = gy_model_layers(b->run.network.model);
    return gy_comm_new_array(b->comm, 2 * b->layers, &b->layer);
}

gy_status gy_bench_step(gy_context *ctx, gy_comm *comm, const gy_config *config,
                        const gy_bench_step_options *options)
{
    GY_DOOR;
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
    gy_sync_watch(comm, &config->comm);
    gy_run_init(&b->run, ctx, comm, config, &train);
    gy_status status = prepare(b);
    if (status == GY_OK) status = measure(b);
    if (status == GY_OK) status = tell_all(b);
    gy_watchdog_set(comm, 0);
    gy_run_clear(&b->run);
    gy_free(ctx, b->layer);
    gy_free(ctx, b);
    return status;
}
