/* gyre verify CHECKPOINT|RUN */
#include "../command_list.h"

#include <stdio.h>

typedef struct settings {
    bool json;
} settings;

static const gy_setting rows[] = {GY_CLI_ROW_JSON(settings, "one JSON object"), GY_SETTING_END};

static void print(const gy_verify_result *result)
{
    char bytes[GY_TEXT];
    printf("%lld checkpoint%s whole: %lld files, %s\n", (long long)result->checkpoints,
           result->checkpoints == 1 ? " is" : "s are", (long long)result->files,
           gy_format_bytes(result->bytes, bytes));
}

static void print_json(gy_cli *cli, const gy_verify_result *result)
{
    const gy_field fields[] = {
        {.name = "checkpoints", .type = GY_FIELD_INT, .integer = result->checkpoints},
        {.name = "files", .type = GY_FIELD_INT, .integer = result->files},
        {.name = "bytes", .type = GY_FIELD_INT, .integer = result->bytes},
    };
    const gy_event event = {
        .type = "verify", .fields = fields, .n = sizeof fields / sizeof *fields};
    gy_cli_print_json(cli, &event);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_verify_result result;
    GY_TRY(gy_cli_operands(&gy_command_verify, operands, 1, 1));
    GY_TRY(gy_checkpoint_verify(cli->ctx, operands->v[0], s->json ? NULL : gy_cli_print_line, NULL,
                                &result));
    if (s->json)
        print_json(cli, &result);
    else
        print(&result);
    return GY_OK;
}

const gy_command gy_command_verify = {
    .kind = {.name = "verify",
             .help =
                 "reads every byte of a checkpoint, or of all of a run, and checks its checksums",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT|RUN",
    .alone = true,
    .run = run};
