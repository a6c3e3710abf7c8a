/* A search: decisions one by one, each by the outcomes that it may look at. */
#include "search_list.h"

#include <math.h>
#include <string.h>

#define ENTRY(name) &gy_search_##name.kind,
GY_REGISTRY(gy_search_registry, "method", ENTRY, GY_SEARCH_LIST)
#undef ENTRY

enum { ATTEMPTS = 200 };

static gy_status make_room(gy_search *s)
{
    gy_search_job *more;
    if (s->n < s->room) return GY_OK;
    const int64_t room = 2 * s->room + 32;
    GY_TRY(gy_new_array(s->ctx, room, &more));
    if (s->n > 0) memcpy(more, s->jobs, (size_t)s->n * sizeof *more);
    gy_free(s->ctx, s->jobs);
    s->jobs = more;
    s->room = room;
    return GY_OK;
}

gy_status gy_search_next(gy_search *s, gy_search_says *says)
{
    bool found = false;
    int64_t seen = s->n - s->ahead + 1;
    if (seen < 0 || !s->kind->learns) seen = 0;
    GY_TRY(make_room(s));
    gy_search_job *job = &s->jobs[s->n];
    for (int64_t i = 0; i <= s->n; i++) {
        if (i >= seen) {
            *job = (gy_search_job){.trial = s->n, .from = -1, .until = s->budget};
            GY_TRY(s->kind->next(s, i, job, &found));
            if (found || !s->kind->learns) break;
        }
        if (i < s->n && !s->jobs[i].known) {
            *says = GY_SEARCH_WAITS;
            return GY_OK;
        }
    }
    *says = found ? GY_SEARCH_JOB : GY_SEARCH_ENDS;
    if (found) s->n++;
    return GY_OK;
}

void gy_search_take(gy_search *s, int64_t job, double cost)
{
    if (job < 0 || job >= s->n) return;
    s->jobs[job].known = true;
    s->jobs[job].cost = isnan(cost) ? INFINITY : cost;
}

void gy_search_clear(gy_search *s)
{
    gy_free(s->ctx, s->jobs);
    s->jobs = NULL;
    s->n = s->room = 0;
}

gy_status gy_search_make(const gy_search *s, void (*make)(void *of, int attempt, gy_point *out),
                         void *of, gy_point *out)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        bool allowed = true;
        make(of, attempt, out);
        if (s->allows != NULL) GY_TRY(s->allows(s->user, out, &allowed));
        if (allowed) return GY_OK;
    }
    return gy_raise(GY_E_CONFIG,
                    "no point of the space is within the limits" GY_AT "search.space" GY_WHY
                    "%d were tried" GY_HINT "make the space smaller, or raise search.max_…",
                    (int)ATTEMPTS);
}

typedef struct drawing {
    const gy_search *s;
    int64_t trial;
} drawing;

static void draw(void *of, int attempt, gy_point *out)
{
    const drawing *d = of;
    *out = gy_space_draw(d->s->space, d->s->seed, d->trial, attempt);
}

gy_status gy_search_draw(const gy_search *s, int64_t trial, gy_point *out)
{
    drawing d = {s, trial};
    return gy_search_make(s, draw, &d, out);
}
