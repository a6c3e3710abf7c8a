/** What transposed convolutions of one, two and three axes share. */
#ifndef GY_LAYER_CONV_TRANSPOSED_H
#define GY_LAYER_CONV_TRANSPOSED_H

#include "window.h"

typedef struct gy_conv_transposed_settings {
    int64_t filters;
    gy_window_settings window; /* the dilation is 1 */
    int activation;
    bool bias;
} gy_conv_transposed_settings;

/** shape(), forward(), backward() of a transposed convolution over 1 to 3 axes. */
gy_status gy_conv_transposed_shape(gy_layer *l, int axes) GY_CHECKED;
gy_status gy_conv_transposed_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_conv_transposed_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

extern const gy_setting gy_conv_transposed_rows[];

#endif
