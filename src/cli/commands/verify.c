/* gyre verify CHECKPOINT|RUN */
#include "../command_list.h"

#include "base/buffer.h"

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

/* Lines of what is damaged. */
typedef struct damage {
    gy_verify_result result;
    gy_buffer lines;
    int64_t n; /* of them */
} damage;

static void keep(void *damage_, const char *line)
{
    damage *d = damage_;
    if (d->n == d->result.damaged) return; /* it is whole */
    gy_buffer_format(&d->lines, "%s%s", d->n++ == 0 ? "" : "\n", line);
}

static void print_json(gy_cli *cli, const damage *d)
{
    const gy_verify_result *result = &d->result;
    const gy_field fields[] = {
        {.name = "checkpoints", .type = GY_FIELD_INT, .integer = result->checkpoints},
        {.name = "files", .type = GY_FIELD_INT, .integer = result->files},
        {.name = "bytes", .type = GY_FIELD_INT, .integer = result->bytes},
        {.name = "damaged", .type = GY_FIELD_INT, .integer = d->n},
        {.name = "damage",
         .type = GY_FIELD_TEXT,
         .text = d->n > 0 ? gy_buffer_text(&d->lines) : ""},
    };
    const gy_event event = {
        .type = "verify", .fields = fields, .n = sizeof fields / sizeof *fields};
    gy_cli_print_json(cli, &event);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    damage d = {.n = 0};
    GY_TRY(gy_cli_operands(&gy_command_verify, operands, 1, 1));
    gy_buffer_init(&d.lines, cli->ctx);
    gy_status status =
        gy_checkpoint_verify(cli->ctx, operands->v[0], s->json ? keep : gy_cli_print_line,
                             s->json ? &d : NULL, &d.result);
    if (s->json && d.lines.status != GY_OK)
        status = d.lines.status;
    else if (s->json && (status == GY_OK || d.n > 0))
        print_json(cli, &d);
    else if (status == GY_OK)
        print(&d.result);
    gy_buffer_clear(&d.lines);
    return status;
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
