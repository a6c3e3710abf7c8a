/** What layers of norms share: the row `epsilon`, and parameters, and running norms of the last axis. */
#ifndef GY_LAYER_NORM_H
#define GY_LAYER_NORM_H

#include "layer.h"

/** Settings of layer_norm and rms_norm. */
typedef struct gy_norm_settings {
    double epsilon;
} gy_norm_settings;

#define GY_NORM_ROW_EPSILON(settings)                                                              \
    {                                                                                              \
        .key = "epsilon", .type = GY_SETTING_FLOAT, .offset = offsetof(settings, epsilon),         \
        .standard = "1e-5", .min = 0, .max = 1e6, .help = "added to the variance"                  \
    }

/** Asks for gamma (ones) and, with `centred`, beta (zeros) of n elements. */
void gy_norm_params(gy_layer *l, int64_t n, bool centred);

gy_status gy_norm_shape(gy_layer *l, bool centred) GY_CHECKED;
gy_status gy_norm_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_norm_remake(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_norm_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

#endif
