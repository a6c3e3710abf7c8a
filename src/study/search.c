/*
 * Search as a study: the space is checked, then the method (room search) decides trial after trial on rank 0; a
 * decision becomes a configuration, is looked at (limits.c), trained, and its outcome is what the next decisions
 * are made by. At the end: the best, ready to be trained on.
 */
#include "search_impl.h"

#include "base/door.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gy_status gy_searching_configure(gy_searching *g, const gy_point *point, const char *run_dir,
                                 gy_config **out)
{
    const char *sets[GY_AXES];
    gy_pool pool;
    gy_buffer text;
    gy_status status = GY_OK;
    const gy_space *space = g->search.space;
    gy_pool_init(&pool, g->s->ctx);
    gy_buffer_init(&text, g->s->ctx);
    for (int i = 0; i < space->n && status == GY_OK; i++) {
        gy_buffer_reset(&text);
        gy_buffer_format(&text, "%s=", space->v[i].key);
        gy_axis_print(&space->v[i], point->at[i], &text);
        status = text.status;
        if (status == GY_OK) status = gy_pool_string(&pool, gy_buffer_text(&text), &sets[i]);
    }
    if (status == GY_OK) status = gy_study_configure(g->s, sets, space->n, run_dir, out);
    gy_buffer_clear(&text);
    gy_pool_clear(&pool);
    return status;
}

static gy_status print_point(const gy_searching *g, const gy_point *point, gy_pool *pool,
                             const char **out)
{
    gy_buffer text;
    gy_buffer_init(&text, g->s->ctx);
    gy_point_print(g->search.space, point, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&text), out);
    gy_buffer_clear(&text);
    return status;
}

static gy_status record_of(gy_searching *g, int64_t number, gy_tried **out)
{
    if (number >= g->room) {
        gy_tried *more;
        const int64_t room = 2 * number + 64;
        GY_TRY(gy_new_array(g->s->ctx, room, &more));
        if (g->records != NULL) memcpy(more, g->records, (size_t)g->room * sizeof *more);
        gy_free(g->s->ctx, g->records);
        g->records = more;
        g->room = room;
    }
    *out = &g->records[number];
    return GY_OK;
}

/* What is to be small: the monitored value, or the other side of it. */
static double cost_of(const gy_searching *g, const gy_outcome *o)
{
    const char *monitor = g->s->config->train.early_stopping.monitor;
    const double value = g->search.kind->latest ? gy_outcome_value(o, monitor) : o->best;
    if (o->status != GY_OK || isnan(value)) return INFINITY;
    return g->larger ? -value : value;
}

static void put(gy_searching *g, int64_t number, const gy_tried *r)
{
    const double cost = r->failed ? INFINITY : g->larger ? -r->value : r->value;
    gy_search_take(&g->search, number, cost);
}

static gy_status take(void *self, const gy_outcome *o, const gy_event *event)
{
    gy_searching *g = self;
    gy_tried *r;
    GY_TRY(record_of(g, o->number, &r));
    const double cost = cost_of(g, o);
    *r = (gy_tried){.known = true,
                    .failed = isinf(cost),
                    .value = g->larger ? -cost : cost,
                    .seconds = o->seconds,
                    .parameters = r->parameters,
                    .point = r->point};
    if (event != NULL) { /* of the ledger: the decision is still to come */
        r->parameters = (int64_t)gy_event_number(event, "parameters", 0);
        return gy_pool_string(&g->s->pool, gy_event_text(event, "point", ""), &r->point);
    }
    put(g, o->number, r);
    return GY_OK;
}

/* The ledger's trial of that number must be the one that is decided now. */
static gy_status compare(gy_searching *g, int64_t number, const char *point)
{
    const gy_tried *r = &g->records[number];
    GY_REQUIRE(strcmp(r->point, point) == 0, GY_E_CONFIG,
               "another search is there" GY_AT "%s, trial %lld" GY_WHY
               "it tried %s, now it is %s" GY_HINT "give this one a --run-dir of its own",
               g->s->dir, (long long)number, r->point, point);
    put(g, number, r);
    return GY_OK;
}

/* Decides job `number`, unless it was. */
static gy_status decide(gy_searching *g, int64_t number, gy_search_says *says)
{
    gy_tried *r;
    const char *point;
    *says = GY_SEARCH_JOB;
    if (number < g->search.n) return GY_OK;
    GY_TRY(gy_search_next(&g->search, says));
    if (*says != GY_SEARCH_JOB) return GY_OK;
    GY_TRY(record_of(g, number, &r));
    const gy_point *at = &g->search.jobs[number].point;
    GY_TRY(print_point(g, at, &g->s->pool, &point));
    if (r->known) return compare(g, number, point);
    r->point = point;
    return gy_searching_count(g, at, &r->parameters);
}

