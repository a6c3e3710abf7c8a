/** What convolutions of one, two and three axes share. */
#ifndef GY_LAYER_CONV_H
#define GY_LAYER_CONV_H

#include "kernel/conv.h"
#include "window.h"

typedef struct gy_conv_settings {
    int64_t filters, groups;
    gy_window_settings window;
    int activation, algorithm;
    bool bias;
} gy_conv_settings;

/** shape(), pack(), forward(), backward() of a convolution over 1 to 3 axes. */
gy_status gy_conv_layer_shape(gy_layer *l, int axes) GY_CHECKED;
void gy_conv_layer_pack(const gy_layer *l, const gy_kernel *k, const float *const *w,
                        float *packed);
gy_status gy_conv_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_conv_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

/* What layers that end in an activation share with them: */

/** Asks for the bias, and for the memory that the activation of l->out needs. */
void gy_conv_layer_end(gy_layer *l, gy_activation a, bool bias);
/** Where what goes into the activation is kept; NULL: it is not. */
float *gy_conv_layer_z(gy_activation a, const gy_pass *p);
/** dz: p->dy, or made in scratch, of which it takes its part. */
const float *gy_conv_layer_dz(const gy_layer *l, gy_activation a, const gy_pass *p,
                              float **scratch);

/**
 * Their rows of settings.
 *
 * @param sizes         how a kernel is written: "3, or height x width as 3x5"
 * @param words         that the padding may be
 * @param padding_help  what these are, after "room around the input; "
 */
#define GY_CONV_ROWS(sizes, words, padding_help)                                                   \
    {.key = "filters",                                                                             \
     .type = GY_SETTING_INT,                                                                       \
     .offset = offsetof(gy_conv_settings, filters),                                                \
     .min = 1,                                                                                     \
     .max = GY_COUNT_MAX,                                                                          \
     .help = "channels of the output"},                                                            \
        GY_WINDOW_ROW("kernel", gy_conv_settings, window.size, 1,                                  \
                      .help = "size of the window: " sizes),                                       \
        GY_WINDOW_ROW("stride", gy_conv_settings, window.stride, 1, .standard = "1",               \
                      .help = "steps from window to window"),                                      \
        GY_WINDOW_ROW("padding", gy_conv_settings, window.padding, 0, .standard = "same",          \
                      .choices = words,                                                            \
                      .help = "room around the input; same: in / stride outputs, " padding_help),  \
        {.key = "border",                                                                          \
         .type = GY_SETTING_CHOICE,                                                                \
         .offset = offsetof(gy_conv_settings, window.border),                                      \
         .standard = "zeros",                                                                      \
         .choices = gy_border_names,                                                               \
         .help = "what stands in that room: zeros, the other side, the mirror image without the "  \
                 "edge, the edge"},                                                                \
        GY_WINDOW_ROW("dilation", gy_conv_settings, window.dilation, 1, .standard = "1",           \
                      .help = "steps from weight to weight within the window"),                    \
        {.key = "groups",                                                                          \
         .type = GY_SETTING_INT,                                                                   \
         .offset = offsetof(gy_conv_settings, groups),                                             \
         .standard = "1",                                                                          \
         .min = 1,                                                                                 \
         .max = GY_COUNT_MAX,                                                                      \
         .help = "parts of the channels, each filtered by its part of the filters alone"},         \
        GY_SETTING_ACTIVATION(gy_conv_settings, activation, "none"),                               \
        {.key = "bias",                                                                            \
         .type = GY_SETTING_BOOL,                                                                  \
         .offset = offsetof(gy_conv_settings, bias),                                               \
         .standard = "true",                                                                       \
         .help = "whether outputs have a bias"},                                                   \
        {.key = "algorithm",                                                                       \
         .type = GY_SETTING_CHOICE,                                                                \
         .offset = offsetof(gy_conv_settings, algorithm),                                          \
         .standard = "auto",                                                                       \
         .choices = gy_conv_names,                                                                 \
         .help = "how it is computed; auto: by shape"},                                            \
        GY_SETTING_END

#endif
