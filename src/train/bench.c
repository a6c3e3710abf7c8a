/*
 * `bench step`: the training step of a configuration, measured: a few steps to warm up, then the
 * median of each phase, and the mean of each layer. FLOPs a step are three times the forward
 * pass's, as is usual: the backward pass makes two products for each of the forward pass.
 */
#include "bench_impl.h"
#include "train_impl.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { WARM_UP = 2, MOST_STEPS = 1000 };

typedef struct bench {
    gy_run run;
    bool inference;
    int n, layers;
    double *layer; /* [2 layers] seconds of all steps, forward and backward */
    double step[MOST_STEPS];
    double phase[GY_PHASES][MOST_STEPS];
    int64_t allocations; /* of all steps */
} bench;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double gy_bench_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

/* The forward pass of the next batch, alone. */
static gy_status infer(gy_run *run)
{
    gy_batch batch = {.n = 0};
    float *y;
    double start = gy_clock_s(), *seconds = run->now.seconds;
    gy_model_run pass = {.kernel = run->kernel, .layer_seconds = run->layer_seconds};
    int64_t each = gy_shape_count(gy_model_input(run->model));
    GY_TRY(gy_loader_next(run->feed.loader[GY_PART_TRAIN], &batch));
    seconds[GY_PHASE_input] = gy_clock_s() - start;
    start = gy_clock_s();
    for (int64_t first = 0; first < batch.n; first += run->micro) {
        int64_t n = batch.n - first < run->micro ? batch.n - first : run->micro;
        GY_TRY(gy_model_forward(run->model, &pass, n, batch.x + first * each, &y));
    }
    seconds[GY_PHASE_forward] = gy_clock_s() - start;
    return GY_OK;
}

static gy_status take_step(bench *b)
{
    return b->inference ? infer(&b->run) : gy_run_step(&b->run);
}

static gy_status measure(bench *b)
{
    gy_run *run = &b->run;
    size_t bytes = sizeof *b->layer * 2 * (size_t)b->layers;
    GY_TRY(gy_loader_seek(run->feed.loader[GY_PART_TRAIN], 0, 0));
    run->layer_seconds = b->layer;
    for (int i = 0; i < WARM_UP; i++) GY_TRY(take_step(b));
    memset(b->layer, 0, bytes);
    int64_t before = gy_alloc_count(run->ctx);
    for (int i = 0; i < b->n; i++) {
        double start = gy_clock_s();
        GY_TRY(take_step(b));
        b->step[i] = gy_clock_s() - start;
        for (int p = 0; p < GY_PHASES; p++) b->phase[p][i] = run->now.seconds[p];
    }
    GY_TRY(gy_run_settle(run)); /* shares may be on their way */
    b->allocations = gy_alloc_count(run->ctx) - before;
    return GY_OK;
}

/* Returns the forward FLOPs of a sample. */
static double tell_layers(bench *b)
{
    double flops = 0, all = 0;
    double samples = (double)b->run.config->train.batch_size / b->run.ranks;
    for (int i = 0; i < 2 * b->layers; i++) all += b->layer[i];
    for (int i = 0; i < b->layers; i++) {
        gy_layer_row row = gy_model_layer(b->run.model, i);
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
        gy_run_tell(&b->run, &report, false);
        flops += row.flops;
    }
    return flops;
}

static gy_status add_memory(bench *b, gy_report *report)
{
    gy_run *run = &b->run;
    gy_model_memory memory;
    int64_t trainable = gy_model_params(run->model)->trainable;
    GY_TRY(gy_model_measure(run->model, run->micro,
                            b->inference ? GY_USE_EVALUATION : gy_run_use(run), &memory));
    gy_report_int(report, "parameter_bytes", memory.parameters + memory.buffers);
    gy_report_int(report, "gradient_bytes", memory.gradients);
    gy_report_int(report, "optimizer_bytes",
                  b->inference ? 0 : gy_optim_bytes(&run->config->optimizer.kind, trainable));
    gy_report_int(report, "activation_bytes", memory.activations);
    gy_report_int(report, "peak_bytes", gy_process_peak_bytes());
    return GY_OK;
}

/* Of rank 0: the ranks go in step. */
static gy_status tell(bench *b)
{
    gy_run *run = &b->run;
    gy_report report;
    double peak = 0, flops = tell_layers(b);
    gy_report_begin(&report, "bench");
    gy_status status = add_memory(b, &report); /* before the products of the peak take some */
    if (status == GY_OK) status = gy_kernel_peak(run->kernel, &peak);
    GY_TRY(gy_comm_agree(run->comm, status));
    double seconds = gy_bench_median(b->step, b->n),
           samples = (double)run->config->train.batch_size;
    double rate = (b->inference ? 1 : 3) * flops * samples / run->ranks / seconds * 1e-9;
    gy_report_text(&report, "name", run->config->name);
    gy_report_int(&report, "ranks", run->ranks);
    gy_report_int(&report, "threads", gy_kernel_threads(run->kernel));
    gy_report_int(&report, "steps", b->n);
    gy_report_bool(&report, "inference", b->inference);
    gy_report_float(&report, "step_ms", 1e3 * seconds);
    for (int p = 0; p < (b->inference ? GY_PHASE_backward : GY_PHASES); p++) {
        double middle = 1e3 * gy_bench_median(b->phase[p], b->n); /* sorted by now */
        gy_report_phase(&report, gy_phase_names[p], 1e3 * b->phase[p][0], middle,
                        1e3 * b->phase[p][b->n - 1]);
    }
    gy_report_float(&report, "samples_per_second", samples / seconds);
    gy_report_float(&report, "gflops", rate);
    gy_report_float(&report, "sgemm_gflops", peak);
    gy_report_float(&report, "share_of_sgemm", rate / peak);
    gy_report_float(&report, "allocations_a_step", (double)b->allocations / b->n);
    gy_run_tell(run, &report, false);
    return GY_OK;
}

static gy_status prepare(bench *b)
{
    gy_run *run = &b->run;
    b->layers = gy_model_layers(run->model);
    GY_TRY(gy_new_array(run->ctx, 2 * b->layers, &b->layer));
    if (!b->inference) return GY_OK;
    GY_TRY(gy_model_allocate(run->model, false));
    GY_TRY(gy_model_start(run->model, (uint64_t)run->config->seed));
    return gy_model_plan(run->model, run->micro, GY_USE_EVALUATION);
}

gy_status gy_bench_step(gy_context *ctx, gy_comm *comm, const gy_config *config,
                        const gy_bench_step_options *options)
{
    gy_train_options train = {.resume = "none",
                              .dry_run = options->inference, /* without vectors, then */
                              .observer = options->observer,
                              .observer_user = options->observer_user};
    gy_taught nothing = {NULL, NULL};
    int64_t n = options->steps;
    bench *b = NULL;
    gy_status status = gy_comm_agree(comm, gy_new(ctx, &b));
    if (status != GY_OK) {
        gy_free(ctx, b);
        return status;
    }
    b->inference = options->inference;
    b->n = (int)(n < 1 ? 1 : n > MOST_STEPS ? MOST_STEPS : n);
    gy_run_init(&b->run, ctx, comm, config, &train);
    status = gy_run_build(&b->run, &nothing);
    if (status == GY_OK) status = gy_comm_agree(comm, prepare(b));
    if (status == GY_OK) status = measure(b);
    if (b->inference) status = gy_comm_agree(comm, status); /* its passes are each rank's own */
    if (status == GY_OK) status = tell(b);
    gy_run_clear(&b->run);
    gy_free(ctx, b->layer);
    gy_free(ctx, b);
    return status;
}
