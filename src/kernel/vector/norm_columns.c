/*
 * Norms of columns at one level. Sums are made in float over short runs of rows, of differences from
 * the mean so far, then in double.
 */
#include "norm.h"

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

/* dy, but 0 where y = max(0, (x − mean) scale + shift) is; NaN stays. */
static inline float rectified(float x, float mean, float scale, float shift, float dy)
{
    return (x - mean) * scale + shift <= 0.0f ? 0.0f : dy;
}

/* Adds a run of rows to sum and product. `relu` is a constant wherever this is inlined. */
static inline void add_run(bool relu, int64_t rows, int64_t columns, int64_t stride, const float *x,
                           const gy_column_norm *norm, const float *dy, float *restrict sum,
                           float *restrict product)
{
    const float *mean = norm->mean, *scale = norm->scale, *shift = norm->shift;
    for (int64_t row = 0; row < rows; row++, x += stride, dy += stride) {
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            float g = relu ? rectified(x[c], mean[c], scale[c], shift[c], dy[c]) : dy[c];
            sum[c] += g;
            product[c] += g * (x[c] - mean[c]);
        }
    }
}

void GY_OF_LEVEL(column_products)(int64_t rows, int64_t columns, int64_t stride, const float *x,
                                  const gy_column_norm *norm, const float *dy, double *sums,
                                  double *products)
{
    float sum[GY_COLUMN_TILE], product[GY_COLUMN_TILE];
    for (int64_t done = 0, m; done < rows; done += m) {
        const float *from = x + done * stride, *slope = dy + done * stride;
        m = run_of(rows - done, columns);
        for (int64_t c = 0; c < columns; c++) sum[c] = product[c] = 0.0f;
        if (norm->relu)
            add_run(true, m, columns, stride, from, norm, slope, sum, product);
        else
            add_run(false, m, columns, stride, from, norm, slope, sum, product);
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            sums[c] += (double)sum[c];
            products[c] += (double)product[c];
        }
    }
}

static inline void forward(bool relu, int64_t rows, int64_t columns, const float *x,
                           const gy_column_norm *norm, float *y)
{
    const float *mean = norm->mean, *scale = norm->scale, *shift = norm->shift;
    for (int64_t row = 0; row < rows; row++, x += columns, y += columns) {
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            float z = (x[c] - mean[c]) * scale[c] + shift[c];
            y[c] = relu && z < 0.0f ? 0.0f : z;
        }
    }
}

void GY_OF_LEVEL(column_norm_forward)(int64_t rows, int64_t columns, const float *x,
                                      const gy_column_norm *norm, float *y)
{
    if (norm->relu)
        forward(true, rows, columns, x, norm, y);
    else
        forward(false, rows, columns, x, norm, y);
}

static inline void backward(bool relu, int64_t rows, int64_t columns, const float *x,
                            const gy_column_norm *norm, const float *slope, const float *offset,
                            const float *dy, float *dx)
{
    const float *mean = norm->mean, *scale = norm->scale, *shift = norm->shift;
    for (int64_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns) {
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            float g = relu ? rectified(x[c], mean[c], scale[c], shift[c], dy[c]) : dy[c];
            dx[c] = scale[c] * g - (x[c] - mean[c]) * slope[c] - offset[c];
        }
    }
}

void GY_OF_LEVEL(column_norm_backward)(int64_t rows, int64_t columns, const float *x,
                                       const gy_column_norm *norm, const float *slope,
                                       const float *offset, const float *dy, float *dx)
{
    if (norm->relu)
        backward(true, rows, columns, x, norm, slope, offset, dy, dx);
    else
        backward(false, rows, columns, x, norm, slope, offset, dy, dx);
}
