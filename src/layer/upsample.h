/** What the kinds that make grids finer share. */
#ifndef GY_LAYER_UPSAMPLE_H
#define GY_LAYER_UPSAMPLE_H

#include "window.h"

typedef struct gy_upsample_settings {
    gy_sizes factor;
    int mode;
} gy_upsample_settings;

/** shape(), forward(), backward() over 1 to 3 axes. */
gy_status gy_upsample_shape(gy_layer *l, int axes) GY_CHECKED;
gy_status gy_upsample_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_upsample_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

extern const gy_setting gy_upsample_rows[];

#endif
