/* A study's ledger read back; what mattered in it, by ranks: they do not ask what is measured, in which unit. */
#include "trials.h"

#include "base/rank.h"
#include "event/event.h"
#include "store/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    gy_pool *pool;
    gy_trial_told **end;
    gy_status status;
} reader;

/* "train.batch_size=32 loss=mse" apart. */
static gy_status cut_point(gy_pool *pool, const char *point, gy_trial_told *t)
{
    const char *copy;
    GY_TRY(gy_pool_string(pool, point, &copy));
    char *rest = (char *)(uintptr_t)copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL && t->n < GY_TRIAL_KEYS;) {
        char *equals = strchr(word, '=');
        if (equals == NULL) continue;
        *equals = '\0';
        t->keys[t->n] = word;
        t->values[t->n++] = equals + 1;
    }
    return GY_OK;
}

static gy_status add(reader *r, const gy_event *e)
{
    gy_trial_told *t;
    const char *point = gy_event_text(e, "point", NULL), *fold = gy_event_text(e, "fold", "");
    GY_TRY(gy_pool_new(r->pool, r->end));
    t = *r->end;
    r->end = &t->next;
    t->number = (int64_t)gy_event_number(e, "trial", -1);
    t->run = (int64_t)gy_event_number(e, "run", -1);
    t->seconds = gy_event_number(e, "seconds", NAN);
    t->best = gy_event_number(e, "best", NAN);
    GY_TRY(gy_pool_string(r->pool, gy_event_text(e, "status", ""), &t->status));
    if (point == NULL) return gy_pool_format(r->pool, &t->what, "fold %s", fold);
    GY_TRY(gy_pool_string(r->pool, point, &t->what));
    return cut_point(r->pool, point, t);
}

static void take(void *user, const gy_event *e)
{
    reader *r = user;
    if (r->status == GY_OK && strcmp(e->type, "trial") == 0) r->status = add(r, e);
}

gy_status gy_trials_read(gy_pool *pool, const char *dir, gy_trial_told **out)
{
    const char *path;
    gy_lies there;
    reader r = {.pool = pool, .end = out};
    *out = NULL;
    GY_TRY(gy_pool_format(pool, &path, "%s/../../study.jsonl", dir));
    GY_TRY(gy_path_kind(path, &there));
    if (there != GY_IS_FILE) return GY_OK;
    GY_TRY(gy_events_read(pool->ctx, path, take, &r));
    return r.status;
}

/* Whether it counts: it has a value, and none goes on with it. */
static bool counts(const gy_trial_told *t)
{
    if (isnan(t->best)) return false;
    for (const gy_trial_told *u = t->next; u != NULL; u = u->next)
        if (t->run >= 0 && u->run == t->run) return false;
    return true;
}

/* Words by the first trial that has the same one. */
static double number_of(const gy_trial_told *const *v, int at, int key, bool *words)
{
    char *end;
    const double number = strtod(v[at]->values[key], &end);
    if (*end == '\0') return number;
    *words = true;
    for (int i = 0; i < at; i++)
        if (strcmp(v[i]->values[key], v[at]->values[key]) == 0) return i;
    return at;
}

static int by_share(const void *a, const void *b)
{
    const double x = ((const gy_importance *)a)->share, y = ((const gy_importance *)b)->share;
    return (x < y) - (x > y);
}

gy_status gy_trials_weigh(gy_pool *pool, const gy_trial_told *first, gy_importance *out, int *n)
{
    enum { LEAST = 4 };
    const gy_trial_told **v;
    double *x, *best;
    int all = 0, trials = 0;
    *n = 0;
    for (const gy_trial_told *t = first; t != NULL; t = t->next) all++;
    GY_TRY(gy_pool_array(pool, all + 1, &v));
    for (const gy_trial_told *t = first; t != NULL; t = t->next)
        if (counts(t) && t->n == first->n) v[trials++] = t;
    if (trials < LEAST) return GY_OK;
    GY_TRY(gy_pool_array(pool, 2 * trials, &x));
    GY_TRY(gy_pool_array(pool, 2 * trials, &best));
    for (int i = 0; i < trials; i++) best[i] = v[i]->best;
    gy_rank(best, trials, best + trials);
    for (; *n < first->n; (*n)++) {
        bool words = false;
        for (int i = 0; i < trials; i++) x[i] = number_of(v, i, *n, &words);
        gy_rank(x, trials, x + trials);
        const double share = words ? gy_correlation_ratio(x, best + trials, trials)
                                   : gy_correlation(x + trials, best + trials, trials);
        out[*n] = (gy_importance){first->keys[*n], fabs(share)};
    }
    qsort(out, (size_t)*n, sizeof *out, by_share);
    return GY_OK;
}
