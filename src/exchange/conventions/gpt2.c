/* As Hugging Face's GPT-2 has it: its Conv1D keeps [in, out], and query, key and value as one. */
#include "../convention.h"

/* clang-format off */
static const gy_name_rule rules[] = {
    {.ours = "gamma", .theirs = "weight"},
    {.ours = "beta", .theirs = "bias"},
    {.kind = "attention", .ours = "query/weight", .theirs = "attn.c_attn.weight"},
    {.kind = "attention", .ours = "key/weight", .theirs = "attn.c_attn.weight"},
    {.kind = "attention", .ours = "value/weight", .theirs = "attn.c_attn.weight"},
    {.kind = "attention", .ours = "query/bias", .theirs = "attn.c_attn.bias"},
    {.kind = "attention", .ours = "key/bias", .theirs = "attn.c_attn.bias"},
    {.kind = "attention", .ours = "value/bias", .theirs = "attn.c_attn.bias"},
    {.kind = "attention", .ours = "output/weight", .theirs = "attn.c_proj.weight"},
    {.kind = "attention", .ours = "output/bias", .theirs = "attn.c_proj.bias"},
    {.ours = NULL},
};
/* clang-format on */

/* Masks that old versions kept, and the embedding once more. */
static const char *const ignored[] = {"attn.bias", "attn.masked_bias", "lm_head.weight", NULL};

const gy_convention gy_convention_gpt2 = {.name = "gpt2",
                                          .separator = '.',
                                          .layout = GY_LAYOUT_IN_OUT,
                                          .rules = rules,
                                          .ignored = ignored};
