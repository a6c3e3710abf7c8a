/*
 * Group norm: each sample's columns are summed, then put together by groups; with the means and
 * factors of its groups repeated for each column it is a norm of columns. Samples are spread.
 */
#include "norm_impl.h"

#include "elementwise.h"

#include <math.h>

enum { COST = 8 };

/* What a sample has in scratch: a double for each sum of a column, a float for each factor. */
typedef struct room {
    double *first, *second;
    float *mean, *scale, *slope, *shift;
} room;

int64_t gy_group_norm_scratch(int64_t columns)
{
    return columns * (int64_t)(2 * sizeof(double) + 6 * sizeof(float));
}

static room room_of(const gy_group_norm *p, void *scratch, int64_t sample)
{
    const int64_t c = p->columns;
    double *sums = (double *)scratch + 2 * c * sample;
    float *factors = (float *)((double *)scratch + 2 * c * p->batch) + 4 * c * sample;
    return (room){sums, sums + c, factors, factors + c, factors + 2 * c, factors + 3 * c};
}

/* Mean and 1 / deviation of a group from its columns' moments. */
static void group_moments(const gy_group_norm *p, const double *means, const double *squares,
                          double *mean, double *scale)
{
    const int64_t width = p->columns / p->groups;
    const double rows = (double)p->rows;
    double sum = 0.0, rest = 0.0;
    for (int64_t c = 0; c < width; c++) sum += means[c];
    *mean = sum / (double)width;
    for (int64_t c = 0; c < width; c++)
        rest += squares[c] + rows * (means[c] - *mean) * (means[c] - *mean);
    *scale = 1.0 / sqrt((rest < 0.0 ? 0.0 : rest) / (rows * (double)width) + (double)p->epsilon);
}

static void forward_sample(const gy_kernel *k, const gy_group_norm *p, const room *r,
                           const float *x, const float *gamma, const float *beta, float *y,
                           float *stats)
{
    const int64_t width = p->columns / p->groups;
    gy_columns_moments(k->vector, p->rows, p->columns, x, r->first, r->second);
    for (int64_t g = 0; g < p->groups; g++) {
        double mean, scale;
        group_moments(p, r->first + g * width, r->second + g * width, &mean, &scale);
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            r->mean[c] = (float)mean;
            r->scale[c] = (float)(scale * (double)gamma[c]);
        }
        if (stats == NULL) continue;
        stats[2 * g] = (float)mean;
        stats[2 * g + 1] = (float)scale;
    }
    gy_columns_forward(k->vector, p->rows, p->columns, x,
                       &(gy_column_norm){r->mean, r->scale, beta, false}, y);
}

void gy_group_norm_forward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                           const float *gamma, const float *beta, void *scratch, float *y,
                           float *stats)
{
    const int64_t each = p->rows * p->columns;
    GY_SPREAD(gy_team(k, p->batch * each, COST), i, p->batch, 1, {
        const room r = room_of(p, scratch, i);
        forward_sample(k, p, &r, x + i * each, gamma, beta, y + i * each,
                       stats == NULL ? NULL : stats + 2 * p->groups * i);
    });
}

/* The factors of dx, and Σ dy z, Σ dy of each column, of one sample. */
static void slopes_of(const gy_group_norm *p, const room *r, const float *gamma, const float *stats,
                      float *along, float *all)
{
    const int64_t width = p->columns / p->groups;
    const double n = (double)(p->rows * width);
    for (int64_t g = 0; g < p->groups; g++) {
        const double scale = (double)stats[2 * g + 1];
        double sum = 0.0, product = 0.0;
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            sum += (double)gamma[c] * r->first[c];
            product += (double)gamma[c] * r->second[c];
            along[c] = (float)(scale * r->second[c]);
            all[c] = (float)r->first[c];
        }
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            r->scale[c] = (float)(scale * (double)gamma[c]);
            r->slope[c] = (float)(scale * scale * scale * product / n);
            r->shift[c] = (float)(scale * sum / n);
        }
    }
}

void gy_group_norm_backward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                            const float *gamma, const float *stats, const float *dy, void *scratch,
                            float *dx, float *dgamma, float keep_gamma, float *dbeta,
                            float keep_beta)
{
    const int64_t each = p->rows * p->columns, width = p->columns / p->groups;
    float *along = room_of(p, scratch, p->batch).mean, *all = along + p->batch * p->columns;
    GY_SPREAD(gy_team(k, p->batch * each, COST), i, p->batch, 1, {
        const room r = room_of(p, scratch, i);
        const float *own = stats + 2 * p->groups * i;
        const gy_column_norm n = {.mean = r.mean, .scale = r.scale};
        for (int64_t c = 0; c < p->columns; c++) r.mean[c] = own[2 * (c / width)];
        gy_columns_products(k->vector, p->rows, p->columns, x + i * each, &n, dy + i * each,
                            r.first, r.second);
        slopes_of(p, &r, gamma, own, along + i * p->columns, all + i * p->columns);
        if (dx != NULL)
            gy_columns_backward(k->vector, p->rows, p->columns, x + i * each, &n, r.slope, r.shift,
                                dy + i * each, dx + i * each);
    });
    if (dgamma != NULL) gy_column_sum(k, p->batch, p->columns, along, keep_gamma, dgamma);
    if (dbeta != NULL) gy_column_sum(k, p->batch, p->columns, all, keep_beta, dbeta);
}