static gy_status next(void *self, int64_t number, gy_pool *pool, gy_trial *out, gy_study_says *says)
{
    gy_searching *g = self;
    gy_search_says decided;
    const char *place;
    gy_config *config = NULL;
    GY_TRY(decide(g, number, &decided));
    *says = decided == GY_SEARCH_JOB     ? GY_STUDY_TRIAL
            : decided == GY_SEARCH_WAITS ? GY_STUDY_WAITS
                                         : GY_STUDY_ENDS;
    if (*says != GY_STUDY_TRIAL) return GY_OK;
    const gy_search_job *job = &g->search.jobs[number];
    *out = (gy_trial){.number = number, .until = job->until < g->search.budget ? job->until : 0};
    GY_TRY(gy_study_place(g->s, pool, job->trial, &place));
    if (job->from >= 0)
        GY_TRY(gy_study_place(g->s, pool, g->search.jobs[job->from].trial, &out->from));
    GY_TRY(gy_searching_configure(g, &job->point, place, &config));
    gy_status status = gy_pool_string(pool, gy_config_text(config), &out->config);
    gy_config_free(config);
    return status;
}

static gy_status describe(void *self, const gy_outcome *o, gy_pool *pool, gy_report *report)
{
    const gy_searching *g = self;
    const gy_search_job *job = &g->search.jobs[o->number];
    (void)pool;
    gy_report_text(report, "point", g->records[o->number].point);
    gy_report_int(report, "run", job->trial);
    gy_report_int(report, "until", job->until);
    if (job->from >= 0) gy_report_int(report, "after", job->from);
    gy_report_int(report, "parameters", g->records[o->number].parameters);
    return GY_OK;
}

/* How far decisions look back stays that of an older study, whatever the number of groups is now. */
static gy_status settle_ahead(gy_study *s)
{
    gy_config *old = NULL, *settled = NULL;
    const char *path, *set;
    gy_lies there;
    int64_t ahead = s->config->search.ahead;
    if (ahead > 0) return GY_OK;
    ahead = s->groups;
    GY_TRY(gy_pool_format(&s->pool, &path, "%s/config.yaml", s->dir));
    GY_TRY(gy_path_kind(path, &there));
    if (there != GY_IS_NONE) {
        GY_TRY(gy_config_load(s->ctx, path, NULL, 0, &old));
        ahead = old->search.ahead;
        gy_config_free(old);
    }
    GY_TRY(gy_pool_format(&s->pool, &set, "search.ahead=%lld", (long long)ahead));
    GY_TRY(gy_study_configure(s, &set, 1, s->config->run_dir, &settled));
    gy_config_free(s->config);
    s->config = settled;
    return GY_OK;
}

/* On rank 0, of a study that is opened: all that can be wrong before a trial. */
static gy_status begin(gy_searching *g, gy_comm *alone)
{
    gy_study *s = g->s;
    GY_TRY(settle_ahead(s));
    const gy_config *c = s->config;
    const gy_search_settings *settings = &c->search;
    GY_REQUIRE(settings->space.n > 0, GY_E_CONFIG,
               "nothing to search" GY_AT "%s, search.space" GY_WHY "it is empty" GY_HINT
               "write space: [{key: optimizer.learning_rate, log_uniform: [1e-4, 1e-1]}]",
               s->path);
    GY_REQUIRE(gy_config_validates(c), GY_E_CONFIG,
               "nothing to compare trials by" GY_AT "%s" GY_WHY "nothing is validated" GY_HINT
               "give data.validation, data.validation_fraction or data.fold",
               s->path);
    g->alone = alone;
    g->larger = gy_config_larger_is_better(c);
    g->search = (gy_search){.ctx = s->ctx,
                            .space = &settings->space,
                            .kind = gy_search_kind_of(settings->method.kind),
                            .settings = settings->method.settings,
                            .seed = (uint64_t)c->seed,
                            .trials = settings->trials,
                            .ahead = settings->ahead,
                            .budget = c->train.steps > 0 ? c->train.steps : c->train.epochs,
                            .allows = gy_searching_allows,
                            .user = g};
    return gy_searching_check(g);
}

static gy_status run(gy_searching *g)
{
    gy_study *s = g->s;
    gy_comm *alone = NULL; /* rank 0 looks at networks by itself */
    const gy_study_plan plan = {.self = g, .next = next, .take = take, .describe = describe};
    GY_TRY(gy_comm_split(s->comm, s->rank == 0 ? 0 : -1, &alone));
    gy_status status = s->rank == 0 ? begin(g, alone) : GY_OK;
    status = gy_comm_agree(s->comm, status);
    if (status == GY_OK) status = gy_study_run(s, &plan);
    if (status == GY_OK)
        status = gy_comm_agree(s->comm, s->rank == 0 ? gy_searching_end(g) : GY_OK);
    gy_comm_free(alone);
    return status;
}

gy_status gy_search_configuration(gy_context *ctx, gy_comm *comm, const char *path,
                                  const gy_study_options *options)
{
    GY_DOOR;
    gy_study s;
    gy_searching g = {.s = &s};
    gy_status status = gy_study_open(&s, ctx, comm, "search", path, options, 0);
    if (status == GY_OK) status = run(&g);
    gy_search_clear(&g.search);
    gy_free(ctx, g.records);
    gy_study_close(&s);
    return status;
}
