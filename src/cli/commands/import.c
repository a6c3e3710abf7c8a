/* gyre import FILE -o CHECKPOINT */
#include "../command_list.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    const char *o, *config, *map;
    gy_strings set;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the checkpoint to write, a directory that is not there yet"},
    {.key = "config",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, config),
     .standard = "",
     .help = "the configuration whose network it is; without: the file's own"},
    {.key = "map",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, map),
     .standard = "",
     .help = "a file of lines `ours: theirs`, layers or tensors; else by name, else by order"},
    GY_CLI_ROW_SET(settings, "the configuration"),
    GY_CLI_ROW_JSON(settings, "a JSON object a tensor, then one of the whole"),
    GY_SETTING_END,
};

static void print_tensor(const gy_event *event)
{
    const char *from = gy_event_text(event, "from", NULL), *how = gy_event_text(event, "how", "");
    const char *name = gy_event_text(event, "name", ""), *shape = gy_event_text(event, "shape", "");
    if (from == NULL)
        printf("%s %s: stays at its start\n", name, shape);
    else
        printf("%s %s: %s %s%s%s\n", name, shape, from, gy_event_text(event, "from_shape", ""),
               how[0] != '\0' ? ", " : "", how);
}

static void print(void *user, const gy_event *event)
{
    char count[GY_TEXT];
    (void)user;
    if (strcmp(event->type, "tensor") == 0) {
        print_tensor(event);
        return;
    }
    printf("%s: %s parameters of %s (%s)\n", gy_event_text(event, "path", ""),
           gy_format_count((int64_t)gy_event_number(event, "parameters", 0), count),
           gy_event_text(event, "file", ""), gy_event_text(event, "format", ""));
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_import, operands, 1, 1));
    return gy_cli_output(&gy_command_import, "checkpoint", s->o);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    gy_exchange_options options = {.config = s->config,
                                   .map = s->map,
                                   .sets = s->set.v,
                                   .n_sets = s->set.n,
                                   .observer = s->json ? gy_cli_print_json : print,
                                   .observer_user = cli};
    return gy_import(cli->ctx, cli->comm, operands->v[0], &options, s->o);
}

const gy_command gy_command_import = {
    .kind = {.name = "import",
             .help = "makes a checkpoint of another program's file",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "FILE [--config CONFIG.yaml] [--map FILE] -o CHECKPOINT",
    .more = "`gyre help import` lists the formats.",
    .run = run};
