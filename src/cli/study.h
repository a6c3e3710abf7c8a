/** What the commands of studies share: options, stopping, lines on standard error. */
#ifndef GY_CLI_STUDY_H
#define GY_CLI_STUDY_H

#include "cli.h"

#include <gyre/study.h>

/** The options of those whose settings have set, run_dir, quiet, json. @param what  "study" @param end  "-crossval" */
#define GY_CLI_ROWS_STUDY(owner, what, end, printed)                                               \
    GY_CLI_ROW_SET(owner, "the configuration; may be given several times"),                        \
        {.key = "run_dir",                                                                         \
         .type = GY_SETTING_STRING,                                                                \
         .offset = offsetof(owner, run_dir),                                                       \
         .standard = "",                                                                           \
         .help = "directory of the " what "; default the configuration's run_dir with " end        \
                 " behind it"},                                                                    \
        {.key = "quiet",                                                                           \
         .type = GY_SETTING_BOOL,                                                                  \
         .offset = offsetof(owner, quiet),                                                         \
         .standard = "false",                                                                      \
         .help = "show results and errors alone"},                                                 \
        GY_CLI_ROW_JSON(owner, "every event as a line: " printed)

typedef struct gy_study_show {
    gy_cli *cli;
    bool quiet, json;
    int summaries; /* shown so far */
} gy_study_show;

/** What these say, shown by `show`. @param run_dir  NULL: none was given */
gy_study_options gy_study_show_options(gy_study_show *show, const gy_strings *set,
                                       const char *run_dir);

/** Before a study: its signals are caught. And after it; returns status. */
void gy_study_show_begin(gy_cli *cli);
gy_status gy_study_show_end(const gy_cli *cli, gy_status status);

#endif
