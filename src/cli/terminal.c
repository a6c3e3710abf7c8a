/* A training run on standard error: summary, progress, a line an evaluation and a checkpoint. */
#include "terminal.h"

#include "table.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

const char *const gy_progress_names[] = {"auto", "bar", "plain", "none", NULL};

static const double BAR_EVERY_S = 0.1, PLAIN_EVERY_S = 5;

/* Whether a bar stands on the line now: of the one terminal that the process has. */
static bool bar_stands;

void gy_terminal_clear_line(void)
{
    if (!bar_stands) return;
    (void)fputs("\r\033[K", stderr);
    bar_stands = false;
}

void gy_terminal_init(gy_terminal *t, const gy_cli *cli, int progress, bool quiet)
{
    *t = (gy_terminal){.cli = cli, .progress = (gy_progress)progress, .quiet = quiet};
    if (t->progress == GY_PROGRESS_AUTO)
        t->progress = isatty(STDERR_FILENO) ? GY_PROGRESS_BAR : GY_PROGRESS_PLAIN;
    t->first_time = -1;
    t->shown_time = -INFINITY;
}

static int64_t whole(const gy_event *e, const char *name)
{
    return (int64_t)gy_event_number(e, name, 0);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void show_data(const gy_event *e)
{
    static const char *const parts[][2] = {
        {"train", "train_samples"}, {"validation", "validation_samples"}, {"test", "test_samples"}};
    char text[GY_TEXT];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (gy_event_field(e, parts[i][0]) == NULL) continue;
        (void)fprintf(stderr, "%-11s %s samples of %s", parts[i][0],
                      gy_format_count(whole(e, parts[i][1]), text),
                      gy_event_text(e, parts[i][0], ""));
        if (i == 0)
            (void)fprintf(stderr, ", shape %s (%s)", e->anatomy->input,
                          gy_event_text(e, "format", ""));
        if (i == 0 && whole(e, "classes") > 0)
            (void)fprintf(stderr, ", %lld classes", (long long)whole(e, "classes"));
        (void)fputc('\n', stderr);
    }
}

static void show_start(gy_terminal *t, const gy_event *e)
{
    char text[GY_TEXT], more[GY_TEXT];
    int64_t ranks = whole(e, "ranks"), hosts = whole(e, "hosts"), threads = whole(e, "threads");
    t->steps = whole(e, "steps");
    t->batches = whole(e, "steps_an_epoch");
    if (t->quiet) return;
    (void)fprintf(stderr, "gyre %s: %s in %s\n", gy_event_text(e, "version", ""),
                  gy_event_text(e, "name", ""), gy_event_text(e, "run_dir", ""));
    (void)fprintf(stderr,
                  "machine     %lld rank%s on %lld host%s, %lld thread%s each; %s, %s, %s\n",
                  (long long)ranks, plural(ranks), (long long)hosts, plural(hosts),
                  (long long)threads, plural(threads), gy_event_text(e, "mpi", ""),
                  gy_event_text(e, "blas", ""), gy_event_text(e, "simd", ""));
    show_data(e);
    (void)fputc('\n', stderr);
    gy_table_layers(stderr, e->anatomy);
    (void)fputc('\n', stderr);
    gy_table_totals(stderr, e->anatomy);
    (void)fprintf(stderr, "training    %s by %s; batch %s, %s steps an epoch, ",
                  gy_event_text(e, "loss", ""), gy_event_text(e, "optimizer", ""),
                  gy_format_count(whole(e, "batch_size"), text), gy_format_count(t->batches, more));
    (void)fprintf(stderr, "%s in all\n", gy_format_count(t->steps, text));
    (void)fprintf(stderr, "gradients   %s a step",
                  gy_format_bytes(whole(e, "gradient_bytes"), text));
    if (ranks > 1 && whole(e, "buckets") > 0)
        (void)fprintf(stderr, " in %lld bucket%s by %s", (long long)whole(e, "buckets"),
                      plural(whole(e, "buckets")), gy_event_text(e, "allreduce", ""));
    if (whole(e, "grains") > 0)
        (void)fprintf(stderr, ", %lld grains: the same bits on 1 to %lld ranks",
                      (long long)whole(e, "grains"), (long long)whole(e, "grains"));
    if (gy_event_field(e, "message_us") != NULL)
        (void)fprintf(stderr, " (measured: %.1f us a message, %.2f GB/s)",
                      gy_event_number(e, "message_us", 0),
                      gy_event_number(e, "wire_gb_per_second", 0));
    (void)fputs("\n\n", stderr);
}

