/* gyre train CONFIG.yaml */
#include "../command_list.h"
#include "../rates.h"
#include "../terminal.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    gy_strings set, inject;
    const char *run_dir, *resume, *init, *trace;
    bool init_partial, dry_run, find_learning_rate, quiet, json;
    int progress;
} settings;

#define AT(field) .offset = offsetof(settings, field)

static const gy_setting rows[] = {
    GY_CLI_ROW_SET(settings, "the configuration; may be given several times"),
    GY_CLI_ROWS_RUN(settings),
    {.key = "init_partial",
     .type = GY_SETTING_BOOL,
     AT(init_partial),
     .standard = "false",
     .help = "names may be missing in --init, or too many"},
    {.key = "inject",
     .type = GY_SETTING_STRINGS,
     AT(inject),
     .standard = "[]",
     .help = "FAULT:key=value,…: makes a fault, to prove what holds then; see gyre help inject"},
    {.key = "trace",
     .type = GY_SETTING_STRING,
     AT(trace),
     .standard = "",
     .help = "the timeline of all ranks' phases, layers, buckets, a .json for Perfetto or Chrome"},
    {.key = "dry_run",
     .type = GY_SETTING_BOOL,
     AT(dry_run),
     .standard = "false",
     .help = "check everything, show the plan, train nothing"},
    {.key = "find_learning_rate",
     .type = GY_SETTING_BOOL,
     AT(find_learning_rate),
     .standard = "false",
     .help = "steps at growing rates, a curve and a suggestion; trains nothing"},
    GY_CLI_ROWS_SHOWN(settings),
    GY_CLI_ROW_JSON(settings, "every event of the run as a line, as in its metrics.jsonl"),
    GY_SETTING_END,
};

static const char stopped[] =
    "gyre: stopped by a signal before the first step; the same command starts it again\n";

/* Those that are kept go to standard output, too, where it is asked for. */
typedef struct output {
    gy_cli *cli;
    gy_terminal terminal;
    gy_rates rates;
    bool json;
} output;

static void observe(void *user, const gy_event *event)
{
    output *out = user;
    if (out->json) gy_terminal_print_kept(&out->terminal, event);
    gy_terminal_observe(&out->terminal, event);
    gy_rates_observe(&out->rates, event);
}

/* A search neither goes on nor leaves anything to go on from; a dry run has no steps to trace. */
static gy_status check_search(const settings *s)
{
    GY_REQUIRE(!s->dry_run || s->trace == NULL, GY_E_USAGE,
               "options do not go together" GY_AT "gyre train --dry-run --trace" GY_WHY
               "a dry run takes no step" GY_HINT "leave one of them out");
    const char *other = s->dry_run                       ? "--dry-run"
                        : s->trace != NULL               ? "--trace"
                        : s->inject.n > 0                ? "--inject"
                        : strcmp(s->resume, "auto") != 0 ? "--resume"
                                                         : NULL;
    GY_REQUIRE(!s->find_learning_rate || other == NULL, GY_E_USAGE,
               "options do not go together" GY_AT "gyre train --find-learning-rate %s" GY_WHY
               "a search starts anew and trains nothing" GY_HINT "leave one of them out",
               other);
    return GY_OK;
}

static gy_status search(output *out, const gy_config *config, const gy_train_options *options)
{
    gy_cli *cli = out->cli;
    GY_TRY(gy_find_learning_rate(cli->ctx, cli->comm, config, options));
    gy_terminal_clear_line();
    if (cli->rank == 0 && !out->json) gy_rates_show(&out->rates, cli->ctx);
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    const char *const *sets = NULL;
    int n = 0;
    gy_config *config = NULL;
    output out = {.cli = cli, .json = s->json};
    cli->quiet = s->quiet;
    /* before anything that may take long */
    gy_signals_catch(cli->rank != 0 || s->quiet ? NULL : stopped,
                     gy_cli_exit_code(cli, GY_STOPPED));
    gy_status status = gy_cli_operands(&gy_command_train, operands, 1, 1);
    if (status == GY_OK) status = check_search(s);
    if (status == GY_OK) status = gy_cli_sets(cli, &s->set, s->run_dir, &sets, &n);
    status = gy_comm_agree(cli->comm, status);
    if (status == GY_OK) status = gy_config_read(cli->comm, operands->v[0], sets, n, &config);
    if (status == GY_OK) {
        gy_terminal_init(&out.terminal, cli, s->progress, s->quiet);
        gy_train_options options = {.resume = s->resume,
                                    .init = s->init,
                                    .init_partial = s->init_partial,
                                    .inject = s->inject.v,
                                    .n_inject = s->inject.n,
                                    .trace = s->trace,
                                    .dry_run = s->dry_run,
                                    .observer = observe,
                                    .observer_user = &out,
                                    .requests = gy_signals_take};
        status = s->find_learning_rate ? search(&out, config, &options)
                                       : gy_train(cli->ctx, cli->comm, config, &options);
        gy_terminal_clear_line();
    }
    gy_signals_ignore(); /* mpirun sends one to the others where the first of them has ended */
    gy_config_free(config);
    return status;
}

const gy_command gy_command_train = {
    .kind = {.name = "train",
             .help = "trains a network as a configuration says; goes on where it was stopped",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml",
    .more =
        "Every setting can also come from the environment: GYRE_SET_TRAIN__EPOCHS=3.\n"
        "The command line wins over the environment, the environment over the file.\n"
        "SIGUSR1 saves a checkpoint; SIGTERM, SIGINT, SIGUSR2, SIGHUP and SIGXCPU save one and "
        "stop with code 75.\n"
        "--find-learning-rate takes up to 161 steps at rates from 1e-7 to 10 (Smith 2017), and "
        "writes learning_rate.jsonl into the run's directory alone: a run there stays as it is.\n"
        "`gyre help config` describes all settings, `gyre help train` those of training.",
    .run = run};
