/** What benchmarks share. */
#ifndef GY_BENCH_BENCH_H
#define GY_BENCH_BENCH_H

#include "comm/comm.h"
#include "event/event.h"

/** The median of n ≥ 1 values, which are sorted, the least first. Local. */
double gy_bench_median(double *v, int n);

/** Tells an observer, which may be NULL, on rank 0. Local. */
void gy_bench_tell(const gy_comm *comm, gy_observer *observer, void *user, gy_report *report);

#endif
