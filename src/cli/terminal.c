/* A training run on standard error: summary, progress, a line an epoch and a checkpoint. */
#include "terminal.h"

#include "page.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

const char *const gy_progress_forms[] = {"auto", "bar", "plain", "none", NULL};

static const double BAR_EVERY_S = 0.1, PLAIN_EVERY_S = 5;

/* What stands on the line now, of the one terminal that the process has. */
static enum { NOTHING, BAR, VALUES } line;

void gy_terminal_clear_line(void)
{
    if (line == BAR) (void)fputs("\r\033[K", stderr);
    if (line == VALUES) (void)fputc('\n', stderr);
    line = NOTHING;
}

void gy_terminal_init(gy_terminal *t, const gy_cli *cli, int form, bool quiet)
{
    *t = (gy_terminal){.cli = cli,
                       .form = (gy_progress_form)form,
                       .quiet = quiet,
                       .progress = {.first_time = -1, .shown_time = -INFINITY},
                       .valued_step = -1};
    if (t->form == GY_PROGRESS_AUTO)
        t->form = isatty(STDERR_FILENO) ? GY_PROGRESS_BAR : GY_PROGRESS_PLAIN;
    gy_straggler_init(&t->straggler);
}

static int64_t whole(const gy_event *e, const char *name)
{
    return (int64_t)gy_event_number(e, name, 0);
}

static bool flag(const gy_event *e, const char *name)
{
    return gy_event_number(e, name, 0) != 0;
}

static void show_progress(gy_terminal *t, const gy_event *e)
{
    char text[256];
    gy_progress *p = &t->progress;
    bool bar = t->form == GY_PROGRESS_BAR;
    if (p->first_time < 0) {
        p->first_time = e->time;
        p->first_step = e->step;
    }
    if (t->form == GY_PROGRESS_NONE || t->quiet) return;
    if (e->time - p->shown_time < (bar ? BAR_EVERY_S : PLAIN_EVERY_S)) return;
    p->shown_time = e->time;
    gy_progress_format(p, e, gy_page_columns(stderr), bar, text, sizeof text);
    gy_terminal_clear_line();
    (void)fprintf(stderr, "%s%s", text, bar ? "" : "\n");
    line = bar ? BAR : NOTHING;
    (void)fflush(stderr);
}

static void show_straggler(gy_terminal *t, const gy_event *e)
{
    char text[GY_STRAGGLER_TEXT];
    if (!gy_straggler_observe(&t->straggler, e, text) || t->quiet) return;
    gy_terminal_clear_line();
    (void)fprintf(stderr, "gyre: warning: %s\n", text);
}

/* "train loss 0.1234 accuracy 0.9712" of train_loss and train_accuracy. */
static void format_values(const gy_event *e, char *out, size_t room)
{
    const char *group = "";
    size_t used = 0, length = 0;
    out[0] = '\0';
    for (int i = 0; i < e->n && used < room; i++) {
        const gy_field *f = &e->fields[i];
        const char *name = strchr(f->name, '_');
        if (f->type != GY_FIELD_FLOAT || name == NULL) continue;
        bool same = length == (size_t)(name - f->name) && strncmp(group, f->name, length) == 0;
        group = f->name;
        length = (size_t)(name - f->name);
        used += (size_t)snprintf(out + used, room - used, "%s%.*s %s %.4g",
                                 same || used == 0 ? "" : ", ", same ? 0 : (int)length, group,
                                 name + 1, f->number);
    }
}

