/* Norms of rows at one level. */
#include "norm.h"
#include "pieces.h"

#include <math.h>

static double sum(int64_t n, const float *x)
{
    double total = 0.0;
    GY_PIECES(n) {
        float s = 0.0f;
#pragma omp simd reduction(+ : s)
        for (int64_t i = from; i < to; i++) s += x[i];
        total += (double)s;
    }
    return total;
}

/* Mean and 1 / deviation of a row. The first mean is only near: the second pass corrects it. */
static void moments(const gy_row_norm *p, const float *x, float *mean, float *scale)
{
    const double n = (double)p->n;
    const float near = p->centred ? (float)(sum(p->n, x) / n) : 0.0f;
    double rest = 0.0, squares = 0.0;
    GY_PIECES(p->n) {
        float s = 0.0f, q = 0.0f;
#pragma omp simd reduction(+ : s, q)
        for (int64_t i = from; i < to; i++) {
            float d = x[i] - near;
            s += d;
            q += d * d;
        }
        rest += (double)s;
        squares += (double)q;
    }
    rest = p->centred ? rest / n : 0.0;
    squares = squares / n - rest * rest;
    *mean = (float)((double)near + rest);
    *scale = (float)(1.0 / sqrt((squares < 0.0 ? 0.0 : squares) + (double)p->epsilon));
}

void GY_OF_LEVEL(row_norm_forward)(int64_t rows, const gy_row_norm *p, const float *x,
                                   const float *gamma, const float *beta, float *y, float *stats)
{
    const int64_t n = p->n;
    for (int64_t row = 0; row < rows; row++, x += n, y += n) {
        float mean, scale;
        moments(p, x, &mean, &scale);
        if (beta != NULL) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * gamma[i] + beta[i];
        } else {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * gamma[i];
        }
        if (stats == NULL) continue;
        stats[2 * row] = mean;
        stats[2 * row + 1] = scale;
    }
}

static void backward_row(const gy_row_norm *p, const float *x, const float *gamma, float mean,
                         float scale, const float *dy, float *dx)
{
    double all = 0.0, along = 0.0; /* Σ g, Σ g z */
    GY_PIECES(p->n) {
        float s = 0.0f, q = 0.0f;
#pragma omp simd reduction(+ : s, q)
        for (int64_t i = from; i < to; i++) {
            float g = dy[i] * gamma[i];
            s += g;
            q += g * ((x[i] - mean) * scale);
        }
        all += (double)s;
        along += (double)q;
    }
    const float shift = p->centred ? (float)(all / (double)p->n) : 0.0f;
    const float slope = (float)(along / (double)p->n);
#pragma omp simd
    for (int64_t i = 0; i < p->n; i++)
        dx[i] = scale * (dy[i] * gamma[i] - shift - (x[i] - mean) * scale * slope);
}

void GY_OF_LEVEL(row_norm_backward)(int64_t rows, const gy_row_norm *p, const float *x,
                                    const float *gamma, const float *stats, const float *dy,
                                    float *dx, float *restrict dgamma, float *restrict dbeta)
{
    const int64_t n = p->n;
    for (int64_t row = 0; row < rows; row++, x += n, dy += n) {
        const float mean = stats[2 * row], scale = stats[2 * row + 1];
        if (dgamma != NULL && dbeta != NULL) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) {
                dgamma[i] += dy[i] * ((x[i] - mean) * scale);
                dbeta[i] += dy[i];
            }
        } else if (dgamma != NULL) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) dgamma[i] += dy[i] * ((x[i] - mean) * scale);
        } else if (dbeta != NULL) {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) dbeta[i] += dy[i];
        }
        if (dx != NULL) backward_row(p, x, gamma, mean, scale, dy, dx + row * n);
    }
}
