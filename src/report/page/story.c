/* What happened in a run: each event adds to what it is about. */
#include "story.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static gy_status text_of(gy_pool *pool, const gy_field *f, const char **out)
{
    if (f->type == GY_FIELD_TEXT) return gy_pool_string(pool, f->text, out);
    if (f->type == GY_FIELD_INT) return gy_pool_format(pool, out, "%lld", (long long)f->integer);
    return gy_pool_format(pool, out, "%.5g", f->number);
}

/* Replaces a fact of that name, or adds it at the end. */
static gy_status set_fact(gy_pool *pool, gy_fact **list, const gy_field *f)
{
    while (*list != NULL && !is((*list)->name, f->name)) list = &(*list)->next;
    if (*list == NULL) {
        GY_TRY(gy_pool_new(pool, list));
        GY_TRY(gy_pool_string(pool, f->name, &(*list)->name));
    }
    return text_of(pool, f, &(*list)->text);
}

static gy_status take_facts(gy_pool *pool, const gy_event *e, gy_fact **list)
{
    for (int i = 0; i < e->n; i++)
        if (e->fields[i].type != GY_FIELD_PHASE && e->fields[i].type != GY_FIELD_INTS)
            GY_TRY(set_fact(pool, list, &e->fields[i]));
    return GY_OK;
}

static gy_status take_values(gy_pool *pool, const gy_event *e, gy_fact **list)
{
    for (int i = 0; i < e->n; i++)
        if (e->fields[i].type == GY_FIELD_FLOAT && strchr(e->fields[i].name, '_') != NULL &&
            !is(e->fields[i].name, "samples_per_second"))
            GY_TRY(set_fact(pool, list, &e->fields[i]));
    return GY_OK;
}

static gy_status add_incident(gy_story *s, const gy_event *e)
{
    static const char *const reasons[] = {"reason", "monitor", "path"};
    gy_incident **end = &s->incidents;
    while (*end != NULL) end = &(*end)->next;
    GY_TRY(gy_pool_new(s->pool, end));
    gy_incident *one = *end;
    *one = (gy_incident){.step = e->step, .time = e->time, .wall = e->wall, .why = ""};
    GY_TRY(gy_pool_string(s->pool, e->type, &one->what));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const char *why = gy_event_text(e, reasons[i], NULL);
        if (why != NULL) return gy_pool_string(s->pool, why, &one->why);
    }
    return GY_OK;
}

static gy_status add_saved(gy_story *s, const gy_event *e)
{
    gy_saved_at **end = &s->saved;
    while (*end != NULL) end = &(*end)->next;
    GY_TRY(gy_pool_new(s->pool, end));
    **end = (gy_saved_at){.step = e->step,
                          .time = e->time,
                          .bytes = (int64_t)gy_event_number(e, "bytes", 0),
                          .seconds = gy_event_number(e, "seconds", 0),
                          .waited_seconds = gy_event_number(e, "waited_seconds", 0),
                          .is_best = gy_event_number(e, "is_best", 0) != 0};
    return gy_pool_string(s->pool, gy_event_text(e, "path", ""), &(*end)->path);
}

static gy_status add_phase(gy_story *s, const gy_field *f)
{
    gy_phase_of **at = &s->phases;
    while (*at != NULL && !is((*at)->name, f->name)) at = &(*at)->next;
    if (*at == NULL) {
        GY_TRY(gy_pool_new(s->pool, at));
        GY_TRY(gy_pool_string(s->pool, f->name, &(*at)->name));
    }
    gy_phase_of *p = *at;
    if (!isfinite(f->min) || !isfinite(f->number) || !isfinite(f->max)) return GY_OK;
    p->n++;
    p->min += (f->min - p->min) / p->n;
    p->mean += (f->number - p->mean) / p->n;
    p->max += (f->max - p->max) / p->n;
    return GY_OK;
}

static gy_status add_straggler(gy_story *s, const gy_event *e)
{
    gy_straggler_of **at = &s->stragglers;
    const int64_t rank = (int64_t)gy_event_number(e, "slowest_rank", -1);
    const char *host = gy_event_text(e, "slowest_host", "");
    if (rank < 0) return GY_OK;
    while (*at != NULL && ((*at)->rank != rank || !is((*at)->host, host))) at = &(*at)->next;
    if (*at == NULL) {
        GY_TRY(gy_pool_new(s->pool, at));
        (*at)->rank = rank;
        GY_TRY(gy_pool_string(s->pool, host, &(*at)->host));
    }
    (*at)->n++;
    return GY_OK;
}

static gy_status take_step(gy_story *s, const gy_event *e)
{
    s->n_steps++;
    for (int i = 0; i < e->n; i++)
        if (e->fields[i].type == GY_FIELD_PHASE) GY_TRY(add_phase(s, &e->fields[i]));
    return add_straggler(s, e);
}

/* What happens a few times in a run. */
static bool is_incident(const char *type)
{
    static const char *const types[] = {"start", "resume", "init", "early_stop", "stop", "end"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is(type, types[i])) return true;
    return false;
}

static gy_status take_event(gy_story *s, const gy_event *e)
{
    if (is(e->type, "step")) return take_step(s, e);
    if (is(e->type, "checkpoint")) return add_saved(s, e);
    if (is(e->type, "epoch") || is(e->type, "evaluate")) return take_values(s->pool, e, &s->last);
    if (is(e->type, "not_finite")) s->n_skipped++;
    if (is(e->type, "start")) {
        s->steps = (int64_t)gy_event_number(e, "steps", 0);
        GY_TRY(take_facts(s->pool, e, &s->facts));
    }
    if (!is_incident(e->type)) return GY_OK;
    s->state = is(e->type, "end") ? "finished" : is(e->type, "stop") ? "stopped" : "unfinished";
    if (is(e->type, "end")) GY_TRY(take_values(s->pool, e, &s->last));
    return add_incident(s, e);
}

static void take(void *user, const gy_event *e)
{
    gy_story *s = user;
    if (s->status != GY_OK) return;
    s->step = e->step;
    s->time = e->time;
    s->status = take_event(s, e);
}

gy_status gy_story_read(gy_pool *pool, const char *path, gy_story *out)
{
    *out = (gy_story){.pool = pool, .state = "unfinished"};
    GY_TRY(gy_events_read(pool->ctx, path, take, out));
    return out->status;
}

const char *gy_story_fact(const gy_fact *facts, const char *name)
{
    for (; facts != NULL; facts = facts->next)
        if (is(facts->name, name)) return facts->text;
    return "";
}
