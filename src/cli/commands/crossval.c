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
    GY_CLI_ROWS_STUDY(settings, "study", "-crossval", "trials, summaries"),
    GY_SETTING_END,
};

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_study_show show = {.cli = cli, .quiet = s->quiet, .json = s->json};
    const gy_crossval_options options = {.study = gy_study_show_options(&show, &s->set, s->run_dir),
                                         .folds = s->folds,
                                         .repeats = s->repeats,
                                         .stratified = s->stratified,
                                         .group = s->group,
                                         .ranks_per_run = s->ranks_per_run};
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_crossval, operands, 1, 1)));
    gy_study_show_begin(cli);
    return gy_study_show_end(cli, gy_crossval(cli->ctx, cli->comm, operands->v[0], &options));
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
