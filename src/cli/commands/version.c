/* gyre version */
#include "../command_list.h"
#include "../page.h"

#include <stdio.h>

typedef struct settings {
    bool json;
} settings;

static const gy_setting rows[] = {GY_CLI_ROW_JSON(settings, "one JSON object"), GY_SETTING_END};

static void print(const gy_cli *cli)
{
    printf("gyre %s\n", gy_version());
    gy_page_say(stdout, "mpi   %s", gy_comm_library());
    gy_page_say(stdout, "blas  %s", gy_model_library());
    gy_page_say(stdout, "hdf5  %s", gy_checkpoint_library());
    printf("bf16  products by %s\n", gy_model_bfloat16_by(cli->ctx));
    printf("simd  %s\n", gy_context_simd(cli->ctx));
}

static void print_json(gy_cli *cli)
{
    const gy_field fields[] = {
        {.name = "version", .type = GY_FIELD_TEXT, .text = gy_version()},
        {.name = "mpi", .type = GY_FIELD_TEXT, .text = gy_comm_library()},
        {.name = "blas", .type = GY_FIELD_TEXT, .text = gy_model_library()},
        {.name = "hdf5", .type = GY_FIELD_TEXT, .text = gy_checkpoint_library()},
        {.name = "products_by", .type = GY_FIELD_TEXT, .text = gy_model_bfloat16_by(cli->ctx)},
        {.name = "simd", .type = GY_FIELD_TEXT, .text = gy_context_simd(cli->ctx)},
    };
    const gy_event event = {
        .type = "version", .fields = fields, .n = sizeof fields / sizeof *fields};
    gy_cli_print_json(cli, &event);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_cli_operands(&gy_command_version, operands, 0, 0));
    if (s->json)
        print_json(cli);
    else
        print(cli);
    return GY_OK;
}

const gy_command gy_command_version = {
    .kind = {.name = "version",
             .help = "the version, the libraries' versions, and the instruction set in use",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "",
    .alone = true,
    .run = run};
