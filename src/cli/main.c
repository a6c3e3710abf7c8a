/*
 * gyre COMMAND …: finds the command, reads its options, starts MPI where it is needed, and ends all
 * ranks with one code and at most one error line.
 *
 * An error that the ranks agreed on is printed by rank 0. A rank that failed alone prints its own
 * line and takes the job down, since the others wait for it.
 */
#include "command_list.h"
#include "guard.h"
#include "page.h"
#include "terminal.h"

#include "base/buffer.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY(name) &gy_command_##name.kind,
GY_REGISTRY(gy_command_registry, "command", ENTRY, GY_COMMAND_LIST)
#undef ENTRY

enum { EXIT_USAGE = 2 };

static const double WATCH_S = 600; /* until a configuration is read, and without one */

/* The rank by the launcher's word: before MPI is started, and for commands that never do. */
static int launched_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]) != NULL) return atoi(getenv(names[i]));
    return 0;
}

/* Where ranks are lost another becomes the first. */
static int rank_of(const gy_cli *cli)
{
    return cli->comm != NULL ? gy_comm_rank(cli->comm) : cli->rank;
}

static void print_error(void)
{
    gy_terminal_clear_line();
    (void)fprintf(stderr, "gyre: error: %s\n", gy_error_last()->text);
}

/* Stopping on request is no error: the batch system may want another code for "start me again". */
int gy_cli_exit_code(const gy_cli *cli, gy_status status)
{
    return status == GY_STOPPED && cli->requeue >= 0 ? cli->requeue : gy_status_exit_code(status);
}

/* By rank 0's environment. */
static gy_status read_requeue(gy_cli *cli, const char *text)
{
    enum { LARGEST = 255 };
    int64_t code = -1;
    GY_REQUIRE(text[0] == '\0' || (gy_number_int(text, &code) && code >= 0 && code <= LARGEST),
               GY_E_USAGE,
               "wrong value of GYRE_REQUEUE_EXIT_CODE" GY_AT "the environment" GY_WHY
               "'%s' is no whole number from 0 to %d",
               text, LARGEST);
    cli->requeue = (int)code;
    return GY_OK;
}

static bool asks_for_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) return false;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

/* `gyre --version` and `gyre --help` are what people try first. */
static const char *command_name(int argc, char *const *argv)
{
    if (argc < 2) return NULL;
    if (strcmp(argv[1], "--version") == 0) return "version";
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return "help";
    return argv[1];
}

/* Words of a name may be written together or with dashes: allreduce, all-reduce. */
static bool is_name(const char *text, const char *name)
{
    while (*text != '\0' || *name != '\0') {
        while (*text == '_' || *text == '-') text++;
        while (*name == '_') name++;
        if (*text != *name) return false;
        text += *text != '\0';
        name += *name != '\0';
    }
    return true;
}

static const gy_command *look_up(const gy_registry *registry, const char *name)
{
    for (int i = 0; i < registry->n; i++)
        if (is_name(name, registry->kinds[i]->name)) return (const gy_command *)registry->kinds[i];
    const char *near = gy_registry_nearest(registry, name);
    if (near != NULL)
        (void)gy_raise(GY_E_USAGE, "unknown %s %s" GY_HINT "did you mean %s?", registry->noun, name,
                       near);
    else
        (void)gy_raise(GY_E_USAGE, "unknown %s %s" GY_HINT "see gyre help", registry->noun, name);
    return NULL;
}

/* The command, and the part of it that the next word names, where it has parts. */
static const gy_command *find(gy_cli *cli)
{
    const char *name = command_name(cli->argc, cli->argv);
    if (name == NULL) {
        (void)gy_raise(GY_E_USAGE,
                       "no command" GY_WHY "usage: gyre COMMAND …" GY_HINT "see gyre help");
        return NULL;
    }
    const gy_command *command = look_up(&gy_command_registry, name);
    const char *next = cli->argc > 2 ? cli->argv[2] : NULL;
    cli->words = 2;
    if (command == NULL || command->parts == NULL) return command;
    if (next == NULL) {
        (void)!gy_cli_operands(command, &(gy_strings){NULL, 0}, 1, 1);
        return NULL;
    }
    if (asks_for_help(1, cli->argv + 2)) return command;
    cli->words = 3;
    return look_up(command->parts, next);
}

