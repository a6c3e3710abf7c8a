/** What layers in Fourier space share. */
#ifndef GY_LAYER_SPECTRAL_H
#define GY_LAYER_SPECTRAL_H

#include "window.h"

typedef struct gy_spectral_settings {
    int64_t filters;
    gy_sizes modes;
    bool bias;
} gy_spectral_settings;

/** shape(), forward(), backward() over 1 or 2 axes. */
gy_status gy_spectral_shape(gy_layer *l, int axes) GY_CHECKED;
gy_status gy_spectral_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_spectral_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

extern const gy_setting gy_spectral_rows[];

#endif
