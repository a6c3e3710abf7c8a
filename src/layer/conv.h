/** What conv2d and conv1d share: a sequence is an image of height 1. */
#ifndef GY_LAYER_CONV_H
#define GY_LAYER_CONV_H

#include "kernel/conv.h"
#include "window.h"

/** Settings of both; conv1d's whole numbers are read into `width` alone. */
typedef struct gy_conv_settings {
    int64_t filters, groups;
    gy_window_settings window;
    int activation, algorithm;
    bool bias;
} gy_conv_settings;

/** shape(), forward(), backward() of a convolution over 1 or 2 axes. */
gy_status gy_conv_layer_shape(gy_layer *l, int axes) GY_CHECKED;
gy_status gy_conv_layer_forward(const gy_layer *l, const gy_pass *p) GY_CHECKED;
gy_status gy_conv_layer_backward(const gy_layer *l, const gy_pass *p) GY_CHECKED;

/** The rows that read alike in both. */
#define GY_CONV_ROW_FILTERS                                                                        \
    {                                                                                              \
        .key = "filters", .type = GY_SETTING_INT, .offset = offsetof(gy_conv_settings, filters),   \
        .min = 1, .max = GY_COUNT_MAX, .help = "channels of the output"                            \
    }
#define GY_CONV_ROWS_COMMON                                                                        \
    {.key = "groups",                                                                              \
     .type = GY_SETTING_INT,                                                                       \
     .offset = offsetof(gy_conv_settings, groups),                                                 \
     .standard = "1",                                                                              \
     .min = 1,                                                                                     \
     .max = GY_COUNT_MAX,                                                                          \
     .help = "parts of the channels, each filtered by its part of the filters alone"},             \
        GY_SETTING_ACTIVATION(gy_conv_settings, activation, "none"),                               \
        {.key = "bias",                                                                            \
         .type = GY_SETTING_BOOL,                                                                  \
         .offset = offsetof(gy_conv_settings, bias),                                               \
         .standard = "true",                                                                       \
         .help = "whether outputs have a bias"},                                                   \
    {                                                                                              \
        .key = "algorithm", .type = GY_SETTING_CHOICE,                                             \
        .offset = offsetof(gy_conv_settings, algorithm), .standard = "auto",                       \
        .choices = gy_conv_names, .help = "how it is computed; auto: by shape"                     \
    }

#endif
