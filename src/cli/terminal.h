/** What a training run shows on standard error. */
#ifndef GY_CLI_TERMINAL_H
#define GY_CLI_TERMINAL_H

#include "cli.h"

typedef enum gy_progress {
    GY_PROGRESS_AUTO, /* a bar where standard error is a terminal, else lines */
    GY_PROGRESS_BAR,
    GY_PROGRESS_PLAIN,
    GY_PROGRESS_NONE
} gy_progress;

extern const char *const gy_progress_names[]; /* NULL-terminated */

typedef struct gy_terminal {
    const gy_cli *cli;
    gy_progress progress;
    bool quiet;             /* errors alone */
    int64_t steps, batches; /* of the run, of an epoch */
    double first_time;      /* of this job's first step, to tell what is left */
    int64_t first_step;
    double shown_time; /* of the last progress shown */
} gy_terminal;

void gy_terminal_init(gy_terminal *t, const gy_cli *cli, int progress, bool quiet);

/** The gy_observer of a training run; user is the gy_terminal. */
void gy_terminal_observe(void *user, const gy_event *event);

/** Removes a progress bar before something else is printed. */
void gy_terminal_clear_line(void);

#endif
