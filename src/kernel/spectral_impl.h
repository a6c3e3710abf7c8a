/*
 * What the two halves of a convolution in Fourier space share: spectral.c has the transforms,
 * spectral_mix.c what is done with the frequencies. Inside the kernel room only.
 */
#ifndef GY_KERNEL_SPECTRAL_IMPL_H
#define GY_KERNEL_SPECTRAL_IMPL_H

#include "kernel_impl.h"
#include "spectral.h"

/* Frequencies of a batch: [batch, rows, real and imaginary, columns, channels]. */
typedef struct gy_modes {
    const gy_kernel *kernel;
    const gy_spectral *s;
    int64_t batch;
    float *scratch; /* of all threads */
} gy_modes;

/* Floats of a thread's scratch: per_sample batch + fixed. */
int64_t gy_mix_per_sample(const gy_spectral *s);
int64_t gy_mix_fixed(const gy_spectral *s);

/* Y from X; dX from dY; dw = beta dw + … from X and dY. This thread's share of the frequencies. */
void gy_mix_forward(const gy_modes *m, const float *w, const float *x, float *y, gy_member me);
void gy_mix_backward_data(const gy_modes *m, const float *w, const float *dy, float *dx,
                          gy_member me);
void gy_mix_backward_weight(const gy_modes *m, const float *x, const float *dy, float beta,
                            float *dw, gy_member me);

#endif