static gy_status parse(gy_cli *cli, const gy_command *command, void **settings,
                       gy_strings *operands)
{
    const gy_setting none[] = {GY_SETTING_END};
    const gy_setting *rows = command->kind.settings != NULL ? command->kind.settings : none;
    GY_TRY(gy_pool_alloc(&cli->pool, command->kind.settings_size, settings));
    GY_TRY(gy_settings_default(rows, &cli->pool, *settings));
    return gy_options_parse(&cli->pool, rows, cli->argc - cli->words, cli->argv + cli->words,
                            *settings, operands);
}

static gy_status parse_and_run(gy_cli *cli, const gy_command *command)
{
    void *settings = NULL;
    gy_strings operands = {NULL, 0};
    gy_status status = parse(cli, command, &settings, &operands);
    if (cli->comm != NULL) status = gy_comm_agree(cli->comm, status);
    GY_TRY(status);
    return command->run(cli, settings, &operands);
}

/* Another thread's call, while the main one may hang: nothing is cleaned up. */
static void stalled(void *user, const char *line)
{
    (void)user;
    if (line != NULL) {
        gy_terminal_clear_line();
        (void)fprintf(stderr, "gyre: error: %s\n", line);
    }
    _exit(gy_status_exit_code(GY_E_COMM));
}

static void sink(void *user, gy_level level, const char *line)
{
    const gy_cli *cli = user;
    if (rank_of(cli) != 0 || (cli->quiet && level == GY_INFO)) return;
    gy_terminal_clear_line();
    gy_page_say(stderr, level == GY_WARNING ? "gyre: warning: %s" : "gyre: %s", line);
}

/* Says, by rank 0, what is passed over of the lowest rank's command line that is another than rank 0's. */
static gy_status tell_passed_over(gy_cli *cli, int n, char *const *own)
{
    int from = 1; /* programs may lie elsewhere */
    gy_status status = GY_OK;
    while (from < n && from < cli->argc && strcmp(own[from], cli->argv[from]) == 0) from++;
    if (from < n || from < cli->argc) {
        const bool more = from < n;
        gy_buffer words;
        gy_buffer_init(&words, cli->ctx);
        for (int i = from; i < (more ? n : cli->argc); i++)
            gy_buffer_format(&words, "%s%s", i > from ? " " : "", more ? own[i] : cli->argv[i]);
        status = gy_raise(GY_E_USAGE,
                          "another command line than rank 0's, which counts" GY_AT
                          "rank %d on %s" GY_WHY "%s '%s'",
                          cli->rank, gy_comm_host(cli->comm, cli->rank),
                          more ? "nobody looks at its" : "it lacks", gy_buffer_text(&words));
        gy_buffer_clear(&words);
    }
    status = gy_comm_agree(cli->comm, status);
    if (status != GY_E_USAGE) return status;
    sink(cli, GY_WARNING, gy_error_last()->text);
    return GY_OK;
}

/* Rank 0's command line, and what its environment says of it, count for all. */
static gy_status take_words(gy_cli *cli)
{
    static char none[] = "";
    char *requeue = getenv("GYRE_REQUEUE_EXIT_CODE"), **mine;
    int n = cli->argc + 1;
    gy_status status = gy_pool_array(&cli->pool, n, &mine);
    GY_TRY(gy_comm_agree(cli->comm, status));
    for (int i = 0; i < cli->argc; i++) mine[i] = cli->argv[i];
    mine[cli->argc] = requeue == NULL ? none : requeue;
    char *const *words = mine;
    const int own = cli->argc;
    GY_TRY(gy_comm_take_words(cli->comm, &n, &words));
    cli->argc = n - 1;
    cli->argv = words;
    GY_TRY(gy_comm_agree(cli->comm, read_requeue(cli, words[n - 1])));
    return tell_passed_over(cli, own, mine);
}

