/* What benchmarks share: medians, and telling. */
#include "bench.h"

#include "comm/comm.h"

#include <stdlib.h>

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

void gy_bench_tell(const gy_comm *comm, gy_observer *observer, void *user, gy_report *report)
{
    if (gy_comm_rank(comm) == 0 && observer != NULL) observer(user, &report->event);
}

double gy_bench_tell_layers(const gy_bench_passes *p)
{
    gy_model *model = p->network->model;
    double flops = 0, all = 0;
    const double samples = p->samples / gy_comm_ranks(p->comm);
    const int layers = gy_model_layers(model);
    for (int i = 0; i < 2 * layers; i++) all += p->layer[i];
    for (int i = 0; i < layers; i++) {
        const gy_layer_row row = gy_model_layer(model, i);
        const double forward = p->layer[i] / p->n, backward = p->layer[layers + i] / p->n;
        const double passes = backward > 0 ? 3 : 1;
        gy_report report;
        gy_report_begin(&report, "layer");
        gy_report_text(&report, "name", row.name);
        gy_report_text(&report, "kind", row.kind);
        gy_report_text(&report, "method", row.method);
        gy_report_float(&report, "forward_ms", 1e3 * forward);
        gy_report_float(&report, "backward_ms", 1e3 * backward);
        gy_report_float(&report, "share", all > 0 ? (forward + backward) * p->n / all : 0);
        if (row.flops > 0 && forward > 0)
            gy_report_float(&report, "gflops",
                            1e-9 * passes * row.flops * samples / (forward + backward));
        gy_bench_tell(p->comm, p->options->observer, p->options->observer_user, &report);
        flops += row.flops;
    }
    return flops;
}

gy_status gy_bench_peak(const gy_bench_passes *p, double *gflops)
{
    return gy_comm_agree(p->comm, gy_kernel_peak(p->network->kernel, gflops));
}

void gy_bench_tell_rate(const gy_bench_passes *p, gy_report *report, double gflops, double peak,
                        int64_t allocations)
{
    gy_report_float(report, "gflops", gflops);
    gy_report_float(report, "sgemm_gflops", peak);
    gy_report_float(report, "share_of_sgemm", gflops / peak);
    gy_report_float(report, "allocations_a_step", (double)allocations / p->n);
    gy_bench_tell(p->comm, p->options->observer, p->options->observer_user, report);
}
