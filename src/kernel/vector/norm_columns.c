/*
 * Norms of columns at one level. Sums are made in float over short runs of rows, of differences from
 * the mean so far, then in double.
 */
#include "vector.h"

#include <string.h>

enum { RUN_FLOATS = 8192 }; /* of a run: it stays in the first-level cache */

static int64_t run_of(int64_t rows, int64_t columns)
{
    const int64_t run = RUN_FLOATS / columns;
    return rows < run ? rows : run;
}

/* A mean near to that of the first run. */
static void begin(int64_t rows, int64_t columns, int64_t stride, const float *x, double *mean)
{
    float sum[GY_COLUMN_TILE] = {0};
    for (int64_t row = 0; row < rows; row++)
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) sum[c] += x[row * stride + c];
    for (int64_t c = 0; c < columns; c++) mean[c] = rows > 0 ? sum[c] / (float)rows : 0.0f;
}

/*
 * M = Σ (x − mean)² of n rows and m more with sum S and squares Q of d = x − shift, where
 * e = mean − shift: the mean becomes shift + (n e + S) / (n + m), M grows by
 * n e² + Q − (n e + S)² / (n + m). That is no less than half of Q from the second run on, and the
 * first run's shift is its own mean, so little is lost by the difference.
 */
void GY_OF_LEVEL(column_moments)(int64_t rows, int64_t columns, int64_t stride, const float *x,
                                 double *mean, double *squares)
{
    float shift[GY_COLUMN_TILE], sum[GY_COLUMN_TILE], square[GY_COLUMN_TILE];
    const int64_t run = run_of(rows, columns);
    memset(squares, 0, sizeof *squares * (size_t)columns);
    begin(run, columns, stride, x, mean);
    for (int64_t done = 0, m; done < rows; done += m) {
        m = run_of(rows - done, columns);
        for (int64_t c = 0; c < columns; c++) {
            shift[c] = (float)mean[c];
            sum[c] = square[c] = 0.0f;
        }
        for (int64_t row = done; row < done + m; row++) {
#pragma omp simd
            for (int64_t c = 0; c < columns; c++) {
                float d = x[row * stride + c] - shift[c];
                sum[c] += d;
                square[c] += d * d;
            }
        }
        const double before = (double)done, all = 1.0 / (double)(done + m);
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            double e = mean[c] - (double)shift[c], s = before * e + (double)sum[c];
            squares[c] += before * e * e + (double)square[c] - s * s * all;
            mean[c] = (double)shift[c] + s * all;
        }
    }
}

void GY_OF_LEVEL(column_products)(int64_t rows, int64_t columns, int64_t stride, const float *x,
                                  const float *mean, const float *dy, double *sums,
                                  double *products)
{
    float sum[GY_COLUMN_TILE], product[GY_COLUMN_TILE];
    for (int64_t done = 0, m; done < rows; done += m) {
        m = run_of(rows - done, columns);
        for (int64_t c = 0; c < columns; c++) sum[c] = product[c] = 0.0f;
        for (int64_t row = done; row < done + m; row++) {
#pragma omp simd
            for (int64_t c = 0; c < columns; c++) {
                float g = dy[row * stride + c];
                sum[c] += g;
                product[c] += g * (x[row * stride + c] - mean[c]);
            }
        }
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            sums[c] += (double)sum[c];
            products[c] += (double)product[c];
        }
    }
}

void GY_OF_LEVEL(column_norm_forward)(int64_t rows, int64_t columns, const float *x,
                                      const float *mean, const float *scale, const float *shift,
                                      float *y)
{
    for (int64_t row = 0; row < rows; row++, x += columns, y += columns)
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) y[c] = (x[c] - mean[c]) * scale[c] + shift[c];
}

void GY_OF_LEVEL(column_norm_backward)(int64_t rows, int64_t columns, const float *x,
                                       const gy_column_slopes *s, const float *dy, float *dx)
{
    const float *mean = s->mean, *scale = s->scale, *slope = s->slope, *shift = s->shift;
    for (int64_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns)
#pragma omp simd
        for (int64_t c = 0; c < columns; c++)
            dx[c] = scale[c] * dy[c] - (x[c] - mean[c]) * slope[c] - shift[c];
}
