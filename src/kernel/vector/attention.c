/* Attention's packing, and what happens between its products; see ../attention.c. */
#include "softmax.h"
#include "vector.h"

#include <math.h>
#include <string.h>

static inline int64_t whole(int64_t n)
{
    return (n + GY_PANEL - 1) / GY_PANEL * GY_PANEL;
}

void GY_OF_LEVEL(attention_transpose)(int64_t rows, int64_t width, const float *x, int64_t row,
                                      float *panels)
{
    for (int64_t r = 0; r < rows; r += GY_PANEL, panels += GY_PANEL * width) {
        const int64_t n = rows - r < GY_PANEL ? rows - r : GY_PANEL;
        if (n < GY_PANEL) memset(panels, 0, (size_t)(GY_PANEL * width) * sizeof *panels);
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = 0; c < width; c++) panels[c * GY_PANEL + i] = x[(r + i) * row + c];
    }
}

void GY_OF_LEVEL(attention_pack)(int64_t rows, int64_t width, const float *x, int64_t row,
                                 int64_t padded, float *panels)
{
    for (int64_t c = 0; c < width; c += GY_PANEL, panels += GY_PANEL * padded) {
        const int64_t n = width - c < GY_PANEL ? width - c : GY_PANEL;
        for (int64_t r = 0; r < rows; r++) {
            float *to = panels + r * GY_PANEL;
            if (n < GY_PANEL) memset(to, 0, GY_PANEL * sizeof *to);
            memcpy(to, x + r * row + c, (size_t)n * sizeof *to);
        }
    }
}

void GY_OF_LEVEL(attention_unpack)(int64_t rows, int64_t width, int64_t padded, const float *panels,
                                   float *x, int64_t row)
{
    for (int64_t c = 0; c < width; c += GY_PANEL, panels += GY_PANEL * padded) {
        const int64_t n = width - c < GY_PANEL ? width - c : GY_PANEL;
        for (int64_t r = 0; r < rows; r++)
            memcpy(x + r * row + c, panels + r * GY_PANEL, (size_t)n * sizeof *x);
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
                                  const float *lse, const float *mean, float *score, float *slope)
{
    const int64_t all = see + (rows - 1) * more;
    for (int64_t r = 0; r < rows; r++, score += line, slope += line) {
        const int64_t n = see + r * more, padded = whole(n);
        const float top = lse[r], middle = mean[r];
        for (int64_t j = n; j < padded; j++) {
            score[j] = -INFINITY;
            slope[j] = 0.0f;
        }
#pragma omp simd
        for (int64_t j = 0; j < padded; j++) {
            const float p = vec_exp(score[j] - top);
            score[j] = p;
            slope[j] = p * (slope[j] - middle);
        }
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
