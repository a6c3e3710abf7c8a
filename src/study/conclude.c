/*
 * What came of a search: the ten best; how much each key mattered; the best configuration as best.yaml, ready for
 * `gyre train`, and its run, with its checkpoint, as the link `best`.
 */
#include "search_impl.h"

#include "base/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE = 10 };

/* A job that counts. */
typedef struct entry {
    double cost;
    int64_t job;
} entry;

static int by_cost(const void *a_, const void *b_)
{
    const entry *a = a_, *b = b_;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    return (a->job > b->job) - (a->job < b->job);
}

/* Whether a trial went on to another job. */
static bool goes_on(const gy_search *s, int64_t job)
{
    for (int64_t i = job + 1; i < s->n; i++)
        if (s->jobs[i].trial == s->jobs[job].trial && s->jobs[i].known) return true;
    return false;
}

/* The last job of each trial. */
static gy_status rank(gy_searching *g, entry **out, int64_t *n)
{
    const gy_search *s = &g->search;
    entry *v;
    *n = 0;
    GY_TRY(gy_new_array(s->ctx, s->n, &v));
    for (int64_t i = 0; i < s->n; i++)
        if (s->jobs[i].known && !isinf(s->jobs[i].cost) && !goes_on(s, i))
            v[(*n)++] = (entry){s->jobs[i].cost, i};
    qsort(v, (size_t)*n, sizeof *v, by_cost);
    *out = v;
    return GY_OK;
}

static void tell_place(const gy_searching *g, int64_t place, int64_t job)
{
    const gy_tried *r = &g->records[job];
    gy_report report;
    gy_report_begin(&report, "place");
    gy_report_int(&report, "place", place + 1);
    gy_report_int(&report, "trial", job);
    gy_report_int(&report, "run", g->search.jobs[job].trial);
    gy_report_text(&report, "monitor", g->s->config->train.early_stopping.monitor);
    gy_report_float(&report, "best", r->value);
    gy_report_int(&report, "until", g->search.jobs[job].until);
    gy_report_int(&report, "parameters", r->parameters);
    gy_report_text(&report, "point", r->point);
    gy_study_tell(g->s, &report);
}

/* By rank correlation; of choices, which have no order, by the correlation ratio. */
static gy_status tell_importance(gy_searching *g, const entry *v, int64_t n)
{
    gy_context *ctx = g->s->ctx;
    double *room = NULL;
    const gy_space *space = g->search.space;
    if (n < 3) return GY_OK;
    GY_TRY(gy_new_array(ctx, 4 * n, &room));
    double *values = room, *x = room + n, *ranks = room + 2 * n, *costs = room + 3 * n;
    for (int64_t i = 0; i < n; i++) costs[i] = v[i].cost;
    gy_rank(costs, n, ranks);
    for (int k = 0; k < space->n; k++) {
        const gy_axis *range = &space->v[k];
        const bool choice = range->kind == GY_AXIS_CHOICE;
        for (int64_t i = 0; i < n; i++)
            values[i] = gy_axis_number(range, g->search.jobs[v[i].job].point.at[k]);
        gy_rank(values, n, x);
        const double r =
            choice ? gy_correlation_ratio(values, ranks, n) : gy_correlation(x, ranks, n);
        gy_report report;
        gy_report_begin(&report, "importance");
        gy_report_text(&report, "key", range->key);
        gy_report_float(&report, "importance", fabs(r));
        if (!choice)
            gy_report_text(&report, "better", r == 0 ? "neither" : r < 0 ? "larger" : "smaller");
        gy_report_int(&report, "of", n);
        gy_study_tell(g->s, &report);
    }
    gy_free(ctx, room);
    return GY_OK;
}

/* As a user would have written it: it trains into the directory that the search's configuration names. */
static gy_status write_best(gy_searching *g, int64_t job, const char **out)
{
    gy_study *s = g->s;
    const char *link, *target;
    gy_config *config = NULL;
    gy_buffer text;
    gy_buffer_init(&text, s->ctx);
    gy_status status = gy_lock_check(&s->claim);
    if (status == GY_OK)
        status = gy_searching_configure(g, &g->search.jobs[job].point, s->config->run_dir, &config);
    if (status == GY_OK) { /* as if it had no section `search` */
        config->search = (gy_search_settings){.ranges = NULL};
        status = gy_settings_default(gy_search_setting_rows, &config->pool, &config->search);
    }
    if (status == GY_OK) status = gy_config_print_short(config, &text);
    if (status == GY_OK) status = gy_pool_format(&s->pool, out, "%s/best.yaml", s->dir);
    if (status == GY_OK) status = gy_file_write(s->ctx, *out, gy_buffer_text(&text), text.bytes);
    if (status == GY_OK) status = gy_pool_format(&s->pool, &link, "%s/best", s->dir);
    if (status == GY_OK)
        status = gy_pool_format(&s->pool, &target, "trials/%04lld",
                                (long long)g->search.jobs[job].trial);
    if (status == GY_OK) status = gy_link_swap(s->ctx, target, link);
    gy_buffer_clear(&text);
    gy_config_free(config);
    return status;
}

gy_status gy_searching_end(gy_searching *g)
{
    entry *v = NULL;
    int64_t n = 0;
    const char *best = NULL;
    gy_status status = rank(g, &v, &n);
    for (int64_t i = 0; status == GY_OK && i < n && i < TABLE; i++) tell_place(g, i, v[i].job);
    if (status == GY_OK) status = tell_importance(g, v, n);
    if (status == GY_OK && n > 0) status = write_best(g, v[0].job, &best);
    gy_free(g->s->ctx, v);
    GY_TRY(status);
    GY_TRY(gy_study_tell_end(g->s, best));
    GY_REQUIRE(n > 0, GY_E_DIVERGED,
               "no trial came to an end" GY_AT "%s" GY_WHY "all of them failed" GY_HINT
               "see study.jsonl there",
               g->s->dir);
    return GY_OK;
}
