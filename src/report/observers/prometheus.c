/*
 * The last value of everything, as gauges in Prometheus' text format: gyre.prom, for the textfile
 * collector of a site's node exporter (a link in its directory will do). Replaced whole, at most once a
 * second and at the end.
 */
#include "../observer.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GAUGES = 64 };

typedef struct prometheus {
    gy_context *ctx;
    gy_pool pool;
    const char *run, *path, *aside;
    struct {
        const char *name, *phase; /* "": none */
        double value;
    } gauges[GAUGES];
    int n;
    double written_s;
    gy_buffer text;
} prometheus;

static gy_status set(prometheus *p, const char *name, const char *phase, double value)
{
    int i = 0;
    for (; i < p->n; i++) {
        bool same = strcmp(p->gauges[i].phase, phase) == 0;
        if (same && strcmp(p->gauges[i].name, name) == 0) break;
    }
    if (i == GAUGES) return GY_OK;
    if (i == p->n) {
        GY_TRY(gy_pool_string(&p->pool, name, &p->gauges[i].name));
        GY_TRY(gy_pool_string(&p->pool, phase, &p->gauges[i].phase));
        p->n++;
    }
    p->gauges[i].value = value;
    return GY_OK;
}

/* A text between quotes. */
static void add_label(gy_buffer *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') gy_buffer_add(b, "\\");
        gy_buffer_add_bytes(b, text, 1);
    }
}

static void print_gauge(prometheus *p, int i)
{
    const char *name = p->gauges[i].name, *phase = p->gauges[i].phase;
    const double x = p->gauges[i].value;
    if (i == 0 || strcmp(p->gauges[i - 1].name, name) != 0)
        gy_buffer_format(&p->text, "# TYPE gyre_%s gauge\n", name);
    gy_buffer_format(&p->text, "gyre_%s{run=\"", name);
    add_label(&p->text, p->run);
    if (phase[0] != '\0') gy_buffer_format(&p->text, "\",phase=\"%s", phase);
    if (isnan(x))
        gy_buffer_add(&p->text, "\"} NaN\n");
    else if (isinf(x))
        gy_buffer_format(&p->text, "\"} %sInf\n", x > 0 ? "+" : "-");
    else
        gy_buffer_format(&p->text, "\"} %.17g\n", x);
}

/* No flush to the disk: a crash leaves the file before this one. */
static gy_status write_file(prometheus *p)
{
    gy_buffer_reset(&p->text);
    for (int i = 0; i < p->n; i++) print_gauge(p, i);
    GY_TRY(p->text.status);
    FILE *file = fopen(p->aside, "we");
    bool ok =
        file != NULL && fwrite(gy_buffer_text(&p->text), 1, p->text.bytes, file) == p->text.bytes;
    int reason = errno;
    if (file != NULL && fclose(file) != 0) ok = false;
    if (ok && rename(p->aside, p->path) != 0) ok = false;
    GY_REQUIRE(ok, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", p->path,
               strerror(reason != 0 ? reason : errno));
    p->written_s = gy_clock_s();
    return GY_OK;
}

static gy_status take(void *state, const gy_event *event)
{
    prometheus *p = state;
    bool end = strcmp(event->type, "end") == 0;
    GY_TRY(set(p, "step", "", (double)event->step));
    GY_TRY(set(p, "epoch", "", (double)event->epoch));
    GY_TRY(set(p, "trained_seconds", "", event->time));
    GY_TRY(set(p, "told_timestamp_seconds", "", event->wall));
    GY_TRY(set(p, "finished", "", end));
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type == GY_FIELD_PHASE)
            GY_TRY(set(p, "phase_milliseconds", f->name, f->number));
        else if (f->type == GY_FIELD_FLOAT)
            GY_TRY(set(p, f->name, "", f->number));
    }
    return end || gy_clock_s() - p->written_s >= 1 ? write_file(p) : GY_OK;
}

static void close_(void *state)
{
    prometheus *p = state;
    gy_buffer_clear(&p->text);
    gy_pool_clear(&p->pool);
    gy_free(p->ctx, p);
}

static gy_status name_files(prometheus *p, const char *dir)
{
    GY_TRY(gy_pool_format(&p->pool, &p->path, "%s/gyre.prom", dir));
    return gy_pool_format(&p->pool, &p->aside, "%s/gyre.tmp", dir);
}

static gy_status open_(const gy_observed *of, const char *dir, void **state)
{
    prometheus *p;
    GY_TRY(gy_new(of->ctx, &p));
    p->ctx = of->ctx;
    p->run = of->name;
    p->written_s = -INFINITY;
    gy_pool_init(&p->pool, of->ctx);
    gy_buffer_init(&p->text, of->ctx);
    gy_status status = name_files(p, dir);
    if (status == GY_OK)
        *state = p;
    else
        close_(p);
    return status;
}

const gy_observer_kind gy_observer_prometheus = {
    .kind = {.name = "prometheus"}, .open = open_, .take = take, .close = close_};
