/** What measures of a network's calls share. */
#ifndef GY_BENCH_H
#define GY_BENCH_H

#include <gyre/status.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Ends the program where a call failed, and with it the other ranks: MPI has not ended. */
static inline void gy_bench_check(gy_status status)
{
    if (status == GY_OK) return;
    printf("%s\n", gy_error_last()->text);
    exit(1);
}

static inline int gy_bench_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Sorts them. */
static inline double gy_bench_median(double *times, int n)
{
    qsort(times, (size_t)n, sizeof *times, gy_bench_ascending);
    return times[n / 2];
}

/** Elements of a shape. */
static inline int64_t gy_bench_count(int axes, const int64_t *shape)
{
    int64_t n = 1;
    for (int i = 0; i < axes; i++) n *= shape[i];
    return n;
}

#endif
