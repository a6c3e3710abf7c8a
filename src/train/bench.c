/*
 * `bench step`: the training step of a configuration, measured: a few steps to warm up, then the
 * median of each phase. FLOPs a step are three times the forward pass's, as is usual: the backward
 * pass makes two products for each of the forward pass.
 */
#include "train_impl.h"

#include "base/clock.h"

#include <stdlib.h>

enum { WARM_UP = 2, MOST_STEPS = 1000 };

typedef struct times {
    double step[MOST_STEPS];
    double phase[GY_PHASES][MOST_STEPS];
    int64_t allocations;
} times;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

static gy_status measure(gy_run *run, int n, times *t)
{
    GY_TRY(gy_loader_seek(run->feed.loader[GY_PART_TRAIN], 0, 0));
    for (int i = 0; i < WARM_UP; i++) GY_TRY(gy_run_step(run));
    int64_t before = gy_alloc_count(run->ctx);
    for (int i = 0; i < n; i++) {
        double start = gy_clock_s();
        GY_TRY(gy_run_step(run));
        t->step[i] = gy_clock_s() - start;
        for (int p = 0; p < GY_PHASES; p++) t->phase[p][i] = run->now.seconds[p];
    }
    t->allocations = gy_alloc_count(run->ctx) - before;
    return GY_OK;
}

/* Of rank 0: the ranks go in step. */
static gy_status tell(gy_run *run, int n, times *t)
{
    gy_report report;
    double peak = 0, flops = 0;
    GY_TRY(gy_comm_agree(run->comm, gy_kernel_peak(run->kernel, &peak)));
    for (int i = 0; i < gy_model_layers(run->model); i++)
        flops += gy_model_layer(run->model, i).flops;
    double seconds = median(t->step, n), samples = (double)run->config->train.batch_size;
    double rate = 3 * flops * samples / run->ranks / seconds * 1e-9;
    gy_report_begin(&report, "bench");
    gy_report_text(&report, "name", run->config->name);
    gy_report_int(&report, "ranks", run->ranks);
    gy_report_int(&report, "threads", gy_kernel_threads(run->kernel));
    gy_report_int(&report, "steps", n);
    gy_report_float(&report, "step_ms", 1e3 * seconds);
    for (int p = 0; p < GY_PHASES; p++) {
        double middle = 1e3 * median(t->phase[p], n); /* sorted by now */
        gy_report_phase(&report, gy_phase_names[p], 1e3 * t->phase[p][0], middle,
                        1e3 * t->phase[p][n - 1]);
    }
    gy_report_float(&report, "samples_per_second", samples / seconds);
    gy_report_float(&report, "gflops", rate);
    gy_report_float(&report, "sgemm_gflops", peak);
    gy_report_float(&report, "share_of_sgemm", rate / peak);
    gy_report_float(&report, "allocations_a_step", (double)t->allocations / n);
    gy_run_tell(run, &report, false);
    return GY_OK;
}

gy_status gy_bench_step(gy_context *ctx, gy_comm *comm, const gy_config *config, int64_t steps,
                        gy_observer *observer, void *user)
{
    gy_train_options options = {.resume = "none", .observer = observer, .observer_user = user};
    gy_taught nothing = {NULL, NULL};
    gy_run run;
    times *t = NULL;
    int n = (int)(steps < 1 ? 1 : steps > MOST_STEPS ? MOST_STEPS : steps);
    gy_run_init(&run, ctx, comm, config, &options);
    gy_status status = gy_comm_agree(comm, gy_new(ctx, &t));
    if (status == GY_OK) status = gy_run_build(&run, &nothing);
    if (status == GY_OK) status = measure(&run, n, t);
    if (status == GY_OK) status = tell(&run, n, t);
    gy_run_clear(&run);
    gy_free(ctx, t);
    return status;
}
