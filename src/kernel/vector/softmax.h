/** The exponentials of a row, for softmax and what is made of it. */
#ifndef GY_KERNEL_VECTOR_SOFTMAX_H
#define GY_KERNEL_VECTOR_SOFTMAX_H

#include "math.h"
#include "pieces.h"

/** max x; NaN is passed over. n ≥ 1 */
static inline float row_max(int64_t n, const float *x)
{
    float most = x[0];
#pragma omp simd reduction(max : most)
    for (int64_t i = 0; i < n; i++) most = x[i] > most ? x[i] : most;
    return most;
}

/** y = e^(x − most), y may be x; returns the sum. */
static inline double row_exp(int64_t n, float most, const float *x, float *y)
{
    double total = 0.0;
    GY_PIECES(n) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = from; i < to; i++) {
            float e = vec_exp(x[i] - most);
            y[i] = e;
            sum += e;
        }
        total += (double)sum;
    }
    return total;
}

/** The sum alone. */
static inline double row_exp_sum(int64_t n, float most, const float *x)
{
    double total = 0.0;
    GY_PIECES(n) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = from; i < to; i++) sum += vec_exp(x[i] - most);
        total += (double)sum;
    }
    return total;
}

#endif
