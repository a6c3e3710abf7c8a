/* gyre generate CHECKPOINT --prompt TEXT */
#include "../command_list.h"

#include "../page.h"

#include <stdio.h>

typedef struct settings {
    const char *prompt;
    int64_t length, top_k, seed;
    double temperature;
    gy_strings set;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "prompt",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, prompt),
     .standard = "",
     .help = "the text to go on with"},
    {.key = "length",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, length),
     .standard = "256",
     .min = 0,
     .max = 1e9,
     .help = "tokens to draw"},
    {.key = "temperature",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, temperature),
     .standard = "1.0",
     .min = 0,
     .max = 1e6,
     .help = "below 1 surer, above 1 bolder; 0: always the likeliest token"},
    {.key = "top_k",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, top_k),
     .standard = "0",
     .min = 0,
     .max = 1e9,
     .help = "draw among so many of the likeliest tokens; 0: among all"},
    {.key = "seed",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, seed),
     .standard = "1",
     .min = 0,
     .max = 9e15,
     .help = "of the draws: the same seed gives the same text"},
    GY_CLI_ROW_SET(settings, "the checkpoint's configuration"),
    GY_CLI_ROW_JSON(settings, "one JSON object, when all is done: text, tokens and seconds"),
    GY_SETTING_END,
};

/* Standard output, as the text comes; a terminal takes no orders from a model. */
static void write_text(void *user, const char *text, size_t bytes)
{
    (void)user;
    gy_page_write(stdout, text, bytes,
                  true); /* wherever to: ranks' output is a terminal to mpirun */
    (void)fflush(stdout);
}

static void end(void *user, const gy_event *event)
{
    (void)user;
    (void)event;
    (void)putchar('\n');
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_generate, operands, 1, 1));
    GY_REQUIRE(s->prompt != NULL, GY_E_USAGE,
               "no prompt" GY_AT "--prompt" GY_WHY "it is not given" GY_HINT
               "see gyre help generate");
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    gy_generate_options options = {.prompt = s->prompt,
                                   .length = s->length,
                                   .temperature = s->temperature,
                                   .top_k = s->top_k,
                                   .seed = s->seed,
                                   .sets = s->set.v,
                                   .n_sets = s->set.n,
                                   .write = s->json ? NULL : write_text,
                                   .observer = s->json ? gy_cli_print_json : end,
                                   .observer_user = cli};
    return gy_generate(cli->ctx, cli->comm, operands->v[0], &options);
}

const gy_command gy_command_generate = {
    .kind = {.name = "generate",
             .help = "goes on with a text by a language model, token by token",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT --prompt TEXT",
    .run = run};
