/* Lines of grids that are made finer, at one level. */
#include "upsample.h"

#include <string.h>

void GY_OF_LEVEL(upsample_line)(int64_t n, int64_t channels, const gy_tap *taps, const float *x,
                                float *restrict y)
{
    for (int64_t i = 0; i < n; i++, y += channels) {
        const float *one = x + taps[i].one * channels, *other = x + taps[i].other * channels;
        const float share = taps[i].share, rest = 1.0f - share;
        if (share == 0.0f) {
            memcpy(y, one, sizeof *y * (size_t)channels);
            continue;
        }
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) y[c] = rest * one[c] + share * other[c];
    }
}

void GY_OF_LEVEL(upsample_line_gradient)(int64_t n, int64_t channels, const gy_tap *taps,
                                         const float *dy, float *dx)
{
    for (int64_t i = 0; i < n; i++, dy += channels) {
        float *one = dx + taps[i].one * channels, *other = dx + taps[i].other * channels;
        const float share = taps[i].share, rest = 1.0f - share;
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) one[c] += rest * dy[c];
        if (share == 0.0f) continue;
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) other[c] += share * dy[c];
    }
}
