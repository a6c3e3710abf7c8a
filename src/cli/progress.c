/* How far a training run is, in one line: what is wanted least stands last, and goes first. */
#include "progress.h"

#include "page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
    char *out;
    size_t room;
    int columns;
} writer;

static void add(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Unless it does not fit; then nothing more is added. */
static void add(writer *w, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(w->out);
    bool fits = w->columns == 0 || gy_page_length(w->out) + gy_page_length(text) < w->columns;
    if (fits && used + strlen(text) < w->room)
        memcpy(w->out + used, text, strlen(text) + 1);
    else
        w->room = 0;
}

static void add_bar(writer *w, int64_t step, int64_t steps)
{
    enum { WIDE = 100, CELLS = 20, FEW = 10 };
    char bar[CELLS + 1];
    int cells = w->columns == 0 || w->columns >= WIDE ? CELLS : FEW;
    int full = steps > 0 ? (int)(cells * step / steps) : 0;
    for (int i = 0; i < cells; i++) bar[i] = i < full ? '#' : '-';
    bar[cells] = '\0';
    add(w, "[%s] ", bar);
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

void gy_progress_format(const gy_progress *p, const gy_event *e, int columns, bool bar, char *out,
                        size_t room)
{
    char left[GY_TEXT] = "?";
    writer w = {.out = out, .room = room, .columns = columns};
    int64_t done = e->step - p->first_step;
    double each = done > 0 ? (e->time - p->first_time) / (double)done : 0;
    out[0] = '\0';
    if (bar) add_bar(&w, e->step, p->steps);
    if (done > 0) (void)gy_format_seconds(each * (double)(p->steps - e->step), left);
    add(&w, "epoch %lld step %lld/%lld", (long long)e->epoch, (long long)e->step,
        (long long)p->steps);
    add(&w, " loss %.4g", gy_event_number(e, "loss", NAN));
    add(&w, " left %s", left);
    add(&w, " %.0f samples/s", gy_event_number(e, "samples_per_second", 0));
    add(&w, " rate %.3g", gy_event_number(e, "learning_rate", NAN));
    add(&w, " wait %.0f%%", waiting(e));
}
