/* gyre crossval CONFIG.yaml --folds K */
#include "../command_list.h"
#include "../study.h"

typedef struct settings {
    int64_t folds, repeats, ranks_per_run;
    bool stratified, quiet, json;
    const char *group, *run_dir;
    gy_strings set;
} settings;

#define AT(field) .offset = offsetof(settings, field)

static const gy_setting rows[] = {
    {.key = "folds",
     .type = GY_SETTING_INT,
     AT(folds),
     .standard = "5",
     .min = 2,
     .max = 10000,
     .help = "parts that data.train is cut into; each validates once"},
    {.key = "stratified",
     .type = GY_SETTING_BOOL,
     AT(stratified),
     .standard = "false",
     .help = "each fold has as many samples of a class as the others, but for one"},
    {.key = "group",
     .type = GY_SETTING_STRING,
     AT(group),
     .standard = "",
     .help = "column that tells which samples belong together: a fold has all or none of them"},
    {.key = "repeats",
     .type = GY_SETTING_INT,
     AT(repeats),
     .standard = "1",
     .min = 1,
     .max = 10000,
     .help = "times that is done, with other folds and start values"},
    {.key = "ranks_per_run",
     .type = GY_SETTING_INT,
     AT(ranks_per_run),
     .standard = "1",
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "ranks that train a fold together; groups of so many work side by side"},
    GY_CLI_ROW_SET(settings, "the configuration; may be given several times"),
    {.key = "run_dir",
     .type = GY_SETTING_STRING,
     AT(run_dir),
     .standard = "",
     .help =
         "directory of the study; default the configuration's run_dir with -crossval behind it"},
    {.key = "quiet",
     .type = GY_SETTING_BOOL,
     AT(quiet),
     .standard = "false",
     .help = "show results and errors alone"},
    GY_CLI_ROW_JSON(settings, "every event as a line: trials, summaries"),
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
    const gy_crossval_options options = {.study = {.sets = t->s->set.v,
                                                   .n_sets = t->s->set.n,
                                                   .dir = t->s->run_dir,
                                                   .observer = gy_study_show_event,
                                                   .observer_user = &show,
                                                   .requests = gy_signals_take},
                                         .folds = t->s->folds,
                                         .repeats = t->s->repeats,
                                         .stratified = t->s->stratified,
                                         .group = t->s->group,
                                         .ranks_per_run = t->s->ranks_per_run};
    return gy_crossval(cli->ctx, cli->comm, t->path, &options);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_crossval, operands, 1, 1)));
    task t = {settings_, operands->v[0]};
    return gy_study_show_run(cli, call, &t);
}

const gy_command gy_command_crossval = {
    .kind = {.name = "crossval",
             .help = "k-fold cross-validation: mean and deviation of all that is measured",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml",
    .more = "Folds are drawn by the configuration's seed alone: the same on any number of ranks.\n"
            "data.validation and data.validation_fraction are left out; data.test is measured by "
            "each.\n"
            "Started again, it goes on: folds that are done are kept.",
    .run = run};
