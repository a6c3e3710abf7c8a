/* gyre export CHECKPOINT -o FILE */
#include "../command_list.h"

#include <stdio.h>

typedef struct settings {
    const char *o;
    gy_strings set;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the file to write; its ending tells the format"},
    GY_CLI_ROW_SET(settings, "the checkpoint's configuration"),
    GY_CLI_ROW_JSON(settings, "one JSON object"),
    GY_SETTING_END,
};

static void print(void *user, const gy_event *event)
{
    char count[GY_TEXT];
    (void)user;
    printf("%s: %s, %s parameters\n", gy_event_text(event, "path", ""),
           gy_event_text(event, "format", ""),
           gy_format_count((int64_t)gy_event_number(event, "parameters", 0), count));
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_export, operands, 1, 1));
    return gy_cli_output(&gy_command_export, "file", s->o);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    gy_exchange_options options = {.sets = s->set.v,
                                   .n_sets = s->set.n,
                                   .observer = s->json ? gy_cli_print_json : print,
                                   .observer_user = cli};
    return gy_export(cli->ctx, cli->comm, operands->v[0], &options, s->o);
}

const gy_command gy_command_export = {
    .kind = {.name = "export",
             .help = "writes the network of a checkpoint for other programs",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT -o FILE",
    .more = "`gyre help export` lists the formats.",
    .run = run};
