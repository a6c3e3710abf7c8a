/*
 * Group norm: each sample's columns are summed, then put together by groups; with the means and
 * factors of its groups repeated for each column it is a norm of columns.
 *
 * A large sample is cut into parts of its rows, in a way that depends on its shape alone, so that a
 * sample's bits depend neither on others nor on threads. Threads take whole samples, and where there
 * are too few of them, parts:
 *
 *     gather   sums of a part's columns, in the part's own place
 *     settle   from those of all parts what a sample's groups have, repeated for each column
 *     apply    the norm of a part's columns
 */
#include "norm_impl.h"

#include "elementwise.h"

#include <math.h>

enum { COST = 8 };

/* A pass over all samples: forward where dy is NULL. */
typedef struct pass {
    const gy_vector *vector;
    gy_group_norm p;
    gy_column_parts parts; /* of a sample's rows */
    const float *x, *gamma, *beta, *dy;
    float *y, *stats;
    const float *kept;  /* stats of the forward pass, where backward */
    float *dx;          /* NULL: not wanted */
    float *along, *all; /* [batch, columns] Σ dy z, Σ dy */
    double *sums; /* [batch, 2, parts, columns]: means and squares, or Σ dy and Σ dy (x − mean) */
    float *factors; /* [batch, 4, columns] */
} pass;

/* What a sample has in scratch, for each column: sums of the first part, then of all; factors. */
typedef struct room {
    double *first, *second;
    float *mean, *scale, *slope, *shift;
} room;

int64_t gy_group_norm_scratch(int64_t rows, int64_t columns)
{
    const int64_t parts = gy_column_cut(rows, columns).n;
    return columns * (int64_t)(2 * (size_t)parts * sizeof(double) + 6 * sizeof(float));
}

static pass begin(const gy_kernel *k, const gy_group_norm *p, void *scratch)
{
    pass a = {.vector = k->vector, .p = *p, .parts = gy_column_cut(p->rows, p->columns)};
    const int64_t all = p->batch * p->columns;
    a.sums = scratch;
    a.factors = (float *)(a.sums + 2 * a.parts.n * all);
    a.along = a.factors + 4 * all;
    a.all = a.along + all;
    return a;
}

static room room_of(const pass *a, int64_t sample)
{
    const int64_t c = a->p.columns;
    double *sums = a->sums + 2 * a->parts.n * c * sample;
    float *factors = a->factors + 4 * c * sample;
    return (room){sums,        sums + a->parts.n * c, factors,
                  factors + c, factors + 2 * c,       factors + 3 * c};
}

/* Where a part of a sample begins. @param rows  out: that it has */
static int64_t place_of(const pass *a, int64_t sample, int64_t part, int64_t *rows)
{
    const int64_t from = part * a->parts.rows;
    *rows = gy_least(a->parts.rows, a->p.rows - from);
    return (sample * a->p.rows + from) * a->p.columns;
}

static void repeat_means(const pass *a, int64_t sample)
{
    const room r = room_of(a, sample);
    const float *stats = a->kept + 2 * a->p.groups * sample;
    const int64_t width = a->p.columns / a->p.groups;
    for (int64_t c = 0; c < a->p.columns; c++) r.mean[c] = stats[2 * (c / width)];
}

static void gather(const pass *a, int64_t sample, int64_t part)
{
    int64_t rows;
    const int64_t at = place_of(a, sample, part, &rows), c = a->p.columns;
    const room r = room_of(a, sample);
    const gy_column_norm n = {.mean = r.mean};
    if (a->dy == NULL)
        gy_columns_moments(a->vector, rows, c, a->x + at, r.first + part * c, r.second + part * c);
    else
        gy_columns_products(a->vector, rows, c, a->x + at, &n, a->dy + at, r.first + part * c,
                            r.second + part * c);
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

static void settle_forward(const pass *a, int64_t sample)
{
    const gy_group_norm *p = &a->p;
    const room r = room_of(a, sample);
    const int64_t width = p->columns / p->groups;
    gy_column_combine(&a->parts, p->rows, p->columns, r.first, r.second, r.first, r.second);
    for (int64_t g = 0; g < p->groups; g++) {
        double mean, scale;
        group_moments(p, r.first + g * width, r.second + g * width, &mean, &scale);
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            r.mean[c] = (float)mean;
            r.scale[c] = (float)(scale * (double)a->gamma[c]);
        }
        if (a->stats == NULL) continue;
        float *stats = a->stats + 2 * (p->groups * sample + g);
        stats[0] = (float)mean;
        stats[1] = (float)scale;
    }
}

