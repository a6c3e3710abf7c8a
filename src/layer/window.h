/** Windows that slide over an axis: of convolutions and pools. */
#ifndef GY_LAYER_WINDOW_H
#define GY_LAYER_WINDOW_H

#include "layer.h"

/** The largest kernel, stride, dilation and padding along an axis. */
#define GY_WINDOW_MAX 65535

/** The words that a padding may be; numbers pad both sides. */
enum { GY_PADDING_SAME, GY_PADDING_VALID, GY_PADDING_CAUSAL };
extern const char *const gy_padding_words[];        /* same, valid */
extern const char *const gy_padding_causal_words[]; /* and causal */

/** One axis: its length and that of what slides over it. */
typedef struct gy_window {
    const char *axis; /* "height", for messages */
    int64_t in, kernel, stride, dilation;
    int choice; /* GY_PADDING_…, −1: the number */
    int64_t padding;

    int64_t out, before; /* outputs and zeros before; by gy_window_place() */
} gy_window;

/** What slides over an input: of one axis (`width` alone is read) or of two. */
typedef struct gy_window_settings {
    gy_pair size, stride, dilation, padding;
} gy_window_settings;

/** An input [H, W, C], or [T, C] as an image of height 1, and the windows on its axes. */
typedef struct gy_windows {
    gy_window height, width;
    int64_t channels;
} gy_windows;

/**
 * Places windows on the first `axes` axes, 1 or 2, of l->in[0]; refuses inputs of other shapes, paddings
 * of other axes, and a window that is larger than its padded input. `same` as in TensorFlow:
 * ⌈in / stride⌉ outputs, the odd zero after.
 */
gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_windows *out) GY_CHECKED;

/** The output of `channels` channels: [H', W', channels] or [T', channels]. */
gy_shape gy_windows_out(const gy_windows *w, int axes, int64_t channels);

#endif
