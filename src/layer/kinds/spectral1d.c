/* The lowest frequencies of a sequence, weighted: [T, C] → [T, filters]; the work is in ../spectral.c. */
#include "../layer_list.h"

#include "../spectral.h"

static gy_status shape(gy_layer *l)
{
    return gy_spectral_shape(l, 1);
}

static const gy_layer_sample samples[] = {
    {.yaml = "spectral1d: {filters: 3, modes: 2}", .in = {2, {5, 2}}},
    {.yaml = "spectral1d: {filters: 17, modes: 3, bias: true}", .in = {2, {6, 9}}},
    {.yaml = "spectral1d: {filters: 1, modes: 1}", .in = {2, {2, 1}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_spectral1d = {
    .kind = {"spectral1d", "convolution of a sequence in Fourier space, by its lowest frequencies",
             gy_spectral_rows, sizeof(gy_spectral_settings)},
    .has_params = true,
    .shape = shape,
    .forward = gy_spectral_layer_forward,
    .backward = gy_spectral_layer_backward,
    .samples = samples,
};