/* Share of the step that was spent waiting for others, as rank 0 saw it. */
static double waiting(const gy_event *e)
{
    double all = 0, communication = 0;
    for (int i = 0; i < e->n; i++) {
        if (e->fields[i].type != GY_FIELD_PHASE) continue;
        all += e->fields[i].number;
        if (strcmp(e->fields[i].name, "communication") == 0) communication = e->fields[i].number;
    }
    return all > 0 ? 100 * communication / all : 0;
}

static void format_bar(int64_t step, int64_t steps, char *out, int cells)
{
    int full = steps > 0 ? (int)(cells * step / steps) : 0;
    for (int i = 0; i < cells; i++) out[i] = i < full ? '#' : '-';
    out[cells] = '\0';
}

static void show_progress(gy_terminal *t, const gy_event *e)
{
    enum { CELLS = 20 };
    char bar[CELLS + 1], left[GY_TEXT];
    bool is_bar = t->progress == GY_PROGRESS_BAR;
    if (t->first_time < 0) {
        t->first_time = e->time;
        t->first_step = e->step;
    }
    if (t->progress == GY_PROGRESS_NONE || t->quiet) return;
    if (e->time - t->shown_time < (is_bar ? BAR_EVERY_S : PLAIN_EVERY_S)) return;
    t->shown_time = e->time;
    int64_t done = e->step - t->first_step;
    double each = done > 0 ? (e->time - t->first_time) / (double)done : 0;
    const char *rest = gy_format_seconds(each * (double)(t->steps - e->step), left);
    format_bar(e->step, t->steps, bar, CELLS);
    gy_terminal_clear_line();
    if (is_bar) (void)fprintf(stderr, "[%s] ", bar);
    (void)fprintf(stderr, "epoch %lld step %lld/%lld loss %.4g rate %.3g %.0f samples/s",
                  (long long)e->epoch, (long long)e->step, (long long)t->steps,
                  gy_event_number(e, "loss", NAN), gy_event_number(e, "learning_rate", NAN),
                  gy_event_number(e, "samples_per_second", 0));
    (void)fprintf(stderr, " wait %.0f%% left %s%s", waiting(e), done > 0 ? rest : "?",
                  is_bar ? "" : "\n");
    bar_stands = is_bar;
    (void)fflush(stderr);
}

/* "validation_loss 0.1234  validation_accuracy 0.9712" */
static void show_values(const gy_event *e)
{
    for (int i = 0; i < e->n; i++) {
        const gy_field *f = &e->fields[i];
        bool other = f->type != GY_FIELD_FLOAT || strcmp(f->name, "seconds") == 0;
        if (!other) (void)fprintf(stderr, "  %s %.4f", f->name, f->number);
    }
    (void)fputc('\n', stderr);
}

/* The command line as it was typed: the same command goes on. */
static void show_command(const gy_terminal *t, const char *more)
{
    const char *ranks = gy_comm_ranks(t->cli->comm) > 1 ? "mpirun … " : "";
    (void)fprintf(stderr, "go on with  %s", ranks);
    for (int i = 0; i < t->cli->argc; i++)
        (void)fprintf(stderr, "%s%s", i > 0 ? " " : "", t->cli->argv[i]);
    (void)fprintf(stderr, "%s\n", more);
}

