/* Packing for panel_product: 16 columns side by side, one row of them after the other. */
#include "vector.h"

#include <string.h>

typedef float quad __attribute__((vector_size(16)));
typedef float loose_quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t order __attribute__((vector_size(16)));

#if defined(__clang__)
#define SHUFFLE(a, b, w, x, y, z) __builtin_shufflevector(a, b, w, x, y, z)
#else
#define SHUFFLE(a, b, w, x, y, z) __builtin_shuffle(a, b, (order){w, x, y, z})
#endif

/* Row by row: whole rows of b are read in one go. */
void GY_OF_LEVEL(pack_rows)(int64_t inner, int64_t n, float alpha, const float *b, int64_t ldb,
                            float *packed)
{
    const int64_t whole = n / GY_PANEL * GY_PANEL;
    for (int64_t k = 0; k < inner; k++, b += ldb, packed += GY_PANEL) {
        for (int64_t j = 0; j < whole; j += GY_PANEL)
            for (int64_t i = 0; i < GY_PANEL; i++) packed[j * inner + i] = alpha * b[j + i];
        for (int64_t i = 0; i < GY_PANEL && whole < n; i++)
            packed[whole * inner + i] = whole + i < n ? alpha * b[whole + i] : 0.0f;
    }
}

/* y[i, 0 … 3] = alpha x[0 … 3, i] for i < 4 */
static inline void transpose_4(float alpha, const float *x, int64_t ldx, float *y, int64_t ldy)
{
    quad r[4];
    for (int i = 0; i < 4; i++) r[i] = alpha * *(const loose_quad *)(const void *)(x + i * ldx);
    quad s = SHUFFLE(r[0], r[1], 0, 4, 1, 5), t = SHUFFLE(r[2], r[3], 0, 4, 1, 5);
    quad u = SHUFFLE(r[0], r[1], 2, 6, 3, 7), v = SHUFFLE(r[2], r[3], 2, 6, 3, 7);
    const quad out[4] = {SHUFFLE(s, t, 0, 1, 4, 5), SHUFFLE(s, t, 2, 3, 6, 7),
                         SHUFFLE(u, v, 0, 1, 4, 5), SHUFFLE(u, v, 2, 3, 6, 7)};
    for (int i = 0; i < 4; i++) *(loose_quad *)(void *)(y + i * ldy) = out[i];
}

void GY_OF_LEVEL(transpose)(int64_t rows, int64_t columns, float alpha, const float *x, int64_t ldx,
                            float *y, int64_t ldy)
{
    const int64_t whole_rows = rows / 4 * 4, whole = columns / 4 * 4;
    for (int64_t c = 0; c < whole; c += 4)
        for (int64_t r = 0; r < whole_rows; r += 4)
            transpose_4(alpha, x + r * ldx + c, ldx, y + c * ldy + r, ldy);
    for (int64_t c = 0; c < columns; c++)
        for (int64_t r = c < whole ? whole_rows : 0; r < rows; r++)
            y[c * ldy + r] = alpha * x[r * ldx + c];
}
