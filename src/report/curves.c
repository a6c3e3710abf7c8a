/* The curves of a run: points of equal name, from the events that have values. */
#include "curves.h"

#include "event/event.h"
#include "store/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    gy_curves *curves;
    gy_status status;
} reader;

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Where a field of an event is drawn; GY_PANELS: nowhere. */
static gy_panel panel_of(const gy_event *e, const gy_field *f)
{
    static const struct {
        const char *name;
        gy_panel panel;
    } of_step[] = {{"loss", GY_PANEL_LOSS},
                   {"learning_rate", GY_PANEL_RATE},
                   {"gradient_norm", GY_PANEL_NORM},
                   {"samples_per_second", GY_PANEL_THROUGHPUT}};
    const char *metric = strchr(f->name, '_');
    if (f->type == GY_FIELD_PHASE) return GY_PANEL_PHASE;
    if (f->type != GY_FIELD_FLOAT) return GY_PANELS;
    if (is(e->type, "step"))
        for (size_t i = 0; i < sizeof of_step / sizeof *of_step; i++)
            if (is(f->name, of_step[i].name)) return of_step[i].panel;
    if (is(e->type, "sparsity") && is(f->name, "sparsity")) return GY_PANEL_SPARSITY;
    if (!is(e->type, "epoch") && !is(e->type, "evaluate")) return GY_PANELS;
    if (metric == NULL) return GY_PANELS;
    return is(metric, "_loss") ? GY_PANEL_LOSS : GY_PANEL_METRIC;
}

/* "validation_loss" is shown as "validation loss", the loss of a step as "step". */
static gy_status find(gy_curves *c, gy_panel panel, const char *name, gy_curve **out)
{
    char text[96];
    gy_curve **end = &c->first;
    (void)snprintf(text, sizeof text, "%s", is(name, "loss") ? "step's loss" : name);
    for (char *p = text; *p != '\0'; p++) *p = *p == '_' ? ' ' : *p;
    for (; *end != NULL; end = &(*end)->next)
        if ((*end)->panel == panel && is((*end)->name, text)) break;
    if (*end == NULL) {
        GY_TRY(gy_pool_alloc(c->pool, sizeof **end, (void **)end));
        (*end)->panel = panel;
        GY_TRY(gy_pool_string(c->pool, text, &(*end)->name));
    }
    *out = *end;
    return GY_OK;
}

static gy_status add(gy_curves *c, gy_panel panel, const char *name, gy_point point)
{
    enum { FIRST_ROOM = 64 };
    gy_curve *curve = NULL;
    GY_TRY(find(c, panel, name, &curve));
    if (curve->n == curve->room) {
        gy_point *more;
        int room = curve->room == 0 ? FIRST_ROOM : 2 * curve->room;
        GY_TRY(gy_pool_array(c->pool, room, &more));
        if (curve->n > 0) memcpy(more, curve->points, (size_t)curve->n * sizeof *more);
        curve->points = more;
        curve->room = room;
    }
    curve->points[curve->n++] = point;
    return GY_OK;
}

static void take(void *user, const gy_event *e)
{
    reader *r = user;
    for (int i = 0; i < e->n && r->status == GY_OK; i++) {
        const gy_field *f = &e->fields[i];
        gy_panel panel = panel_of(e, f);
        gy_point point = {(double)e->step, (double)e->epoch, e->time, f->number};
        if (panel != GY_PANELS && isfinite(f->number))
            r->status = add(r->curves, panel, f->name, point);
    }
}

gy_status gy_curves_read(gy_pool *pool, const char *dir, gy_curves *out)
{
    const char *path;
    gy_lies there;
    reader r = {.curves = out};
    *out = (gy_curves){.pool = pool, .dir = dir};
    GY_TRY(gy_pool_format(pool, &path, "%s/metrics.jsonl", dir));
    GY_TRY(gy_path_kind(path, &there));
    GY_REQUIRE(there != GY_IS_NONE, GY_E_USAGE,
               "no run" GY_AT "%s" GY_WHY "it has no metrics.jsonl" GY_HINT
               "name the directory of a run, e.g. runs/digits",
               dir);
    GY_TRY(gy_events_read(pool->ctx, path, take, &r));
    GY_TRY(r.status);
    GY_REQUIRE(out->first != NULL, GY_E_USAGE,
               "nothing to draw" GY_AT "%s" GY_WHY
               "no step, epoch or evaluation was written down" GY_HINT "see log.every_steps",
               path);
    return GY_OK;
}
