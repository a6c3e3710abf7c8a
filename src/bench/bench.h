/** What benchmarks share. */
#ifndef GY_BENCH_BENCH_H
#define GY_BENCH_BENCH_H

#include <gyre/train.h>

#include "event/event.h"
#include "network/network.h"

/** The median of n ≥ 1 values, which are sorted, the least first. Local. */
double gy_bench_median(double *v, int n);

/** Tells an observer, which may be NULL, on rank 0. Local. */
void gy_bench_tell(const gy_comm *comm, gy_observer *observer, void *user, gy_report *report);

/** What steps or passes of a network are told of. */
typedef struct gy_bench_passes {
    gy_comm *comm;
    const gy_bench_step_options *options;
    const gy_net *network;
    int n;               /* measured */
    double samples;      /* in each, of all ranks */
    const double *layer; /* [2 layers] seconds of all, forward and backward */
} gy_bench_passes;

/** Tells each layer; returns the forward FLOPs of a sample. Local. */
double gy_bench_tell_layers(const gy_bench_passes *p);
/** What every rank takes in the same time: the BLAS's rate, for a measure beside it. Collective. */
gy_status gy_bench_peak(const gy_bench_passes *p, double *gflops) GY_CHECKED;
/** Tells the report of all steps, with its last values: the rate beside the BLAS's, and what was allocated. Local. */
void gy_bench_tell_rate(const gy_bench_passes *p, gy_report *report, double gflops, double peak,
                        int64_t allocations);

#endif
