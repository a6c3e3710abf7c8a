/** What the commands of studies share: options, stopping, lines on standard error. */
#ifndef GY_CLI_STUDY_H
#define GY_CLI_STUDY_H

#include "cli.h"

typedef struct gy_study_show {
    gy_cli *cli;
    bool quiet, json;
    int summaries; /* shown so far */
} gy_study_show;

/** An observer of a study. @param user  a gy_study_show */
void gy_study_show_event(void *user, const gy_event *event);

/** Runs one, with its signals caught. @param call  gets `user` */
gy_status gy_study_show_run(gy_cli *cli, gy_status (*call)(gy_cli *cli, void *user), void *user);

#endif
