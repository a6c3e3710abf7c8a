/** What the kinds of pools share. */
#ifndef GY_LAYER_POOLING_H
#define GY_LAYER_POOLING_H

#include "kernel/pooling.h"
#include "window.h"

extern const gy_setting gy_pooling_rows[]; /* of gy_window_settings; the dilation is 1 */

/** shape() of a pool over windows of 1 to 3 axes, and of one over all axes but the last. */
gy_status gy_pooling_shape(gy_layer *l, int axes) GY_CHECKED;
gy_status gy_pooling_shape_global(gy_layer *l) GY_CHECKED;

/** Keeps where each maximum is from. */
gy_status gy_pooling_max_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_pooling_max_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
void gy_pooling_keep(gy_layer *l);

gy_status gy_pooling_avg_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_pooling_avg_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

#endif
