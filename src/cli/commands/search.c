/* gyre search CONFIG.yaml */
#include "../command_list.h"
#include "../study.h"

typedef struct settings {
    bool quiet, json;
    const char *run_dir;
    gy_strings set;
} settings;

static const gy_setting rows[] = {
    GY_CLI_ROWS_STUDY(settings, "search", "-search", "trials, the ten best, what mattered"),
    GY_SETTING_END,
};

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_study_show show = {.cli = cli, .quiet = s->quiet, .json = s->json};
    const gy_study_options options = gy_study_show_options(&show, &s->set, s->run_dir);
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_search, operands, 1, 1)));
    gy_study_show_begin(cli);
    return gy_study_show_end(
        cli, gy_search_configuration(cli->ctx, cli->comm, operands->v[0], &options));
}

const gy_command gy_command_search = {
    .kind = {.name = "search",
             .help = "tries configurations of a space, side by side on groups of ranks",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml",
    .more =
        "The section search says how: search: {method: halving, trials: 27, space: [{key:\n"
        "optimizer.learning_rate, log_uniform: [1e-4, 1e-1]}, {key: model.layers.1.dense.units,\n"
        "choice: [32, 64, 128]}]}; `gyre help search` after the options has all of it.\n"
        "Trials are compared by train.early_stopping.monitor. Started again, it goes on.",
    .run = run};
