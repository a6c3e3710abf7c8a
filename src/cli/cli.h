/**
 * The command line: commands as kinds, the terminal, signals. It uses the public library and the
 * base room alone. Standard output carries results, standard error the rest; rank 0 writes.
 */
#ifndef GY_CLI_CLI_H
#define GY_CLI_CLI_H

#include <gyre/gyre.h>

#include "base/option.h"

/** What a command works with. */
typedef struct gy_cli {
    gy_context *ctx;
    gy_comm *comm; /* NULL for commands that work alone */
    gy_pool pool;
    int rank;
    bool quiet; /* no messages but warnings and errors */
    int argc;
    char *const *argv; /* of the whole command line */
    int words;         /* that name program and command; options and operands follow */
    int requeue;       /* exit code instead of 75, by rank 0's environment; -1: 75 */
} gy_cli;

typedef struct gy_command {
    gy_kind kind;         /* settings: its options */
    const char *operands; /* "CONFIG.yaml", for its usage */
    const char *more;     /* lines of help after the options; NULL: none */
    const char *of;       /* the command that this is a part of; NULL: none */
    bool alone;           /* needs no MPI: rank 0 does it */
    gy_status (*run)(gy_cli *cli, const void *settings, const gy_strings *operands);
    const gy_registry *parts; /* commands of its own, one of which runs instead; NULL: none */
} gy_command;

extern const gy_registry gy_command_registry;

/** The option --set of a command whose settings have `gy_strings set`. @param what  it overrides */
#define GY_CLI_ROW_SET(owner, what)                                                                \
    {                                                                                              \
        .key = "set", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, set),                  \
        .standard = "[]", .help = "KEY.PATH=VALUE: overrides " what                                \
    }

/** The option --json of a command whose settings have `bool json`. @param what  it prints */
#define GY_CLI_ROW_JSON(owner, what)                                                               \
    {                                                                                              \
        .key = "json", .type = GY_SETTING_BOOL, .offset = offsetof(owner, json),                   \
        .standard = "false", .help = "print " what                                                 \
    }

/** GY_E_USAGE naming the command's usage unless there are so many operands. */
gy_status gy_cli_operands(const gy_command *command, const gy_strings *operands, int min,
                          int max) GY_CHECKED;

/** What --set and --run-dir (NULL: none) say, in the pool. Local. */
gy_status gy_cli_sets(gy_cli *cli, const gy_strings *set, const char *run_dir,
                      const char *const **out, int *n) GY_CHECKED;

/** GY_E_USAGE unless -o is given. @param what  it names: "file" */
gy_status gy_cli_output(const gy_command *command, const char *what, const char *o) GY_CHECKED;

/** The exit code of a command that ended so. */
int gy_cli_exit_code(const gy_cli *cli, gy_status status);

/** Prints how a command is used. */
void gy_cli_usage(const gy_command *command);

/** Prints a line to standard output; for the library's callbacks. */
void gy_cli_print_line(void *user, const char *line);
/** The same of help: broken where the terminal ends, else at 80; and of a text of several lines. */
void gy_cli_print_help(void *user, const char *line);
void gy_cli_print_text(const char *text);

/** An observer that prints every event as JSON. @param user  the gy_cli */
void gy_cli_print_json(void *user, const gy_event *event);

/* signals.c */
void gy_signals_begin(void); /* of every command */
/**
 * Of a run that can be asked to stop.
 * @param words  last ones of a process that ends before the run asks; NULL: none. They stay
 * @param code   its exit code
 */
void gy_signals_catch(const char *words, int code);
int gy_signals_take(void *user); /* gy_train_options.requests */
/* Once a run has ended: a launcher's TERM to ranks on their way out must not change their code. */
void gy_signals_ignore(void);

/* format.c: numbers for people; out holds GY_TEXT */
enum { GY_TEXT = 32 };
const char *gy_format_count(int64_t n, char out[GY_TEXT]);    /* 124,439,808 */
const char *gy_format_bytes(int64_t n, char out[GY_TEXT]);    /* 1.5 MiB */
const char *gy_format_seconds(double s, char out[GY_TEXT]);   /* 1:02:03, 0.25 s */
const char *gy_format_flops(double flops, char out[GY_TEXT]); /* 1.2 M */

#endif
