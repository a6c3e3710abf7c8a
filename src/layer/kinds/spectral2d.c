/* The lowest frequencies of an image, weighted: [H, W, C] → [H, W, filters]; the work is in ../spectral.c. */
#include "../layer_list.h"

#include "../spectral.h"

static gy_status shape(gy_layer *l)
{
    return gy_spectral_shape(l, 2);
}

static const gy_layer_sample samples[] = {
    {.yaml = "spectral2d: {filters: 3, modes: 2}", .in = {3, {5, 4, 2}}},
    {.yaml = "spectral2d: {filters: 2, modes: 3x2, bias: true}", .in = {3, {6, 7, 9}}},
    {.yaml = "spectral2d: {filters: 17, modes: 1x3}", .in = {3, {2, 6, 3}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_spectral2d = {
    .kind = {"spectral2d", "convolution of an image in Fourier space, by its lowest frequencies",
             gy_spectral_rows, sizeof(gy_spectral_settings)},
    .has_params = true,
    .shape = shape,
    .forward = gy_spectral_layer_forward,
    .backward = gy_spectral_layer_backward,
    .samples = samples,
};