/* Training and validation of an epoch stand on one line, where it is long enough. */
static void show_values(gy_terminal *t, const gy_event *e, bool epoch)
{
    char values[512], head[64];
    int columns = gy_page_columns(stderr);
    format_values(e, values, sizeof values);
    bool goes_on = line == VALUES && t->valued_step == e->step;
    if (!goes_on) gy_terminal_clear_line();
    if (epoch && gy_event_field(e, "epochs") != NULL && whole(e, "epochs") > 0)
        (void)snprintf(head, sizeof head, "epoch %lld/%lld", (long long)e->epoch,
                       (long long)whole(e, "epochs"));
    else
        (void)snprintf(head, sizeof head, epoch ? "epoch %lld" : "step %lld",
                       (long long)(epoch ? e->epoch : e->step));
    int length = gy_page_length(values);
    bool breaks = goes_on && columns > 0 && t->used + length + 2 > columns;
    if (goes_on)
        (void)fprintf(stderr, "%s%s", breaks ? ",\n    " : ", ", values);
    else
        (void)fprintf(stderr, "%s: %s", head, values);
    t->used = goes_on ? t->used + length + 2 : gy_page_length(head) + 2 + length;
    t->valued_step = e->step;
    line = VALUES;
    (void)fflush(stderr);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Whether a text is "train.epochs=4", for that key. */
static bool sets(const char *text, const char *key)
{
    return key != NULL && begins(text, key) && text[strlen(key)] == '=';
}

/*
 * How many arguments from here on say what no longer counts: of `--set train.epochs=4 --set
 * train.epochs=8` the last one is shown alone, and a run that goes on does so from its own checkpoint.
 */
static int count_void(char *const *argv, int n, const char *key)
{
    if (strcmp(argv[0], "--set") == 0) return n > 1 && sets(argv[1], key) ? 2 : 0;
    if (strcmp(argv[0], "--resume") == 0) return n > 1 ? 2 : 1;
    return begins(argv[0], "--resume=") || (begins(argv[0], "--set=") && sets(argv[0] + 6, key));
}

/* As a shell takes it for one word. */
static void show_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./+=:,@%^";
    bool quoted = *word == '\0' || word[strspn(word, plain)] != '\0';
    (void)fputs(quoted ? " '" : " ", stderr);
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '\'')
            (void)fputs("'\\''", stderr);
        else
            (void)fputc((unsigned char)*p < ' ' ? '?' : *p, stderr);
    }
    if (quoted) (void)fputc('\'', stderr);
}

/* The command line as it was typed goes on; with another value of a setting, where one is named. */
static void show_command(const gy_terminal *t, const char *key, int64_t value)
{
    char *const *argv = t->cli->argv;
    (void)fprintf(stderr, "go on with %s", gy_comm_ranks(t->cli->comm) > 1 ? " mpirun …" : "");
    for (int i = 0; i < t->cli->argc;) {
        int skipped = count_void(argv + i, t->cli->argc - i, key);
        if (skipped == 0) show_word(argv[i]);
        i += skipped > 0 ? skipped : 1;
    }
    if (key != NULL) (void)fprintf(stderr, " --set %s=%lld", key, (long long)value);
    (void)fputc('\n', stderr);
}

/* A run that is finished goes on when it is given more to do. */
static void show_more(const gy_terminal *t, const gy_event *e)
{
    bool epochs = gy_event_field(e, "epochs") != NULL;
    show_command(t, epochs ? "train.epochs" : "train.steps",
                 2 * whole(e, epochs ? "epochs" : "steps"));
}

/* Where the best parameters are put back all values are theirs; tests are always made with them. */
static bool is_of_best(const gy_event *e, const char *name)
{
    if (gy_event_field(e, "best") == NULL) return false;
    return flag(e, "restored") || strncmp(name, "test_", 5) == 0;
}

static void show_values_of_end(const gy_event *e)
{
    for (int i = 0; i < e->n; i++) {
        const gy_field *f = &e->fields[i];
        bool value = f->type == GY_FIELD_FLOAT && strcmp(f->name, "best") != 0 &&
                     strcmp(f->name, "samples_per_second") != 0;
        if (value)
            (void)fprintf(stderr, "  %-24s %.6g%s\n", f->name, f->number,
                          is_of_best(e, f->name) ? " (best)" : "");
    }
}

