/*
 * As Keras has it: [in, out] weights, kernels [height, width, in, out], the gates of a recurrent layer in
 * one tensor. A GRU has two biases for each gate (reset_after), of which ours has both for `new` alone.
 */
#include "../convention.h"

#define GATE(kind_, gate, way, names)                                                              \
    {.kind = kind_, .ours = way gate "/weight", .theirs = names("kernel")},                        \
        {.kind = kind_, .ours = way gate "/recurrent", .theirs = names("recurrent_kernel")},       \
        {.kind = kind_, .ours = way gate "/bias", .theirs = names("bias")},

#define FORWARD(name) name "|forward/" name
#define BACKWARD(name) "backward/" name

#define LSTM(way, names)                                                                           \
    GATE("lstm", "input", way, names)                                                              \
    GATE("lstm", "forget", way, names)                                                             \
    GATE("lstm", "cell", way, names)                                                               \
    GATE("lstm", "output", way, names)

#define GRU_GATE(gate, way, names)                                                                 \
    {.kind = "gru", .ours = way gate "/weight", .theirs = names("kernel")},                        \
        {.kind = "gru", .ours = way gate "/recurrent", .theirs = names("recurrent_kernel")},
#define GRU_BIAS(ours_, way, names, extra_)                                                        \
    {.kind = "gru", .ours = way ours_, .theirs = names("bias"), .lead = 2, .extra = extra_},

#define GRU(way, names)                                                                            \
    GRU_GATE("update", way, names)                                                                 \
    GRU_GATE("reset", way, names)                                                                  \
    GRU_GATE("new", way, names)                                                                    \
    GRU_BIAS("update/bias", way, names, false)                                                     \
    GRU_BIAS("reset/bias", way, names, false)                                                      \
    GRU_BIAS("new/bias", way, names, false)                                                        \
    GRU_BIAS("update/bias", way, names, true)                                                      \
    GRU_BIAS("reset/bias", way, names, true)                                                       \
    GRU_BIAS("new/recurrent_bias", way, names, false)

/* clang-format off */
static const gy_name_rule rules[] = {
    {.kind = "embedding", .ours = "weight", .theirs = "embeddings"},
    {.ours = "weight", .theirs = "kernel"},
    {.ours = "mean", .theirs = "moving_mean"},
    {.ours = "variance", .theirs = "moving_variance"},
    LSTM("", FORWARD) LSTM("reverse/", BACKWARD)
    GRU("", FORWARD) GRU("reverse/", BACKWARD)
    GATE("rnn", "hidden", "", FORWARD) GATE("rnn", "hidden", "reverse/", BACKWARD)
    {.ours = NULL},
};
/* clang-format on */

const gy_convention gy_convention_keras = {
    .name = "keras", .separator = '/', .layout = GY_LAYOUT_IN_OUT, .rules = rules};
