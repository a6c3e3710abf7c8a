/* What happens between the products of attention; see ../attention.c. */
#include "attention.h"
#include "panel.h"
#include "softmax.h"

#include <math.h>
#include <string.h>

static inline int64_t whole(int64_t n)
{
    return gy_round_up(n, GY_PANEL);
}

void GY_OF_LEVEL(attention_rows)(int64_t rows, int64_t width, const float *factor, int64_t step,
                                 const float *x, int64_t x_row, float *y, int64_t y_row)
{
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        const float f = factor[r * step];
#pragma omp simd
        for (int64_t c = 0; c < width; c++) y[c] = f * x[c];
    }
}

/* Exponentials are made of whole panels: what is masked in the last one is −∞ before, 0 after. */
void GY_OF_LEVEL(attention_softmax)(int64_t rows, int64_t see, int64_t more, int64_t line,
                                    float *score, float *lse, float *inverse)
{
    const int64_t all = see + (rows - 1) * more;
    for (int64_t r = 0; r < rows; r++, score += line) {
        const int64_t n = see + r * more, padded = whole(n);
        for (int64_t j = n; j < padded; j++) score[j] = -INFINITY;
        const float most = row_max(padded, score);
        const double sum = row_exp(padded, most, score, score);
        lse[r] = (float)((double)most + log(sum));
        inverse[r] = (float)(1.0 / sum);
        for (int64_t j = padded; j < all; j++) score[j] = 0.0f;
    }
}

void GY_OF_LEVEL(attention_slope)(int64_t rows, int64_t see, int64_t more, int64_t line,
                                  const float *lse, float *score, float *slope)
{
    const int64_t all = see + (rows - 1) * more;
    for (int64_t r = 0; r < rows; r++, score += line, slope += line) {
        const int64_t n = see + r * more, padded = whole(n);
        const float top = lse[r];
        float mean = 0.0f;
        for (int64_t j = n; j < padded; j++) {
            score[j] = -INFINITY;
            slope[j] = 0.0f;
        }
#pragma omp simd reduction(+ : mean)
        for (int64_t j = 0; j < padded; j++) {
            const float p = vec_exp(score[j] - top);
            score[j] = p;
            mean += p * slope[j];
        }
#pragma omp simd
        for (int64_t j = 0; j < padded; j++) slope[j] = score[j] * (slope[j] - mean);
        for (int64_t j = padded; j < all; j++) score[j] = slope[j] = 0.0f;
    }
}

void GY_OF_LEVEL(rotate)(int64_t width, const float *turn, bool back, float *x)
{
    const float sign = back ? -1.0f : 1.0f;
#pragma omp simd
    for (int64_t i = 0; i < width; i += 2) {
        const float c = turn[i], s = sign * turn[i + 1], a = x[i], b = x[i + 1];
        x[i] = a * c - b * s;
        x[i + 1] = a * s + b * c;
    }
}
