/** The kinds of layers, in the order of help and of the README. */
#ifndef GY_LAYER_LAYER_LIST_H
#define GY_LAYER_LAYER_LIST_H

#include "layer.h"

#define GY_LAYER_LIST(X)                                                                           \
    X(dense)                                                                                       \
    X(conv1d)                                                                                      \
    X(conv2d)                                                                                      \
    X(conv3d)                                                                                      \
    X(conv1d_transposed)                                                                           \
    X(conv2d_transposed)                                                                           \
    X(conv3d_transposed)                                                                           \
    X(upsample1d)                                                                                  \
    X(upsample2d)                                                                                  \
    X(upsample3d)                                                                                  \
    X(spectral1d)                                                                                  \
    X(spectral2d)                                                                                  \
    X(max_pool1d)                                                                                  \
    X(max_pool2d)                                                                                  \
    X(max_pool3d)                                                                                  \
    X(avg_pool1d)                                                                                  \
    X(avg_pool2d)                                                                                  \
    X(avg_pool3d)                                                                                  \
    X(global_avg_pool)                                                                             \
    X(global_max_pool)                                                                             \
    X(flatten)                                                                                     \
    X(reshape)                                                                                     \
    X(activation)                                                                                  \
    X(dropout)                                                                                     \
    X(batch_norm)                                                                                  \
    X(layer_norm)                                                                                  \
    X(rms_norm)                                                                                    \
    X(group_norm)                                                                                  \
    X(embedding)                                                                                   \
    X(position_embedding)                                                                          \
    X(attention)                                                                                   \
    X(output_embedding)                                                                            \
    X(rnn)                                                                                         \
    X(gru)                                                                                         \
    X(lstm)                                                                                        \
    X(residual)                                                                                    \
    X(repeat)                                                                                      \
    X(parallel)                                                                                    \
    X(transformer_block)                                                                           \
    X(mixture)

#define GY_LAYER_DECLARE(name) extern const gy_layer_kind gy_layer_##name;
GY_LAYER_LIST(GY_LAYER_DECLARE)
#undef GY_LAYER_DECLARE

/* Parts that composites expand into; they have no name in a configuration. */
extern const gy_layer_kind gy_layer_merge;      /* several inputs: add, concat, multiply */
extern const gy_layer_kind gy_layer_projection; /* residual's 1×1 on every s-th position */
extern const gy_layer_kind gy_layer_shift;      /* a window of frames, moved on by one */

#endif
