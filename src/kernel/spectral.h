/**
 * Convolution in Fourier space: the lowest frequencies of a grid times complex weights, and back. Grids
 * [height, width, channels], sequences being of height 1; local, spread over the kernel's threads.
 *
 *     X[k, c] = Σ positions x[p, c] exp(−2πi k·p / n)
 *     Y[k, f] = scale[k] Σ c (w[f, k, c, 0] + i w[f, k, c, 1]) X[k, c]
 *     y[p, f] = Re Σ k Y[k, f] exp(2πi k·p / n)
 *
 * k runs over the frequencies 0 … columns − 1 of the width, and of the height over 0 … rows / 2 − 1,
 * −rows / 2 … −1, or 0 alone. scale: 1 / positions where the width's frequency is 0, else twice that,
 * which stands for the frequencies below 0.
 */
#ifndef GY_KERNEL_SPECTRAL_H
#define GY_KERNEL_SPECTRAL_H

#include "kernel.h"

typedef struct gy_spectral {
    int64_t height, width, channels, filters;
    int64_t rows, columns; /* frequencies kept; rows 1 where the height is 1 */
    int threads;
    const float *along, *across; /* by gy_spectral_fill(): the width's transform, the height's */
} gy_spectral;

/** Floats of the transforms, and them; `out` becomes along and across, and must live as long. */
int64_t gy_spectral_table(const gy_spectral *s);
void gy_spectral_fill(gy_spectral *s, float *out);

/** Floats of the frequencies of a sample with n channels. */
int64_t gy_spectral_modes(const gy_spectral *s, int64_t n);

/** Floats that a pass over a batch needs: per_sample batch + fixed. */
int64_t gy_spectral_scratch_per_sample(const gy_spectral *s);
int64_t gy_spectral_scratch_fixed(const gy_spectral *s);

/**
 * y [batch, height, width, filters] from x [batch, height, width, channels].
 *
 * @param bias   [filters] or NULL
 * @param modes  [batch, gy_spectral_modes(channels)] takes X, for the backward pass
 */
void gy_spectral_forward(const gy_kernel *k, const gy_spectral *s, int64_t batch, const float *x,
                         const float *w, const float *bias, float *modes, float *y, float *scratch);

/** dx, and dw = beta dw + …, from dy and the forward pass's modes; each may be NULL. */
void gy_spectral_backward(const gy_kernel *k, const gy_spectral *s, int64_t batch,
                          const float *modes, const float *w, const float *dy, float *dx,
                          float beta, float *dw, float *scratch);

#endif
