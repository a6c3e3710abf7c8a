/* gyre search CONFIG.yaml */
#include "../command_list.h"
#include "../study.h"

typedef struct settings {
    bool quiet, json;
    const char *run_dir;
    gy_strings set;
} settings;

static const gy_setting rows[] = {
    GY_CLI_ROW_SET(settings, "the configuration; may be given several times"),
    {.key = "run_dir",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, run_dir),
     .standard = "",
     .help = "directory of the search; default the configuration's run_dir with -search behind it"},
    {.key = "quiet",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, quiet),
     .standard = "false",
     .help = "show results and errors alone"},
    GY_CLI_ROW_JSON(settings, "every event as a line: trials, the ten best, what mattered"),
    GY_SETTING_END,
};

typedef struct task {
    const settings *s;
    const char *path;
} task;

static gy_status call(gy_cli *cli, void *user)
{
    const task *t = user;
    gy_study_show show = {.cli = cli, .quiet = t->s->quiet, .json = t->s->json};
    const gy_study_options options = {.sets = t->s->set.v,
                                      .n_sets = t->s->set.n,
                                      .dir = t->s->run_dir,
                                      .observer = gy_study_show_event,
                                      .observer_user = &show,
                                      .requests = gy_signals_take};
    return gy_search_configuration(cli->ctx, cli->comm, t->path, &options);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_search, operands, 1, 1)));
    task t = {settings_, operands->v[0]};
    return gy_study_show_run(cli, call, &t);
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
