/* What benchmarks share: medians, and telling. */
#include "bench.h"

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
