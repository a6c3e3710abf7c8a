/*
 * As PyTorch's modules have it (nn.Linear, Conv, BatchNorm, LayerNorm, Embedding, LSTM, GRU, RNN,
 * MultiheadAttention): what reads safetensors mostly does.
 */
#include "../convention.h"

/* The gates of a direction in their order there; LSTM's two biases are one of ours. */
#define GATE(kind_, gate, way, end)                                                                \
    {.kind = kind_, .ours = way gate "/weight", .theirs = "weight_ih_l0" end "|weight_ih" end},    \
        {.kind = kind_,                                                                            \
         .ours = way gate "/recurrent",                                                            \
         .theirs = "weight_hh_l0" end "|weight_hh" end},                                           \
        {.kind = kind_, .ours = way gate "/bias", .theirs = "bias_ih_l0" end "|bias_ih" end},
#define BOTH(kind_, gate, way, end)                                                                \
    {.kind = kind_,                                                                                \
     .ours = way gate "/bias",                                                                     \
     .theirs = "bias_hh_l0" end "|bias_hh" end,                                                    \
     .extra = true},

#define LSTM(way, end)                                                                             \
    GATE("lstm", "input", way, end)                                                                \
    GATE("lstm", "forget", way, end)                                                               \
    GATE("lstm", "cell", way, end)                                                                 \
    GATE("lstm", "output", way, end)                                                               \
    BOTH("lstm", "input", way, end)                                                                \
    BOTH("lstm", "forget", way, end)                                                               \
    BOTH("lstm", "cell", way, end)                                                                 \
    BOTH("lstm", "output", way, end)

#define GRU(way, end)                                                                              \
    GATE("gru", "reset", way, end)                                                                 \
    GATE("gru", "update", way, end)                                                                \
    GATE("gru", "new", way, end)                                                                   \
    BOTH("gru", "reset", way, end)                                                                 \
    BOTH("gru", "update", way, end){.kind = "gru",                                                 \
                                    .ours = way "new/recurrent_bias",                              \
                                    .theirs = "bias_hh_l0" end "|bias_hh" end},

#define RNN(way, end)                                                                              \
    GATE("rnn", "hidden", way, end)                                                                \
    BOTH("rnn", "hidden", way, end)

/* clang-format off */
static const gy_name_rule rules[] = {
    {.ours = "gamma", .theirs = "weight|gamma"},
    {.ours = "beta", .theirs = "bias|beta"},
    {.ours = "mean", .theirs = "running_mean"},
    {.ours = "variance", .theirs = "running_var"},
    {.kind = "attention", .ours = "query/weight", .theirs = "in_proj_weight"},
    {.kind = "attention", .ours = "key/weight", .theirs = "in_proj_weight"},
    {.kind = "attention", .ours = "value/weight", .theirs = "in_proj_weight"},
    {.kind = "attention", .ours = "query/bias", .theirs = "in_proj_bias"},
    {.kind = "attention", .ours = "key/bias", .theirs = "in_proj_bias"},
    {.kind = "attention", .ours = "value/bias", .theirs = "in_proj_bias"},
    {.kind = "attention", .ours = "output/weight", .theirs = "out_proj.weight"},
    {.kind = "attention", .ours = "output/bias", .theirs = "out_proj.bias"},
    LSTM("", "") LSTM("reverse/", "_reverse")
    GRU("", "") GRU("reverse/", "_reverse")
    RNN("", "") RNN("reverse/", "_reverse")
    {.ours = NULL},
};
/* clang-format on */

static const char *const ignored[] = {"num_batches_tracked", NULL};

const gy_convention gy_convention_torch = {.name = "torch",
                                           .separator = '.',
                                           .layout = GY_LAYOUT_CHANNELS_FIRST,
                                           .rules = rules,
                                           .ignored = ignored};