/* The factors of dx, and Σ dy z, Σ dy of each column. */
static void settle_backward(const pass *a, int64_t sample)
{
    const gy_group_norm *p = &a->p;
    const room r = room_of(a, sample);
    const int64_t width = p->columns / p->groups;
    const double n = (double)(p->rows * width);
    float *along = a->along + sample * p->columns, *all = a->all + sample * p->columns;
    for (int64_t part = 1; part < a->parts.n; part++)
        for (int64_t c = 0; c < p->columns; c++) {
            r.first[c] += r.first[part * p->columns + c];
            r.second[c] += r.second[part * p->columns + c];
        }
    for (int64_t g = 0; g < p->groups; g++) {
        const double scale = (double)a->kept[2 * (p->groups * sample + g) + 1];
        double sum = 0.0, product = 0.0;
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            sum += (double)a->gamma[c] * r.first[c];
            product += (double)a->gamma[c] * r.second[c];
            along[c] = (float)(scale * r.second[c]);
            all[c] = (float)r.first[c];
        }
        for (int64_t c = g * width; c < (g + 1) * width; c++) {
            r.scale[c] = (float)(scale * (double)a->gamma[c]);
            r.slope[c] = (float)(scale * scale * scale * product / n);
            r.shift[c] = (float)(scale * sum / n);
        }
    }
}

static void settle(const pass *a, int64_t sample)
{
    if (a->dy == NULL)
        settle_forward(a, sample);
    else
        settle_backward(a, sample);
}

static void apply(const pass *a, int64_t sample, int64_t part)
{
    int64_t rows;
    const int64_t at = place_of(a, sample, part, &rows);
    const room r = room_of(a, sample);
    const gy_column_norm n = {r.mean, r.scale, a->beta, false};
    if (a->dy == NULL)
        gy_columns_forward(a->vector, rows, a->p.columns, a->x + at, &n, a->y + at);
    else if (a->dx != NULL)
        gy_columns_backward(a->vector, rows, a->p.columns, a->x + at, &n, r.slope, r.shift,
                            a->dy + at, a->dx + at);
}

static void run(const gy_kernel *k, const pass *a)
{
    const gy_group_norm *p = &a->p;
    const int64_t parts = a->parts.n, units = p->batch * parts;
    const int team = gy_team(k, p->batch * p->rows * p->columns, COST);
    for (int64_t i = 0; i < p->batch && a->dy != NULL; i++) repeat_means(a, i);
    if (p->batch >= team || parts == 1) { /* a sample is passed while it lies in a cache */
        GY_SPREAD(team, i, p->batch, 1, {
            for (int64_t part = 0; part < parts; part++) gather(a, i, part);
            settle(a, i);
            for (int64_t part = 0; part < parts; part++) apply(a, i, part);
        });
        return;
    }
    GY_SPREAD(team, u, units, 1, gather(a, u / parts, u % parts));
    GY_SPREAD(team, i, p->batch, 1, settle(a, i));
    GY_SPREAD(team, u, units, 1, apply(a, u / parts, u % parts));
}

void gy_group_norm_forward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                           const float *gamma, const float *beta, void *scratch, float *y,
                           float *stats)
{
    pass a = begin(k, p, scratch);
    a.x = x;
    a.gamma = gamma;
    a.beta = beta;
    a.y = y;
    a.stats = stats;
    run(k, &a);
}

void gy_group_norm_backward(const gy_kernel *k, const gy_group_norm *p, const float *x,
                            const float *gamma, const float *stats, const float *dy, void *scratch,
                            float *dx, float *dgamma, float keep_gamma, float *dbeta,
                            float keep_beta)
{
    pass a = begin(k, p, scratch);
    a.x = x;
    a.gamma = gamma;
    a.kept = stats;
    a.dy = dy;
    a.dx = dx;
    run(k, &a);
    if (dgamma != NULL) gy_column_sum(k, p->batch, p->columns, a.along, keep_gamma, dgamma);
    if (dbeta != NULL) gy_column_sum(k, p->batch, p->columns, a.all, keep_beta, dbeta);
}
