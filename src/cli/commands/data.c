/* gyre data info|convert|synth */
#include "../command_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct settings {
    const char *o, *tokens, *tokenizer;
    int64_t sequence, deflate;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "convert, synth: the HDF5 file to write"},
    {.key = "deflate",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, deflate),
     .standard = "0",
     .min = 0,
     .max = 9,
     .help = "convert, synth: compression, 1 (fast) to 9 (small)"},
    {.key = "sequence",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, sequence),
     .standard = "256",
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "text: tokens a sample"},
    {.key = "tokens",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, tokens),
     .standard = "bytes",
     .help = "text: bytes, chars, words or bpe"},
    {.key = "tokenizer",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, tokenizer),
     .standard = "",
     .help = "bpe: the folder of vocab.json and merges.txt, or encoder.json and vocab.bpe"},
    {.key = "json",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, json),
     .standard = "false",
     .help = "info: one JSON object"},
    GY_SETTING_END,
};

/* `train=SOURCE` goes into /train, a bare SOURCE into the root. */
static gy_status split(gy_cli *cli, const char *operand, gy_data_part *out)
{
    size_t n = 0;
    while (isalnum((unsigned char)operand[n]) || operand[n] == '_') n++;
    *out = (gy_data_part){.source = operand, .group = "/"};
    if (n == 0 || operand[n] != '=') return GY_OK;
    out->source = operand + n + 1;
    return gy_pool_format(&cli->pool, &out->group, "/%.*s", (int)n, operand);
}

static gy_status convert(gy_cli *cli, const settings *s, const char *const *operands, int n)
{
    gy_data_part *parts;
    gy_data_text text = {s->sequence, s->tokens, s->tokenizer};
    GY_TRY(gy_cli_output(&gy_command_data, "file", s->o));
    GY_TRY(gy_pool_array(&cli->pool, n, &parts));
    for (int i = 0; i < n; i++) GY_TRY(split(cli, operands[i], &parts[i]));
    return gy_data_convert(cli->ctx, parts, n, &text, (int)s->deflate, s->o);
}

/* `blobs?n=100` is `synthetic:blobs?n=100`. */
static gy_status synth(gy_cli *cli, const settings *s, const char *const *operands, int n)
{
    const char **sources;
    GY_TRY(gy_pool_array(&cli->pool, n, &sources));
    for (int i = 0; i < n; i++) {
        gy_data_part part;
        GY_TRY(split(cli, operands[i], &part));
        bool named = part.source != operands[i];
        int head = named ? (int)(part.source - operands[i]) : 0;
        GY_TRY(gy_pool_format(&cli->pool, &sources[i], "%.*ssynthetic:%s", head, operands[i],
                              part.source));
    }
    return convert(cli, s, sources, n);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    static const char *const verbs[] = {"info", "convert", "synth"};
    const settings *s = settings_;
    gy_data_text text = {s->sequence, s->tokens, s->tokenizer};
    GY_TRY(gy_cli_operands(&gy_command_data, operands, 2, 64));
    const char *verb = operands->v[0];
    if (strcmp(verb, "convert") == 0) return convert(cli, s, operands->v + 1, operands->n - 1);
    if (strcmp(verb, "synth") == 0) return synth(cli, s, operands->v + 1, operands->n - 1);
    if (strcmp(verb, "info") != 0) {
        const char *near = gy_nearest(verb, verbs, 3);
        return gy_raise(GY_E_USAGE, "unknown command data %s" GY_HINT "%s%s%s", verb,
                        near != NULL ? "did you mean data " : "there are info, convert, synth",
                        near != NULL ? near : "", near != NULL ? "?" : "");
    }
    for (int i = 1; i < operands->n; i++)
        GY_TRY(gy_data_info(cli->ctx, operands->v[i], &text, s->json, gy_cli_print_line, NULL));
    return GY_OK;
}

const gy_command gy_command_data = {
    .kind = {.name = "data",
             .help = "looks into data sources, converts them to HDF5, makes synthetic ones",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "info SOURCE…|convert [GROUP=]SOURCE… -o OUT.h5|synth [GROUP=]KIND?… -o OUT.h5",
    .more = "  gyre data info datasets/digits.h5:/train\n"
            "  gyre data convert train=train-images.gz,train-labels.gz test=… -o mnist.h5\n"
            "  gyre data synth train='blobs?n=1000' -o blobs.h5",
    .alone = true,
    .run = run};
