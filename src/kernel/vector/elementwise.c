/* Simple loops and sums, at one level. */
#include "elementwise.h"

void GY_OF_LEVEL(fill)(int64_t n, float value, float *y)
{
    for (int64_t i = 0; i < n; i++) y[i] = value;
}

void GY_OF_LEVEL(axpby)(int64_t n, float alpha, const float *x, float beta, float *y)
{
    if (beta == 0.0f) {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) y[i] = alpha * x[i];
    } else {
#pragma omp simd
        for (int64_t i = 0; i < n; i++) y[i] = alpha * x[i] + beta * y[i];
    }
}

void GY_OF_LEVEL(lerp)(int64_t n, float share, const float *x, float *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] += share * (x[i] - y[i]);
}

void GY_OF_LEVEL(multiply)(int64_t n, const float *a, const float *b, float *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void GY_OF_LEVEL(add)(int64_t n, const float *a, const float *b, float *y)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

double GY_OF_LEVEL(sum_squares)(int64_t n, const float *x)
{
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (int64_t i = 0; i < n; i++) s += (double)x[i] * (double)x[i];
    return s;
}

void GY_OF_LEVEL(column_sum)(int64_t rows, int64_t columns, int64_t stride, const float *x,
                             double *sums)
{
    for (int64_t row = 0; row < rows; row++)
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) sums[c] += (double)x[row * stride + c];
}

void GY_OF_LEVEL(add_bias)(int64_t rows, int64_t columns, const float *bias, float *y)
{
    for (int64_t row = 0; row < rows; row++)
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) y[row * columns + c] += bias[c];
}
