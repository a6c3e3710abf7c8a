/*
 * As ONNX's operators have it: the gates of both directions in one tensor, all biases in another. What we
 * write keeps lines of images as ours; what others write is numbered channel by channel.
 */
#include "../convention.h"

#define GATE(kind_, gate, way)                                                                     \
    {.kind = kind_, .ours = way gate "/weight", .theirs = "W"},                                    \
        {.kind = kind_, .ours = way gate "/recurrent", .theirs = "R"},
#define BIAS(kind_, gate, way) {.kind = kind_, .ours = way gate "/bias", .theirs = "B"},
#define BOTH(kind_, gate, way)                                                                     \
    {.kind = kind_, .ours = way gate "/bias", .theirs = "B", .extra = true},

#define LSTM(way)                                                                                  \
    GATE("lstm", "input", way)                                                                     \
    GATE("lstm", "output", way)                                                                    \
    GATE("lstm", "forget", way)                                                                    \
    GATE("lstm", "cell", way)                                                                      \
    BIAS("lstm", "input", way)                                                                     \
    BIAS("lstm", "output", way)                                                                    \
    BIAS("lstm", "forget", way)                                                                    \
    BIAS("lstm", "cell", way)                                                                      \
    BOTH("lstm", "input", way)                                                                     \
    BOTH("lstm", "output", way)                                                                    \
    BOTH("lstm", "forget", way)                                                                    \
    BOTH("lstm", "cell", way)

#define GRU(way)                                                                                   \
    GATE("gru", "update", way)                                                                     \
    GATE("gru", "reset", way)                                                                      \
    GATE("gru", "new", way)                                                                        \
    BIAS("gru", "update", way)                                                                     \
    BIAS("gru", "reset", way)                                                                      \
    BIAS("gru", "new", way)                                                                        \
    BOTH("gru", "update", way)                                                                     \
    BOTH("gru", "reset", way){.kind = "gru", .ours = way "new/recurrent_bias", .theirs = "B"},

#define RNN(way)                                                                                   \
    GATE("rnn", "hidden", way)                                                                     \
    BIAS("rnn", "hidden", way)                                                                     \
    BOTH("rnn", "hidden", way)

/* clang-format off */
static const gy_name_rule rules[] = {
    {.ours = "gamma", .theirs = "weight"},
    {.ours = "beta", .theirs = "bias"},
    {.ours = "mean", .theirs = "running_mean"},
    {.ours = "variance", .theirs = "running_var"},
    LSTM("") LSTM("reverse/")
    GRU("") GRU("reverse/")
    RNN("") RNN("reverse/")
    {.ours = NULL},
};
/* clang-format on */

const gy_convention gy_convention_onnx = {
    .name = "onnx", .separator = '.', .layout = GY_LAYOUT_CHANNELS_FIRST, .rules = rules};

const gy_convention gy_convention_onnx_ours = {.name = "onnx",
                                               .separator = '.',
                                               .layout = GY_LAYOUT_CHANNELS_FIRST,
                                               .keeps_lines = true,
                                               .rules = rules};
