#include "rank.h"

#include <math.h>
#include <stdbool.h>

void gy_rank(const double *x, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        double below = 0, equal = 0;
        for (int64_t j = 0; j < n; j++) {
            below += x[j] < x[i];
            equal += x[j] == x[i];
        }
        out[i] = below + (equal + 1) / 2;
    }
}

static double mean_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

double gy_correlation(const double *a, const double *b, int64_t n)
{
    const double ma = mean_of(a, n), mb = mean_of(b, n);
    double ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* Whether no earlier one equals x[i]. */
static bool is_first(const double *x, int64_t i)
{
    for (int64_t j = 0; j < i; j++)
        if (x[j] == x[i]) return false;
    return true;
}

double gy_correlation_ratio(const double *x, const double *y, int64_t n)
{
    const double mean = mean_of(y, n);
    double between = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0, count = 0;
        all += (y[i] - mean) * (y[i] - mean);
        if (!is_first(x, i)) continue;
        for (int64_t j = i; j < n; j++) {
            if (x[j] != x[i]) continue;
            sum += y[j];
            count++;
        }
        between += count * (sum / count - mean) * (sum / count - mean);
    }
    return all > 0 ? sqrt(between / all) : 0;
}