/* A run that is finished goes on when it is given more to do. */
static void show_more(const gy_terminal *t, const gy_event *e)
{
    char more[64];
    const char *key = gy_event_field(e, "epochs") != NULL ? "epochs" : "steps";
    (void)snprintf(more, sizeof more, " --set train.%s=%lld", key, (long long)(2 * whole(e, key)));
    show_command(t, more);
}

static void show_end(const gy_terminal *t, const gy_event *e)
{
    char time[GY_TEXT];
    (void)fprintf(stderr, "\ndone after %lld steps in %s, %.0f samples/s%s\n", (long long)e->step,
                  gy_format_seconds(e->time, time), gy_event_number(e, "samples_per_second", 0),
                  gy_event_number(e, "early", 0) != 0 ? ", stopped early" : "");
    for (int i = 0; i < e->n; i++) {
        const gy_field *f = &e->fields[i];
        bool value = f->type == GY_FIELD_FLOAT && strcmp(f->name, "best") != 0 &&
                     strcmp(f->name, "samples_per_second") != 0;
        if (value) (void)fprintf(stderr, "  %-24s %.6g\n", f->name, f->number);
    }
    if (gy_event_field(e, "best") != NULL)
        (void)fprintf(stderr, "  best %-19s %.6g at step %lld\n", gy_event_text(e, "monitor", ""),
                      gy_event_number(e, "best", NAN), (long long)whole(e, "best_step"));
    (void)fprintf(stderr, "checkpoint  %s\n", gy_event_text(e, "path", ""));
    (void)fprintf(stderr, "use it      gyre eval %s\n", gy_event_text(e, "path", ""));
    show_more(t, e);
}

static void show_not_finite(const gy_event *e)
{
    (void)fprintf(stderr, "gyre: warning: step %lld was skipped: loss or gradient is not finite\n",
                  (long long)e->step);
}

static void show_line(const gy_terminal *t, const gy_event *e)
{
    char time[GY_TEXT], more[GY_TEXT];
    const char *path = gy_event_text(e, "path", "");
    gy_terminal_clear_line();
    if (strcmp(e->type, "evaluate") == 0) {
        (void)fprintf(stderr, "epoch %lld step %lld:", (long long)e->epoch, (long long)e->step);
        show_values(e);
    } else if (strcmp(e->type, "checkpoint") == 0) {
        (void)fprintf(stderr, "checkpoint %s (%s, waited %s)%s\n", path,
                      gy_format_seconds(gy_event_number(e, "seconds", 0), time),
                      gy_format_seconds(gy_event_number(e, "waited_seconds", 0), more),
                      gy_event_number(e, "best", 0) != 0 ? " best so far" : "");
    } else if (strcmp(e->type, "resume") == 0) {
        (void)fprintf(stderr, "goes on from %s: epoch %lld, step %lld\n", path, (long long)e->epoch,
                      (long long)e->step);
    } else if (strcmp(e->type, "finished") == 0) {
        (void)fprintf(stderr, "the run is finished already: %s, step %lld\n", path,
                      (long long)e->step);
    } else if (strcmp(e->type, "early_stop") == 0) {
        (void)fprintf(stderr, "no progress of %s since step %lld: stops\n",
                      gy_event_text(e, "monitor", ""), (long long)whole(e, "best_step"));
    } else if (strcmp(e->type, "stop") == 0) {
        (void)fprintf(stderr, "stopped by %s at step %lld\n", gy_event_text(e, "reason", "request"),
                      (long long)e->step);
        show_command(t, "");
    } else if (strcmp(e->type, "not_finite") == 0) {
        show_not_finite(e);
    } else if (strcmp(e->type, "end") == 0) {
        show_end(t, e);
    }
}

void gy_terminal_observe(void *user, const gy_event *event)
{
    gy_terminal *t = user;
    if (strcmp(event->type, "start") == 0)
        show_start(t, event);
    else if (strcmp(event->type, "progress") == 0)
        show_progress(t, event);
    else if (!t->quiet)
        show_line(t, event);
}
