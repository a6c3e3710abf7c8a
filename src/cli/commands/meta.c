/* gyre meta CONFIG.yaml */
#include "../command_list.h"
#include "../grid.h"
#include "../terminal.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    gy_strings set, against;
    const char *run_dir, *resume, *init;
    bool quiet, json;
    int progress;
} settings;

#define AT(field) .offset = offsetof(settings, field)

static const gy_setting rows[] = {
    GY_CLI_ROW_SET(settings, "the configuration; may be given several times"),
    GY_CLI_ROWS_RUN(settings),
    {.key = "against",
     .type = GY_SETTING_STRINGS,
     AT(against),
     .standard = "[]",
     .help = "checkpoints or runs of the same model, compared with it as starts"},
    GY_CLI_ROWS_SHOWN(settings),
    GY_CLI_ROW_JSON(settings, "every event of the run and each point of the curves as a line"),
    GY_SETTING_END,
};

enum { STARTS = GY_GRID_COLUMNS - 2 }; /* columns: of steps; the last closes them */

typedef struct output {
    gy_cli *cli;
    const settings *s;
    gy_terminal terminal;
    const char *names[STARTS]; /* of starts */
    double *losses;            /* [n] of all starts, one after the other */
    int starts, n, room, tasks;
    gy_status status; /* of keeping them */
} output;

static gy_status keep_loss(output *out, const gy_event *event, double loss)
{
    enum { FIRST_ROOM = 64 };
    if (out->n == out->room) {
        double *more;
        out->room = out->room == 0 ? FIRST_ROOM : 2 * out->room;
        GY_TRY(gy_pool_array(&out->cli->pool, out->room, &more));
        for (int i = 0; i < out->n; i++) more[i] = out->losses[i];
        out->losses = more;
    }
    if (gy_event_number(event, "adapt_steps", 0) == 0)
        GY_TRY(gy_pool_string(&out->cli->pool, gy_event_text(event, "start", ""),
                              &out->names[out->starts++]));
    out->losses[out->n++] = loss;
    return GY_OK;
}

static void keep_point(output *out, const gy_event *event)
{
    const double loss =
        gy_event_number(event, "test_loss", gy_event_number(event, "validation_loss", 0));
    out->tasks = (int)gy_event_number(event, "tasks", 0);
    if (out->status == GY_OK) out->status = keep_loss(out, event, loss);
}

static void observe(void *user, const gy_event *event)
{
    output *out = user;
    if (out->s->json) gy_terminal_print_kept(&out->terminal, event);
    if (strcmp(event->type, "adapt") == 0)
        keep_point(out, event);
    else
        gy_terminal_observe(&out->terminal, event);
}

/* A column a start; a row a number of steps: the first ones, some, and the last. */
static int steps_of(const output *out, int row)
{
    static const int shown[] = {0, 1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500, 700};
    enum { SHOWN = sizeof shown / sizeof *shown };
    const int last = out->n / out->starts - 1;
    return row < SHOWN && shown[row] < last ? shown[row] : last;
}

static const char *cell(const void *of, int row, int column, char text[GY_TEXT])
{
    const output *out = of;
    const int steps = steps_of(out, row);
    if (column == 0)
        (void)snprintf(text, GY_TEXT, "%d", steps);
    else
        (void)snprintf(text, GY_TEXT, "%.4g",
                       out->losses[(column - 1) * (out->n / out->starts) + steps]);
    return text;
}

static void show(const output *out)
{
    gy_column columns[GY_GRID_COLUMNS] = {{"steps", false, 0}};
    int n_rows = 1;
    while (steps_of(out, n_rows - 1) < out->n / out->starts - 1) n_rows++;
    for (int i = 0; i < out->starts; i++) columns[i + 1] = (gy_column){out->names[i], false, 0};
    printf("loss on %d new tasks, by steps from each start:\n", out->tasks);
    const gy_grid grid = {.columns = columns, .rows = n_rows, .cell = cell, .of = out};
    gy_grid_print(&grid, stdout);
}

static gy_status train(output *out, const gy_config *config)
{
    gy_cli *cli = out->cli;
    const settings *s = out->s;
    const gy_train_options options = {.resume = s->resume,
                                      .init = s->init,
                                      .observer = observe,
                                      .observer_user = out,
                                      .requests = gy_signals_take};
    GY_TRY(gy_meta(cli->ctx, cli->comm, config, &options, s->against.v, s->against.n));
    gy_terminal_clear_line();
    if (cli->rank == 0 && !s->json && out->status == GY_OK) show(out);
    return out->status;
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_meta, operands, 1, 1));
    GY_REQUIRE(s->against.n <= STARTS - 2, GY_E_USAGE,
               "too many starts" GY_AT "gyre meta" GY_WHY "--against was given %d times" GY_HINT
               "give %d at most",
               s->against.n, STARTS - 2);
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    const char *const *sets = NULL;
    int n = 0;
    gy_config *config = NULL;
    output out = {.cli = cli, .s = s};
    cli->quiet = s->quiet;
    gy_signals_catch(NULL, gy_cli_exit_code(cli, GY_STOPPED));
    gy_status status = check(s, operands);
    if (status == GY_OK) status = gy_cli_sets(cli, &s->set, s->run_dir, &sets, &n);
    status = gy_comm_agree(cli->comm, status);
    if (status == GY_OK) status = gy_config_read(cli->comm, operands->v[0], sets, n, &config);
    if (status == GY_OK) {
        gy_terminal_init(&out.terminal, cli, s->progress, s->quiet);
        status = train(&out, config);
        gy_terminal_clear_line();
    }
    gy_signals_ignore();
    gy_config_free(config);
    return status;
}

const gy_command gy_command_meta = {
    .kind = {.name = "meta",
             .help = "trains on tasks (Reptile), so that a few steps fit the network to a new one",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml",
    .more =
        "A task is a group of samples: synthetic:sinusoid has one a wave, other sources are told "
        "by "
        "?group=NAME. The section `meta` says how many a step trains on, and how.\n"
        "At the end the network is fitted to every task of data.test (else data.validation) from "
        "there, from random values, and from what --against names; the table has the losses.\n"
        "The run is one of `gyre train` on the same configuration: it stops and goes on likewise, "
        "and with --set meta.tasks=0 that trains on all tasks' samples together.",
    .run = run};
