/* Factored second moments: matrix by matrix, rows spread over threads, sums in fixed blocks. */
#include "factored.h"

#include "kernel_impl.h"

#include "base/count.h"

#include <math.h>

enum { COST = 8, TILE = 512 /* columns that a thread adds up at once */ };

/** The part of one matrix: from column `from` of row `first` to before column `to` of row `last`. */
typedef struct strip {
    const gy_factored *f;
    int64_t matrix, first, from, last, to;
    float scale; /* 1 / mean of the rows' */
    float *w;    /* of its first element; NULL: not wanted */
    const float *g;
} strip;

/** What is done to columns [from, to) of a row; returns what is summed. */
typedef double row_pass(const strip *s, int64_t row, int64_t from, int64_t to, float *w,
                        const float *g);

static float scale_of(const gy_factored *f, int64_t matrix)
{
    double sum = 0.0;
    if (f->row == NULL) return 1.0f;
    for (int64_t i = 0; i < f->rows; i++) sum += (double)f->row[matrix * f->rows + i];
    return (float)(1.0 / fmax(sum / (double)f->rows, (double)f->epsilon));
}

/* The next matrix of a part, of which `done` elements are; false at the end. */
static bool next_strip(const gy_factored *f, int64_t *done, float *w, const float *g, strip *out)
{
    const int64_t size = f->rows * f->columns, at = f->at + *done, low = at % size;
    const int64_t n = gy_least(f->n - *done, size - low), end = low + n - 1;
    if (n <= 0) return false;
    *out = (strip){.f = f,
                   .matrix = at / size,
                   .first = low / f->columns,
                   .from = low % f->columns,
                   .last = end / f->columns,
                   .to = end % f->columns + 1,
                   .w = w == NULL ? NULL : w + *done,
                   .g = g + *done};
    *done += n;
    return true;
}

static double pass_row(const strip *s, row_pass *pass, int64_t row)
{
    const int64_t from = row == s->first ? s->from : 0, to = row == s->last ? s->to : s->f->columns;
    const int64_t at = (row - s->first) * s->f->columns - s->from + from;
    return pass(s, row, from, to, s->w == NULL ? NULL : s->w + at, s->g + at);
}

static double pass_strip(const gy_kernel *k, const strip *s, row_pass *pass)
{
    double partial[GY_PARTIALS];
    const int64_t rows = s->last - s->first + 1;
    const int64_t block = gy_pieces(rows, GY_PARTIALS);
    const int64_t blocks = gy_pieces(rows, block);
    GY_SPREAD(gy_team(k, rows * s->f->columns, COST), b, blocks, 1, {
        partial[b] = 0.0;
        for (int64_t i = b * block; i < gy_least((b + 1) * block, rows); i++)
            partial[b] += pass_row(s, pass, s->first + i);
    });
    return gy_in_order(blocks, partial);
}

static double pass_all(const gy_kernel *k, const gy_factored *f, float *w, const float *g,
                       row_pass *pass)
{
    double sum = 0.0;
    strip s;
    for (int64_t done = 0; next_strip(f, &done, w, g, &s);) {
        s.scale = scale_of(f, s.matrix);
        sum += pass_strip(k, &s, pass);
    }
    return sum;
}

/* The columns' share of v, and the factor of it in this row. */
static float row_of(const strip *s, int64_t row, const float **column)
{
    *column = s->f->column + s->matrix * s->f->columns;
    return s->f->row == NULL ? 1.0f : s->f->row[s->matrix * s->f->rows + row] * s->scale;
}

static double add_squares(const strip *s, int64_t row, int64_t from, int64_t to, float *w,
                          const float *g)
{
    const float *column, r = row_of(s, row, &column), clip = s->f->clip;
    const float least = s->f->epsilon * s->f->epsilon;
    double sum = 0.0;
    (void)w;
    for (int64_t j = from; j < to; j++) {
        const double x = (double)(clip * g[j - from]);
        sum += x * x / (double)fmaxf(r * column[j], least);
    }
    return sum;
}

static double step(const strip *s, int64_t row, int64_t from, int64_t to, float *w, const float *g)
{
    const float *column, r = row_of(s, row, &column), rate = s->f->rate * s->f->clip;
    const float least = s->f->epsilon * s->f->epsilon, keep = s->f->keep;
    for (int64_t j = from; j < to; j++)
        w[j - from] = keep * w[j - from] - rate * g[j - from] / sqrtf(fmaxf(r * column[j], least));
    return 0.0;
}

double gy_factored_squares(const gy_kernel *k, const gy_factored *f, const float *g)
{
    return pass_all(k, f, NULL, g, add_squares);
}

void gy_factored_update(const gy_kernel *k, const gy_factored *f, float *w, const float *g)
{
    (void)pass_all(k, f, w, g, step);
}

static double square(const strip *s, int64_t i)
{
    const double x = (double)(s->f->clip * s->g[i]);
    return x * x;
}

/* A tile of columns, over all rows of a strip. */
static void add_columns(const strip *s, int64_t tile, double *sums)
{
    const int64_t columns = s->f->columns, end = gy_least(tile + TILE, columns);
    for (int64_t row = s->first; row <= s->last; row++) {
        const int64_t from = row == s->first && s->from > tile ? s->from : tile;
        const int64_t to = row == s->last ? gy_least(s->to, end) : end;
        const int64_t at = (row - s->first) * columns - s->from;
        for (int64_t j = from; j < to; j++) sums[j] += square(s, at + j);
    }
}

static void add_row(const strip *s, int64_t row, double *sums)
{
    const int64_t from = row == s->first ? s->from : 0, to = row == s->last ? s->to : s->f->columns;
    const int64_t at = (row - s->first) * s->f->columns - s->from;
    double sum = 0.0;
    for (int64_t j = from; j < to; j++) sum += square(s, at + j);
    sums[row] += sum;
}

void gy_factored_sums(const gy_kernel *k, const gy_factored *f, const float *g, double *rows,
                      double *columns)
{
    strip s;
    for (int64_t done = 0; next_strip(f, &done, NULL, g, &s);) {
        const int team = gy_team(k, (s.last - s.first + 1) * f->columns, COST);
        double *column_sums = columns + s.matrix * f->columns;
        GY_SPREAD(team, tile, f->columns, TILE, add_columns(&s, tile, column_sums));
        if (rows == NULL) continue;
        double *row_sums = rows + s.matrix * f->rows;
        GY_SPREAD(team, i, s.last - s.first + 1, 1, add_row(&s, s.first + i, row_sums));
    }
}