static void show_end(const gy_terminal *t, const gy_event *e)
{
    char time[GY_TEXT];
    const char *path = gy_event_text(e, "path", "");
    (void)fprintf(stderr, "\ndone after %lld steps in %s, %.0f samples/s%s%s\n", (long long)e->step,
                  gy_format_seconds(e->time, time), gy_event_number(e, "samples_per_second", 0),
                  flag(e, "early") ? ", stopped early" : "",
                  flag(e, "restored") ? "; the best parameters are put back" : "");
    show_values_of_end(e);
    if (gy_event_field(e, "best") != NULL)
        (void)fprintf(stderr, "  best %-19s %.6g at step %lld\n", gy_event_text(e, "monitor", ""),
                      gy_event_number(e, "best", NAN), (long long)whole(e, "best_step"));
    (void)fprintf(stderr, "checkpoint  %s\n", path);
    (void)fputs("use it     ", stderr);
    show_word(t->cli->argv[0]);
    (void)fputs(" eval", stderr);
    show_word(gy_event_text(e, "best_path", path));
    (void)fputc('\n', stderr);
    show_more(t, e);
}

static void show_checkpoint(const gy_event *e)
{
    char time[GY_TEXT], waited[GY_TEXT];
    gy_page_say(stderr, "checkpoint %s (%s, waited %s)%s", gy_event_text(e, "path", ""),
                gy_format_seconds(gy_event_number(e, "seconds", 0), time),
                gy_format_seconds(gy_event_number(e, "waited_seconds", 0), waited),
                flag(e, "is_best") ? " best so far" : "");
}

static void show_init(const gy_event *e, const char *path)
{
    static const char *const left[][2] = {{"missing", "not in it"},
                                          {"other_shape", "of another shape"},
                                          {"additional", "not in the model"}};
    (void)fprintf(stderr, "starts from %s: %lld of %lld tensors, %lld of %lld parameters", path,
                  (long long)whole(e, "tensors"), (long long)whole(e, "of_tensors"),
                  (long long)whole(e, "parameters"), (long long)whole(e, "of_parameters"));
    if (whole(e, "of_buffers") > 0)
        (void)fprintf(stderr, ", %lld of %lld buffers", (long long)whole(e, "buffers"),
                      (long long)whole(e, "of_buffers"));
    (void)fputc('\n', stderr);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (gy_event_field(e, left[i][0]) != NULL)
            (void)fprintf(stderr, "    %s: %s\n", left[i][1], gy_event_text(e, left[i][0], ""));
}

static void show_line(const gy_terminal *t, const gy_event *e)
{
    const char *path = gy_event_text(e, "path", "");
    gy_terminal_clear_line();
    if (strcmp(e->type, "checkpoint") == 0) {
        show_checkpoint(e);
    } else if (strcmp(e->type, "init") == 0) {
        show_init(e, path);
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
        show_command(t, NULL, 0);
    } else if (strcmp(e->type, "not_finite") == 0) {
        (void)fprintf(stderr,
                      "gyre: warning: step %lld was skipped: loss or gradient is not finite\n",
                      (long long)e->step);
    } else if (strcmp(e->type, "end") == 0) {
        show_end(t, e);
    }
}

void gy_terminal_observe(void *user, const gy_event *event)
{
    gy_terminal *t = user;
    if (strcmp(event->type, "start") == 0) t->progress.steps = whole(event, "steps");
    if (strcmp(event->type, "step") == 0)
        show_straggler(t, event);
    else if (strcmp(event->type, "progress") == 0)
        show_progress(t, event);
    else if (t->quiet)
        return;
    else if (strcmp(event->type, "start") == 0)
        gy_summary_show(stderr, event);
    else if (strcmp(event->type, "epoch") == 0 || strcmp(event->type, "evaluate") == 0)
        show_values(t, event, strcmp(event->type, "epoch") == 0);
    else
        show_line(t, event);
}

void gy_terminal_print_kept(const gy_terminal *t, const gy_event *event)
{
    if (strcmp(event->type, "progress") == 0 || strcmp(event->type, "finished") == 0) return;
    gy_terminal_clear_line();
    gy_cli_print_json((void *)t->cli, event);
    (void)fflush(stdout);
}
