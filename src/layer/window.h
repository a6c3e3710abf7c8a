/** Windows that slide over a grid as they are configured: of convolutions and pools. */
#ifndef GY_LAYER_WINDOW_H
#define GY_LAYER_WINDOW_H

#include "kernel/windows.h"
#include "layer.h"

/** The largest kernel, stride, dilation and padding along an axis. */
#define GY_WINDOW_MAX 65535

/** The words that a padding may be; numbers pad both sides. */
enum { GY_PADDING_SAME, GY_PADDING_VALID, GY_PADDING_CAUSAL };
extern const char *const gy_padding_words[];        /* same, valid */
extern const char *const gy_padding_causal_words[]; /* and causal */

/** One number each for all axes, or one an axis in the shape's order. */
typedef struct gy_window_settings {
    gy_sizes size, stride, dilation, padding;
} gy_window_settings;

/** A row of sizes: GY_WINDOW_ROW("stride", gy_conv_settings, window.stride, 1, …). */
#define GY_WINDOW_ROW(key_, settings, member, least, ...)                                          \
    {                                                                                              \
        .key = key_, .type = GY_SETTING_SIZES, .offset = offsetof(settings, member), .min = least, \
        .max = GY_WINDOW_MAX, __VA_ARGS__                                                          \
    }

/**
 * Places windows on the axes of l->in[0], of which there must be `axes`, 1 to 3, before the channels;
 * refuses sizes of other axes, and a window that is larger than its padded input. `same` as in
 * TensorFlow: ⌈in / stride⌉ outputs, the odd zero after.
 */
gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_window out[GY_AXES]) GY_CHECKED;

/** A shape of the last `axes` axes and channels; n: the lengths of all three. */
gy_shape gy_windows_shape(int axes, const int64_t n[GY_AXES], int64_t channels);

/** The output's: [D', H', W', channels], [H', W', channels], [T', channels]. */
gy_shape gy_windows_shape_out(int axes, const gy_window w[GY_AXES], int64_t channels);

#endif
