/** What a training run shows on standard error. */
#ifndef GY_CLI_TERMINAL_H
#define GY_CLI_TERMINAL_H

#include "cli.h"
#include "progress.h"
#include "straggler.h"

#include <stdio.h>

typedef enum gy_progress_form {
    GY_PROGRESS_AUTO, /* a bar where standard error is a terminal, else lines */
    GY_PROGRESS_BAR,
    GY_PROGRESS_PLAIN,
    GY_PROGRESS_NONE
} gy_progress_form;

extern const char *const gy_progress_forms[]; /* NULL-terminated */

/** Options of commands that train: where, and from what. The owner has these fields. */
#define GY_CLI_ROWS_RUN(owner)                                                                     \
    {.key = "run_dir",                                                                             \
     .type = GY_SETTING_STRING,                                                                    \
     .offset = offsetof(owner, run_dir),                                                           \
     .standard = "",                                                                               \
     .help = "directory of the run"},                                                              \
        {.key = "resume",                                                                          \
         .type = GY_SETTING_STRING,                                                                \
         .offset = offsetof(owner, resume),                                                        \
         .standard = "auto",                                                                       \
         .help = "auto: go on from the newest valid checkpoint; none; or a checkpoint"},           \
    {                                                                                              \
        .key = "init", .type = GY_SETTING_STRING, .offset = offsetof(owner, init), .standard = "", \
        .help = "start values: a checkpoint, or a file that import takes"                          \
    }

/** And what they show. */
#define GY_CLI_ROWS_SHOWN(owner)                                                                   \
    {.key = "progress",                                                                            \
     .type = GY_SETTING_CHOICE,                                                                    \
     .offset = offsetof(owner, progress),                                                          \
     .standard = "auto",                                                                           \
     .choices = gy_progress_forms,                                                                 \
     .help = "how progress is shown"},                                                             \
    {                                                                                              \
        .key = "quiet", .type = GY_SETTING_BOOL, .offset = offsetof(owner, quiet),                 \
        .standard = "false", .help = "show results and errors alone"                               \
    }

typedef struct gy_terminal {
    const gy_cli *cli;
    gy_progress_form form;
    bool quiet; /* errors alone */
    gy_progress progress;
    gy_straggler straggler;
    int64_t valued_step; /* whose values stand on the line that is not ended yet */
    int used;            /* characters of that line */
} gy_terminal;

void gy_terminal_init(gy_terminal *t, const gy_cli *cli, int form, bool quiet);

/** The gy_observer of a training run; user is the gy_terminal. */
void gy_terminal_observe(void *user, const gy_event *event);

/** An event that is kept (as in metrics.jsonl) to standard output as a line of JSON; nothing of others. */
void gy_terminal_print_kept(const gy_terminal *t, const gy_event *event);

/** Removes a progress bar, ends a line of values, before something else is printed. */
void gy_terminal_clear_line(void);

/** summary.c: what an event "start" says. */
void gy_summary_show(FILE *out, const gy_event *event);

#endif
