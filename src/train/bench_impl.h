/** What benchmarks share. Inside train only. */
#ifndef GY_TRAIN_BENCH_IMPL_H
#define GY_TRAIN_BENCH_IMPL_H

/** The median of n ≥ 1 values, which are sorted, the least first. */
double gy_bench_median(double *v, int n);

#endif
