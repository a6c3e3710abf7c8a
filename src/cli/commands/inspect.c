/* gyre inspect CONFIG.yaml|CHECKPOINT */
#include "../command_list.h"
#include "../table.h"

typedef struct settings {
    gy_strings set;
    bool json, histogram;
} settings;

static const gy_setting rows[] = {
    {.key = "histogram",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, histogram),
     .standard = "false",
     .help = "of a checkpoint: how the values of each parameter are spread"},
    GY_CLI_ROW_JSON(settings, "one JSON object"),
    GY_CLI_ROW_SET(settings, "the configuration"),
    GY_SETTING_END,
};

static gy_status print(gy_cli *cli, const settings *s, const gy_anatomy *anatomy)
{
    if (cli->rank != 0) return GY_OK;
    if (s->json) return gy_anatomy_json(cli->ctx, anatomy, s->histogram, gy_cli_print_line, NULL);
    printf("%s: input %s", anatomy->name, anatomy->input);
    if (anatomy->step >= 0) printf(", step %lld", (long long)anatomy->step);
    printf("\n\n");
    gy_table_layers(stdout, anatomy);
    printf("\n");
    gy_table_totals(stdout, anatomy);
    if (anatomy->values) gy_table_sizes(stdout, anatomy);
    if (anatomy->values) gy_table_values(stdout, anatomy, s->histogram);
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_anatomy *anatomy = NULL;
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_inspect, operands, 1, 1)));
    GY_TRY(gy_anatomy_create(cli->ctx, cli->comm, operands->v[0], s->set.v, s->set.n, &anatomy));
    gy_status status = print(cli, s, anatomy);
    gy_anatomy_free(cli->ctx, anatomy);
    return gy_comm_agree(cli->comm, status);
}

const gy_command gy_command_inspect = {
    .kind = {.name = "inspect",
             .help = "the anatomy of the parameters of a configuration or a checkpoint",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml|CHECKPOINT",
    .run = run};
