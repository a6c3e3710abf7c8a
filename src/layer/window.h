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

/**
 * Fills `out` and `before`; refuses a window that is larger than its padded input. `same` as in
 * TensorFlow: ⌈in / stride⌉ outputs, the odd zero after.
 */
gy_status gy_window_place(const gy_layer *l, gy_window *w) GY_CHECKED;

/** Height, width and channels of [H, W, C] or, with height 1, [T, C]; refuses other shapes. */
gy_status gy_window_input(const gy_layer *l, int axes, int64_t *height, int64_t *width,
                          int64_t *channels) GY_CHECKED;

#endif
