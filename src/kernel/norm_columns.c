/*
 * Norms of columns. Rows are cut into parts, whose sums are put together in order; a part does not
 * depend on the threads.
 *
 * Few columns make short loops, so several rows are taken as one, `fold` times as wide: of 3 columns
 * the loops see 63, and the sums of the 21 groups are put together.
 */
#include "norm_impl.h"

#include <string.h>

enum { WIDE = 64, COST = 2, PART_FLOATS = 4 * GY_BLOCK };

static int64_t fold_of(int64_t columns)
{
    return columns >= WIDE ? 1 : WIDE / columns;
}

/* From the moments of groups, of `each` rows but for the last, to those of all; may be in place. */
static void combine(int64_t groups, int64_t columns, int64_t each, int64_t last,
                    const double *means, const double *squares, double *mean, double *square)
{
    const double n = (double)(each * (groups - 1) + last);
    for (int64_t c = 0; c < columns; c++) {
        double sum = 0.0, rest = 0.0;
        for (int64_t g = 0; g < groups; g++)
            sum += (double)(g == groups - 1 ? last : each) * means[g * columns + c];
        const double middle = n > 0.0 ? sum / n : 0.0;
        for (int64_t g = 0; g < groups; g++) {
            const double d = means[g * columns + c] - middle;
            rest += squares[g * columns + c] + (double)(g == groups - 1 ? last : each) * d * d;
        }
        mean[c] = middle;
        square[c] = rest;
    }
}

void gy_columns_moments(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                        double *mean, double *squares)
{
    const int64_t fold = fold_of(columns), lines = rows / fold, wide = fold * columns;
    double means[2 * WIDE], all[2 * WIDE];
    if (fold == 1) {
        for (int64_t c = 0; c < columns; c += GY_COLUMN_TILE)
            v->column_moments(rows, gy_least(GY_COLUMN_TILE, columns - c), columns, x + c, mean + c,
                              squares + c);
        return;
    }
    v->column_moments(lines, wide, wide, x, means, all);
    v->column_moments(rows % fold, columns, columns, x + lines * wide, means + wide, all + wide);
    combine(fold + 1, columns, lines, rows % fold, means, all, mean, squares);
}

/* x [fold, columns], every row the same. */
static const float *repeat(int64_t fold, int64_t columns, const float *x, float *room)
{
    if (fold == 1 || x == NULL) return x;
    for (int64_t i = 0; i < fold; i++)
        memcpy(room + i * columns, x, sizeof *room * (size_t)columns);
    return room;
}

static gy_column_norm repeat_norm(int64_t fold, int64_t columns, const gy_column_norm *n,
                                  float room[3][WIDE])
{
    return (gy_column_norm){repeat(fold, columns, n->mean, room[0]),
                            repeat(fold, columns, n->scale, room[1]),
                            repeat(fold, columns, n->shift, room[2]), n->relu};
}

/* The norm of the columns from c on. */
static gy_column_norm norm_from(const gy_column_norm *n, int64_t c)
{
    if (!n->relu) return (gy_column_norm){.mean = n->mean + c};
    return (gy_column_norm){n->mean + c, n->scale + c, n->shift + c, true};
}

void gy_columns_products(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                         const gy_column_norm *n, const float *dy, double *sum, double *product)
{
    const int64_t fold = fold_of(columns), lines = rows / fold, wide = fold * columns;
    const int64_t at = lines * wide;
    double sums[WIDE] = {0}, products[WIDE] = {0};
    float room[3][WIDE];
    memset(sum, 0, sizeof *sum * (size_t)columns);
    memset(product, 0, sizeof *product * (size_t)columns);
    if (fold == 1) {
        for (int64_t c = 0; c < columns; c += GY_COLUMN_TILE) {
            const gy_column_norm from = norm_from(n, c);
            v->column_products(rows, gy_least(GY_COLUMN_TILE, columns - c), columns, x + c, &from,
                               dy + c, sum + c, product + c);
        }
        return;
    }
    const gy_column_norm repeated = repeat_norm(fold, columns, n, room);
    v->column_products(lines, wide, wide, x, &repeated, dy, sums, products);
    v->column_products(rows % fold, columns, columns, x + at, n, dy + at, sum, product);
    for (int64_t i = 0; i < wide; i++) {
        sum[i % columns] += sums[i];
        product[i % columns] += products[i];
    }
}