static gy_status find_each_other(gy_cli *cli)
{
    GY_TRY(gy_comm_start(cli->ctx));
    GY_TRY(gy_comm_create(cli->ctx, NULL, &cli->comm));
    cli->rank = gy_comm_rank(cli->comm);
    return gy_comm_watch(cli->comm, WATCH_S, stalled, NULL);
}

static gy_status start(gy_cli *cli)
{
    gy_guard guard;
    GY_TRY(gy_guard_begin(&guard, cli->rank, WATCH_S, stalled));
    gy_status status = find_each_other(cli);
    gy_guard_end(&guard);
    GY_TRY(status);
    return take_words(cli);
}

/* Prints what must be printed, by whom it must be. */
static void settle(gy_cli *cli, gy_status status)
{
    if (status == GY_OK || status == GY_STOPPED) return;
    bool alone = cli->comm != NULL && gy_comm_ranks(cli->comm) > 1 && !gy_comm_agreed(cli->comm);
    if (alone || rank_of(cli) == 0) print_error();
    if (alone) gy_comm_abort(cli->comm, gy_cli_exit_code(cli, status));
}

/* Results that could not be written were not given: a closed pipe, a full disk. */
static gy_status end_output(const gy_cli *cli, gy_status status)
{
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || status != GY_OK) return status;
    status = gy_raise(GY_E_IO, "cannot write" GY_AT "standard output" GY_WHY "%s",
                      errno != 0 ? strerror(errno) : "an earlier write failed");
    if (rank_of(cli) == 0) print_error();
    return status;
}

/* The process's code; told to a launch script whose mpirun, with --enable-recovery, has none of its own. */
static int end_code(const gy_cli *cli, gy_status status)
{
    const int code = gy_cli_exit_code(cli, status);
    if (cli->rank == 0 && getenv("GYRE_TELL_CODE") != NULL)
        (void)fprintf(stderr, "gyre: ends with code %d\n", code);
    return code;
}

/* Where ranks were lost MPI would wait for them. */
static void leave(const gy_cli *cli, gy_status status)
{
    const int code = end_code(cli, end_output(cli, status));
    (void)fflush(NULL);
    _exit(code);
}

static gy_status run(gy_cli *cli, const gy_command *command)
{
    if (command->alone) {
        gy_status status = cli->rank == 0 ? parse_and_run(cli, command) : GY_OK;
        settle(cli, status);
        return status;
    }
    gy_status status = start(cli);
    if (status == GY_OK) {
        command = find(cli);
        status = parse_and_run(cli, command);
    }
    settle(cli, status);
    const bool lost = cli->comm != NULL && gy_comm_lost(cli->comm) > 0;
    cli->rank = rank_of(cli);
    gy_comm_free(cli->comm);
    cli->comm = NULL;
    if (lost) leave(cli, status);
    gy_comm_stop(cli->ctx);
    return status;
}

int main(int argc, char **argv)
{
    gy_cli cli = {.argc = argc, .argv = argv, .rank = launched_rank(), .requeue = -1};
    gy_signals_begin();
    gy_checkpoint_own_process();
    const gy_command *command = find(&cli);
    if (command == NULL || gy_context_create(sink, &cli, &cli.ctx) != GY_OK) {
        if (cli.rank == 0) print_error();
        return EXIT_USAGE;
    }
    if (command->run == NULL || asks_for_help(argc - cli.words, argv + cli.words)) {
        if (cli.rank == 0) gy_cli_usage(command);
        gy_context_free(cli.ctx);
        return gy_cli_exit_code(&cli, end_output(&cli, GY_OK));
    }
    gy_pool_init(&cli.pool, cli.ctx);
    gy_status status = end_output(&cli, run(&cli, command));
    gy_pool_clear(&cli.pool);
    gy_context_free(cli.ctx);
    return end_code(&cli, status);
}
