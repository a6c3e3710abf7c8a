/*
 * Cross-validation: trial n validates fold n mod K of repetition ⌊n / K⌋, whose seed is the configuration's
 * and that number; at the end, mean and standard deviation of whatever was measured.
 */
#include "study.h"

#include "base/door.h"

#include <math.h>
#include <string.h>

typedef struct crossval {
    gy_study *s;
    const gy_crossval_options *options;
    int64_t trials;
    gy_outcome *outcomes; /* [trials]; number −1: none yet */
} crossval;

static int64_t fold_of(const crossval *c, int64_t number)
{
    return number % c->options->folds + 1;
}

static int64_t repeat_of(const crossval *c, int64_t number)
{
    return number / c->options->folds;
}

enum { SETS = 7 };

static gy_status list_sets(const crossval *c, int64_t number, gy_pool *pool, const char *sets[SETS],
                           int *n)
{
    const gy_crossval_options *o = c->options;
    const gy_config *base = c->s->config;
    const char *train = base->data.train;
    sets[(*n)++] = "data.validation=";
    sets[(*n)++] = "data.validation_fraction=0";
    GY_TRY(gy_pool_format(pool, &sets[(*n)++], "data.fold=%lld/%lld", (long long)fold_of(c, number),
                          (long long)o->folds));
    GY_TRY(gy_pool_format(pool, &sets[(*n)++], "seed=%lld",
                          (long long)(base->seed + repeat_of(c, number))));
    if (o->stratified) sets[(*n)++] = "data.fold_stratified=true";
    if (o->group != NULL && train != NULL)
        GY_TRY(gy_pool_format(pool, &sets[(*n)++], "data.train=%s%cgroup=%s", train,
                              strchr(train, '?') == NULL ? '?' : '&', o->group));
    return GY_OK;
}

static gy_status next(void *self, int64_t number, gy_pool *pool, gy_trial *out, gy_study_says *says)
{
    const crossval *c = self;
    const char *sets[SETS], *place;
    gy_config *config = NULL;
    int n = 0;
    *says = number < c->trials ? GY_STUDY_TRIAL : GY_STUDY_ENDS;
    if (number >= c->trials) return GY_OK;
    GY_TRY(list_sets(c, number, pool, sets, &n));
    GY_TRY(gy_study_place(c->s, pool, number, &place));
    GY_TRY(gy_study_configure(c->s, sets, n, place, &config));
    *out = (gy_trial){.number = number};
    gy_status status = gy_pool_string(pool, gy_config_text(config), &out->config);
    gy_config_free(config);
    return status;
}

static gy_status take(void *self, const gy_outcome *o, const gy_event *event)
{
    crossval *c = self;
    (void)event;
    if (o->number < c->trials) c->outcomes[o->number] = *o;
    return GY_OK;
}

static gy_status describe(void *self, const gy_outcome *o, gy_pool *pool, gy_report *report)
{
    const crossval *c = self;
    const char *fold;
    GY_TRY(gy_pool_format(pool, &fold, "%lld/%lld", (long long)fold_of(c, o->number),
                          (long long)c->options->folds));
    gy_report_text(report, "fold", fold);
    gy_report_int(report, "repeat", repeat_of(c, o->number) + 1);
    return GY_OK;
}

/* Of one value over all trials that have it; in their order, so that it is the same bits. */
static void tell_value(const crossval *c, const char *name)
{
    double sum = 0, apart = 0, least = INFINITY, largest = -INFINITY;
    int64_t n = 0;
    for (int64_t i = 0; i < c->trials; i++) {
        const double v = gy_outcome_value(&c->outcomes[i], name);
        if (isnan(v)) continue;
        n++;
        sum += v;
        least = fmin(least, v);
        largest = fmax(largest, v);
    }
    if (n == 0) return;
    for (int64_t i = 0; i < c->trials; i++) {
        const double v = gy_outcome_value(&c->outcomes[i], name);
        if (!isnan(v)) apart += (v - sum / (double)n) * (v - sum / (double)n);
    }
    gy_report report;
    gy_report_begin(&report, "summary");
    gy_report_text(&report, "value", name);
    gy_report_float(&report, "mean", sum / (double)n);
    gy_report_float(&report, "deviation", n > 1 ? sqrt(apart / (double)(n - 1)) : 0.0);
    gy_report_float(&report, "least", least);
    gy_report_float(&report, "largest", largest);
    gy_report_int(&report, "of", n);
    gy_study_tell(c->s, &report);
}

/* Folds that failed make the mean one of fewer: that is an error, once it was told. */
static gy_status summarize(const crossval *c)
{
    const gy_outcome *first = NULL, *failed = NULL;
    for (int64_t i = c->trials - 1; i >= 0; i--)
        *(c->outcomes[i].status == GY_OK ? &first : &failed) = &c->outcomes[i];
    for (int i = 0; first != NULL && i < first->n; i++) tell_value(c, first->names[i]);
    GY_TRY(gy_study_tell_end(c->s, NULL));
    if (failed == NULL) return GY_OK;
    return gy_raise(failed->status,
                    "a fold failed" GY_AT "%s, trial %lld" GY_WHY "%s" GY_HINT
                    "the means above are without it",
                    c->s->dir, (long long)failed->number, failed->why);
}

static gy_status begin(crossval *c)
{
    GY_TRY(gy_new_array(c->s->ctx, c->trials, &c->outcomes));
    for (int64_t i = 0; i < c->trials; i++) c->outcomes[i].number = -1;
    for (int64_t i = 0; i < c->trials; i++) c->outcomes[i].status = GY_OK;
    return GY_OK;
}

static gy_status run(crossval *c)
{
    gy_study *s = c->s;
    const gy_study_plan plan = {.self = c, .next = next, .take = take, .describe = describe};
    GY_TRY(gy_comm_agree(s->comm, s->rank == 0 ? begin(c) : GY_OK));
    GY_TRY(gy_study_run(s, &plan));
    return gy_comm_agree(s->comm, s->rank == 0 ? summarize(c) : GY_OK);
}

static gy_status check(const gy_crossval_options *o)
{
    GY_REQUIRE(o->folds >= 2 && o->folds <= 10000, GY_E_USAGE,
               "wrong number of folds" GY_AT "--folds" GY_WHY "%lld" GY_HINT
               "give 2 to 10000, such as --folds 5",
               (long long)o->folds);
    GY_REQUIRE(o->repeats >= 1 && o->repeats <= 10000, GY_E_USAGE,
               "wrong number of repetitions" GY_AT "--repeats" GY_WHY "%lld" GY_HINT
               "give 1 to 10000",
               (long long)o->repeats);
    return GY_OK;
}

gy_status gy_crossval(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_crossval_options *options)
{
    GY_DOOR;
    gy_study s;
    crossval c = {.s = &s, .options = options, .trials = options->folds * options->repeats};
    GY_TRY(gy_comm_agree(comm, check(options)));
    gy_status status =
        gy_study_open(&s, ctx, comm, "crossval", path, &options->study, options->ranks_per_run);
    if (status == GY_OK) status = run(&c);
    gy_free(ctx, c.outcomes);
    gy_study_close(&s);
    return status;
}