void gy_columns_forward(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                        const gy_column_norm *n, float *y)
{
    const int64_t fold = fold_of(columns), lines = rows / fold, wide = fold * columns;
    float room[3][WIDE];
    const gy_column_norm repeated = repeat_norm(fold, columns, n, room);
    v->column_norm_forward(lines, wide, x, &repeated, y);
    v->column_norm_forward(rows % fold, columns, x + lines * wide, n, y + lines * wide);
}

void gy_columns_backward(const gy_vector *v, int64_t rows, int64_t columns, const float *x,
                         const gy_column_norm *n, const float *slope, const float *offset,
                         const float *dy, float *dx)
{
    const int64_t fold = fold_of(columns), lines = rows / fold, wide = fold * columns;
    const int64_t at = lines * wide;
    float room[3][WIDE], slopes[WIDE], offsets[WIDE];
    const gy_column_norm repeated = repeat_norm(fold, columns, n, room);
    v->column_norm_backward(lines, wide, x, &repeated, repeat(fold, columns, slope, slopes),
                            repeat(fold, columns, offset, offsets), dy, dx);
    v->column_norm_backward(rows % fold, columns, x + at, n, slope, offset, dy + at, dx + at);
}

gy_column_parts gy_column_cut(int64_t rows, int64_t columns)
{
    const int64_t each = gy_most(gy_pieces(rows, GY_COLUMN_PARTS), gy_pieces(PART_FLOATS, columns));
    return (gy_column_parts){.rows = each, .n = gy_most(gy_pieces(rows, each), 1)};
}

void gy_column_combine(const gy_column_parts *parts, int64_t rows, int64_t columns,
                       const double *means, const double *squares, double *mean, double *square)
{
    combine(parts->n, columns, parts->rows, rows - (parts->n - 1) * parts->rows, means, squares,
            mean, square);
}

void gy_column_moments(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                       double *partial, double *mean, double *squares)
{
    const gy_column_parts parts = gy_column_cut(rows, columns);
    double *means = partial, *all = partial + parts.n * columns;
    GY_SPREAD(gy_team(k, rows * columns, COST), p, parts.n, 1, {
        const int64_t from = p * parts.rows;
        gy_columns_moments(k->vector, gy_least(parts.rows, rows - from), columns,
                           x + from * columns, means + p * columns, all + p * columns);
    });
    gy_column_combine(&parts, rows, columns, means, all, mean, squares);
}

void gy_column_products(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                        const gy_column_norm *n, const float *dy, double *partial, double *sum,
                        double *product)
{
    const gy_column_parts parts = gy_column_cut(rows, columns);
    double *sums = partial, *products = partial + parts.n * columns;
    GY_SPREAD(gy_team(k, rows * columns, COST), p, parts.n, 1, {
        const int64_t from = p * parts.rows, at = from * columns;
        gy_columns_products(k->vector, gy_least(parts.rows, rows - from), columns, x + at, n,
                            dy + at, sums + p * columns, products + p * columns);
    });
    for (int64_t c = 0; c < columns; c++) {
        sum[c] = product[c] = 0.0;
        for (int64_t p = 0; p < parts.n; p++) {
            sum[c] += sums[p * columns + c];
            product[c] += products[p * columns + c];
        }
    }
}

void gy_column_norm_forward(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                            const gy_column_norm *n, float *y)
{
    const int64_t step = 2 * gy_block_rows(columns);
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, step,
              gy_columns_forward(k->vector, gy_least(step, rows - row), columns, x + row * columns,
                                 n, y + row * columns));
}

void gy_column_norm_backward(const gy_kernel *k, int64_t rows, int64_t columns, const float *x,
                             const gy_column_norm *n, const float *slope, const float *offset,
                             const float *dy, float *dx)
{
    const int64_t step = 2 * gy_block_rows(columns);
    GY_SPREAD(gy_team(k, rows * columns, COST), row, rows, step,
              gy_columns_backward(k->vector, gy_least(step, rows - row), columns, x + row * columns,
                                  n, slope, offset, dy + row * columns, dx + row * columns));
}
