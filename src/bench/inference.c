/*
 * `bench step --inference`: forward passes of a configuration or a checkpoint, of inputs drawn at random: of a
 * batch, for the throughput and each layer's time, and of one sample, for the latency.
 */
#include "bench.h"

#include "apply/opened.h"
#include "base/clock.h"
#include "base/door.h"
#include "comm/comm.h"

enum { WARM_UP = 2, MOST_PASSES = 1000 };

typedef struct bench {
    gy_context *ctx;
    gy_comm *comm;
    const gy_bench_step_options *options;
    gy_opened o;
    int n, layers;
    int64_t part;  /* samples of a batch that are this rank's */
    float *x;      /* [part, input] */
    double *layer; /* [2 layers] */
    double pass[MOST_PASSES], one[MOST_PASSES];
    int64_t allocations; /* of all */
} bench;

/* Numbers between −1 and 1, or tokens. */
static void draw(int64_t n, int64_t vocabulary, float *x)
{
    uint32_t seed = 1;
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        x[i] = vocabulary > 0 ? (float)((seed >> 8) % (uint64_t)vocabulary)
                              : (float)(seed >> 8) / 0x1p23F - 1;
    }
}

static gy_status load(bench *b)
{
    gy_opened *o = &b->o;
    gy_net *network = &o->network;
    const int64_t batch = gy_most(o->config->train.batch_size, o->ranks);
    GY_TRY(gy_opened_build(o));
    GY_TRY(gy_net_aim(network, NULL));
    gy_net_cut(network, batch, o->ranks, o->config->train.micro_batch_size);
    GY_TRY(gy_net_make_pieces(network));
    if (o->path == NULL) GY_TRY(gy_model_start(network->model, (uint64_t)o->config->seed));
    GY_TRY(gy_model_plan(network->model, network->micro, GY_USE_EVALUATION));
    b->part = batch * (o->rank + 1) / o->ranks - batch * o->rank / o->ranks;
    b->layers = gy_model_layers(network->model);
    GY_TRY(gy_new_array(b->ctx, 2 * b->layers, &b->layer));
    const int64_t input = gy_shape_count(gy_model_input(network->model));
    GY_TRY(gy_new_array(b->ctx, b->part * input, &b->x));
    draw(b->part * input, gy_model_vocabulary(network->model), b->x);
    return GY_OK;
}

static gy_status pass(const bench *b, int64_t samples, double *layer, double *seconds)
{
    const gy_net *network = &b->o.network;
    const gy_samples part = {.n = samples, .global = samples, .x = b->x};
    gy_model_run run = {.kernel = network->kernel, .layer_seconds = layer};
    const double start = gy_clock_s();
    for (gy_piece piece = {.x = NULL}; gy_piece_next(network, &part, &piece);) {
        float *y;
        GY_TRY(gy_model_forward(network->model, &run, piece.n, piece.x, &y));
    }
    *seconds = gy_clock_s() - start;
    return GY_OK;
}

static gy_status measure(bench *b)
{
    double warm[WARM_UP];
    for (int i = 0; i < WARM_UP; i++) GY_TRY(pass(b, b->part, NULL, &warm[i]));
    const int64_t before = gy_alloc_count(b->ctx);
    for (int i = 0; i < b->n; i++) GY_TRY(pass(b, b->part, b->layer, &b->pass[i]));
    b->allocations = gy_alloc_count(b->ctx) - before;
    for (int i = 0; i < WARM_UP; i++) GY_TRY(pass(b, 1, NULL, &warm[i]));
    for (int i = 0; i < b->n; i++) GY_TRY(pass(b, 1, NULL, &b->one[i]));
    return GY_OK;
}

static gy_status add_memory(const bench *b, gy_report *report)
{
    gy_model_memory memory;
    const gy_net *network = &b->o.network;
    GY_TRY(gy_model_measure(network->model, network->micro, GY_USE_EVALUATION, &memory));
    gy_report_int(report, "parameter_bytes", memory.parameters + memory.buffers + memory.packed);
    gy_report_int(report, "activation_bytes", memory.activations);
    gy_report_int(report, "peak_bytes", gy_process_peak_bytes());
    return GY_OK;
}

/* Of rank 0, but for the passes that all made: the slowest rank's. */
static gy_status tell(bench *b)
{
    gy_report report;
    const gy_opened *o = &b->o;
    const double samples = (double)gy_most(o->config->train.batch_size, o->ranks);
    const gy_bench_passes passes = {.comm = b->comm,
                                    .options = b->options,
                                    .network = &o->network,
                                    .n = b->n,
                                    .samples = samples,
                                    .layer = b->layer};
    double seconds = gy_bench_median(b->pass, b->n), peak = 0;
    const double latency = gy_bench_median(b->one, b->n), flops = gy_bench_tell_layers(&passes);
    GY_TRY(gy_comm_max(b->comm, &seconds, 1));
    gy_report_begin(&report, "bench");
    GY_TRY(gy_comm_agree(b->comm, add_memory(b, &report))); /* before the peak's products */
    GY_TRY(gy_bench_peak(&passes, &peak));
    const double rate = flops * samples / o->ranks / seconds * 1e-9;
    gy_report_text(&report, "name", o->config->name);
    gy_report_int(&report, "ranks", o->ranks);
    gy_report_int(&report, "threads", gy_kernel_threads(o->network.kernel));
    gy_report_int(&report, "steps", b->n);
    gy_report_bool(&report, "inference", true);
    gy_report_int(&report, "batch", (int64_t)samples);
    gy_report_float(&report, "step_ms", 1e3 * seconds);
    gy_report_float(&report, "step_least_ms", 1e3 * b->pass[0]); /* sorted by now */
    gy_report_float(&report, "samples_per_second", samples / seconds);
    gy_report_float(&report, "latency_ms", 1e3 * latency);
    gy_report_float(&report, "latency_least_ms", 1e3 * b->one[0]);
    gy_bench_tell_rate(&passes, &report, rate, peak, b->allocations);
    return GY_OK;
}

static gy_status run(bench *b, const gy_opening *opening)
{
    GY_TRY(gy_opened_open(b->ctx, b->comm, opening, &b->o));
    GY_TRY(gy_comm_agree(b->comm, load(b)));
    if (b->o.path != NULL) GY_TRY(gy_opened_read(&b->o));
    GY_TRY(gy_comm_agree(b->comm, measure(b))); /* passes are a rank's own */
    return tell(b);
}

gy_status gy_bench_inference(gy_context *ctx, gy_comm *comm, const char *path,
                             const char *const *sets, int n, const gy_bench_step_options *options)
{
    GY_DOOR;
    const gy_opening opening = {.path = path, .or_config = true, .sets = sets, .n_sets = n};
    bench *b = NULL;
    GY_TRY(gy_comm_new(comm, &b));
    const int64_t steps = gy_least(gy_most(options->steps, 1), MOST_PASSES);
    *b = (bench){.ctx = ctx, .comm = comm, .options = options, .n = (int)steps};
    gy_opened_init(&b->o, ctx, comm, NULL, NULL);
    gy_status status = run(b, &opening);
    gy_opened_close(&b->o);
    gy_free(ctx, b->x);
    gy_free(ctx, b->layer);
    gy_free(ctx, b);
    return status;
}
