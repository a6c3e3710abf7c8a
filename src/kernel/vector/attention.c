/* Attention's packing, and what happens between its products; see ../attention.c. */
#include "attention.h"
#include "panel.h"
#include "softmax.h"

#include <math.h>
#include <string.h>

static inline int64_t whole(int64_t n)
{
    return gy_round_up(n, GY_PANEL);
}

typedef float quad __attribute__((vector_size(16)));
typedef float quad_loose __attribute__((vector_size(16), aligned(4), may_alias));

static inline quad load_quad(const float *x)
{
    return *(const quad_loose *)(const void *)x;
}

static inline void store_quad(float *x, quad v)
{
    *(quad_loose *)(void *)x = v;
}

/* 4 rows and columns of x; column c goes to y + 16 c. */
static inline void transpose_quads(const float *x, int64_t row, float *y)
{
    quad a = load_quad(x), b = load_quad(x + row);
    quad c = load_quad(x + 2 * row), d = load_quad(x + 3 * row);
    quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
         cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    store_quad(y, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    store_quad(y + GY_PANEL, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store_quad(y + 2 * GY_PANEL, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    store_quad(y + 3 * GY_PANEL, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
}

void GY_OF_LEVEL(attention_transpose)(int64_t rows, int64_t width, const float *x, int64_t row,
                                      float *panels)
{
    for (int64_t r = 0; r < rows; r += GY_PANEL, panels += GY_PANEL * width, x += GY_PANEL * row) {
        const int64_t n = gy_least(rows - r, GY_PANEL);
        int64_t done = 0; /* columns */
        if (n < GY_PANEL) memset(panels, 0, (size_t)(GY_PANEL * width) * sizeof *panels);
        for (; n == GY_PANEL && done + 4 <= width; done += 4)
            for (int i = 0; i < GY_PANEL; i += 4)
                transpose_quads(x + i * row + done, row, panels + done * GY_PANEL + i);
        for (int64_t i = 0; i < n; i++)
            for (int64_t c = done; c < width; c++) panels[c * GY_PANEL + i] = x[i * row + c];
    }
}

void GY_OF_LEVEL(attention_pack)(int64_t rows, int64_t width, const float *x, int64_t row,
                                 int64_t padded, float *panels)
{
    int64_t c = 0;
    for (; c + GY_PANEL <= width; c += GY_PANEL, panels += GY_PANEL * padded)
        for (int64_t r = 0; r < rows; r++)
            memcpy(panels + r * GY_PANEL, x + r * row + c, GY_PANEL * sizeof *x);
    if (c == width) return;
    for (int64_t r = 0; r < rows; r++) {
        memset(panels + r * GY_PANEL, 0, GY_PANEL * sizeof *panels);
        memcpy(panels + r * GY_PANEL, x + r * row + c, (size_t)(width - c) * sizeof *x);
    }
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

void GY_OF_LEVEL(attention_dots)(int64_t rows, int64_t width, const float *x, int64_t x_row,
                                 const float *y, int64_t y_row, float *dots)
{
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < width; c++) sum += x[c] * y[c];
        dots[r] = sum;
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
