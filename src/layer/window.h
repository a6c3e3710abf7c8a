/** Windows that slide over a grid as they are configured: of convolutions and pools. */
#ifndef GY_LAYER_WINDOW_H
#define GY_LAYER_WINDOW_H

#include "kernel/frame.h"
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
    int border; /* gy_border */
} gy_window_settings;

/** A row of sizes: GY_WINDOW_ROW("stride", gy_conv_settings, window.stride, 1, …). */
#define GY_WINDOW_ROW(key_, settings, member, least, ...)                                          \
    {                                                                                              \
        .key = key_, .type = GY_SETTING_SIZES, .offset = offsetof(settings, member), .min = least, \
        .max = GY_WINDOW_MAX, __VA_ARGS__                                                          \
    }

/**
 * Places windows on the axes of l->in[0], of which there must be `axes`, 1 to 3, before the channels;
 * refuses sizes of other axes, a window that is larger than its padded input, and padding that the
 * border cannot fill. `same` as in TensorFlow: ⌈in / stride⌉ outputs, the odd zero after.
 */
gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_window out[GY_AXES]) GY_CHECKED;

/**
 * The same for what l->in[0] is made of by windows: their input is l's output. `same`: in · stride
 * positions, cut or filled at the end; valid and numbers: those under the windows but the padding.
 */
gy_status gy_windows_place_transposed(const gy_layer *l, int axes, const gy_window_settings *s,
                                      gy_window out[GY_AXES]) GY_CHECKED;

/**
 * Puts what stands before and behind the axes into a frame, where a border asks for one: the windows
 * then lie on that, without padding. Returns whether there is one.
 */
bool gy_windows_frame(gy_window w[GY_AXES], gy_border border, int64_t channels, gy_frame *out);

/** A shape of the last `axes` axes and channels; n: the lengths of all three. */
gy_shape gy_windows_shape(int axes, const int64_t n[GY_AXES], int64_t channels);

/** Of the windows, [D', H', W', channels], [H', W', channels], [T', channels]; and of their input. */
gy_shape gy_windows_shape_out(int axes, const gy_window w[GY_AXES], int64_t channels);
gy_shape gy_windows_shape_in(int axes, const gy_window w[GY_AXES], int64_t channels);

/** Of a weight: [first, sizes, last]. */
gy_shape gy_windows_shape_weight(int axes, const gy_window w[GY_AXES], int64_t first, int64_t last);

#endif
