/* Studies on the terminal: a line a trial on standard error, results on standard output. */
#include "study.h"

#include "page.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

static const char stopped[] =
    "gyre: stopped by a signal before anything was trained; the same command starts it again\n";

static void show_start(const gy_event *e)
{
    const double groups = gy_event_number(e, "groups", 1),
                 each = gy_event_number(e, "ranks_each", 1);
    const double left = gy_event_number(e, "ranks", 1) - groups * each;
    gy_page_say(stderr, "gyre: %s of %s: %.0f at a time on %.0f rank%s each; %s",
                gy_event_text(e, "kind", ""), gy_event_text(e, "name", ""), groups, each,
                each == 1 ? "" : "s", gy_event_text(e, "dir", ""));
    if (left > 0)
        gy_page_say(stderr, "gyre: warning: %.0f rank%s without work: not enough for a group", left,
                    left == 1 ? " is" : "s are");
}

/* Values of validation and test: those of training are in the run. */
static void show_values(const gy_event *e, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < e->n && used < room; i++) {
        const gy_field *f = &e->fields[i];
        if (strncmp(f->name, "validation_", 11) != 0 && strncmp(f->name, "test_", 5) != 0) continue;
        int more = snprintf(out + used, room - used, "  %s %.5g", f->name, f->number);
        used += more > 0 ? (size_t)more : 0;
    }
}

static void show_trial(const gy_event *e)
{
    char values[512], seconds[GY_TEXT];
    const char *why = gy_event_text(e, "why", "");
    show_values(e, values, sizeof values);
    gy_page_say(stderr, "gyre: trial %.0f  %s  %s%s%s%s  (%s)", gy_event_number(e, "trial", 0),
                gy_event_text(e, "point", gy_event_text(e, "fold", "")),
                gy_event_text(e, "status", ""), values, why[0] == '\0' ? "" : ": ", why,
                gy_format_seconds(gy_event_number(e, "seconds", 0), seconds));
}

static void show_summary(gy_study_show *show, const gy_event *e)
{
    if (show->summaries++ == 0)
        printf("%-28s %12s %12s %12s %12s  of\n", "value", "mean", "deviation", "least", "largest");
    printf("%-28s %12.6g %12.4g %12.6g %12.6g  %.0f\n", gy_event_text(e, "value", ""),
           gy_event_number(e, "mean", 0), gy_event_number(e, "deviation", 0),
           gy_event_number(e, "least", 0), gy_event_number(e, "largest", 0),
           gy_event_number(e, "of", 0));
}

/* The ten best; then how much each key mattered. */
static void show_place(const gy_event *e)
{
    if (gy_event_number(e, "place", 0) == 1)
        printf("%5s %6s %14s %8s %12s  %s\n", "place", "run", gy_event_text(e, "monitor", "") + 11,
               "until", "parameters", "point");
    printf("%5.0f %6.0f %14.6g %8.0f %12.0f  %s\n", gy_event_number(e, "place", 0),
           gy_event_number(e, "run", 0), gy_event_number(e, "best", 0),
           gy_event_number(e, "until", 0), gy_event_number(e, "parameters", 0),
           gy_event_text(e, "point", ""));
}

static void show_importance(gy_study_show *show, const gy_event *e)
{
    if (show->summaries++ == 0) printf("\n%10s  %-9s %s\n", "importance", "better", "key");
    printf("%10.2f  %-9s %s\n", gy_event_number(e, "importance", 0), gy_event_text(e, "better", ""),
           gy_event_text(e, "key", ""));
}

static void show_end(const gy_event *e)
{
    char seconds[GY_TEXT];
    gy_page_say(stderr, "gyre: took %s; groups were idle for %.0f %% of it; %s",
                gy_format_seconds(gy_event_number(e, "seconds", 0), seconds),
                100 * gy_event_number(e, "idle", 0), gy_event_text(e, "dir", ""));
    const char *best = gy_event_text(e, "path", NULL);
    if (best != NULL)
        gy_page_say(stderr, "gyre: the best: %s; its run: %s/best", best,
                    gy_event_text(e, "dir", ""));
}

static void show_event(void *user, const gy_event *event)
{
    gy_study_show *show = user;
    const char *type = event->type;
    if (show->json) gy_cli_print_json(show->cli, event);
    (void)fflush(stdout);
    if (strcmp(type, "summary") == 0 && !show->json) show_summary(show, event);
    if (strcmp(type, "place") == 0 && !show->json) show_place(event);
    if (strcmp(type, "importance") == 0 && !show->json) show_importance(show, event);
    if (show->quiet) return;
    if (strcmp(type, "study") == 0) show_start(event);
    if (strcmp(type, "trial") == 0) show_trial(event);
    if (strcmp(type, "end") == 0) show_end(event);
}

gy_study_options gy_study_show_options(gy_study_show *show, const gy_strings *set,
                                       const char *run_dir)
{
    return (gy_study_options){.sets = set->v,
                              .n_sets = set->n,
                              .dir = run_dir,
                              .observer = show_event,
                              .observer_user = show,
                              .requests = gy_signals_take};
}

void gy_study_show_begin(gy_cli *cli)
{
    cli->quiet = true; /* what each run has to say is in its own journal */
    gy_signals_catch(cli->rank == 0 ? stopped : NULL, gy_cli_exit_code(cli, GY_STOPPED));
}

gy_status gy_study_show_end(const gy_cli *cli, gy_status status)
{
    if (status == GY_STOPPED && cli->rank == 0)
        (void)fprintf(stderr, "gyre: stopped; the same command goes on\n");
    gy_signals_ignore(); /* mpirun sends one to the others where the first of them has ended */
    return status;
}
