/*
 * A study put together and run:
 *
 *     open       configuration, groups of ranks
 *     rehearse   a new study: what is wrong with configuration or data is said before anything is written
 *     begin      directory, lock, ledger; an older study in it must be the same
 *     run        rank 0 leads, the others follow
 */
#include "order.h"

#include "base/clock.h"
#include "comm/watchdog.h"
#include "train/claim.h"

#include <math.h>
#include <string.h>

enum { MOST_BYTES = 1 << 24 };

static gy_status read_configuration(gy_study *s)
{
    size_t bytes;
    const gy_study_options *o = s->options;
    GY_TRY(gy_file_read(s->ctx, s->path, MOST_BYTES, GY_E_CONFIG, &s->yaml, &bytes));
    GY_TRY(gy_config_load_text(s->ctx, s->path, s->yaml, o->sets, o->n_sets, &s->config));
    if (o->dir != NULL) return gy_pool_string(&s->pool, o->dir, &s->dir);
    return gy_pool_format(&s->pool, &s->dir, "%s-%s", s->config->run_dir, s->kind);
}

static gy_status check_ranks(const gy_study *s, int64_t each)
{
    GY_REQUIRE(each >= 1 && each <= s->ranks, GY_E_USAGE,
               "not enough ranks" GY_AT "%s" GY_WHY "a run takes %lld, there %s %d" GY_HINT
               "start more ranks, or give a run fewer",
               s->kind, (long long)each, s->ranks == 1 ? "is" : "are", s->ranks);
    return GY_OK;
}

static gy_status cut(gy_study *s, int64_t each)
{
    s->ranks_each = (int)each;
    s->groups = s->ranks / s->ranks_each;
    const int mine = s->rank / s->ranks_each;
    const bool has = mine < s->groups;
    GY_TRY(gy_comm_split(s->comm, has ? mine : -1, &s->group));
    s->leads = has && s->rank % s->ranks_each == 0;
    return GY_OK;
}

gy_status gy_study_open(gy_study *s, gy_context *ctx, gy_comm *comm, const char *kind,
                        const char *path, const gy_study_options *options, int64_t ranks_each)
{
    *s = (gy_study){.ctx = ctx,
                    .comm = comm,
                    .options = options,
                    .kind = kind,
                    .path = path,
                    .rank = gy_comm_rank(comm),
                    .ranks = gy_comm_ranks(comm),
                    .started_s = gy_clock_s(),
                    .claim = {.fd = -1},
                    .ledger = {.fd = -1}};
    gy_pool_init(&s->pool, ctx);
    gy_status status = GY_OK;
    if (s->rank == 0) status = read_configuration(s);
    if (status == GY_OK && s->rank == 0 && ranks_each == 0)
        ranks_each = s->config->search.ranks_per_trial;
    GY_TRY(gy_comm_agree(comm, status));
    GY_TRY(gy_comm_broadcast(comm, &ranks_each, sizeof ranks_each, 0));
    status = check_ranks(s, ranks_each);
    GY_TRY(gy_comm_agree(comm, status));
    return cut(s, ranks_each);
}

void gy_study_close(gy_study *s)
{
    gy_ledger_close(&s->ledger);
    gy_lock_release(&s->claim);
    gy_comm_free(s->group);
    gy_config_free(s->config);
    gy_free(s->ctx, s->yaml);
    gy_pool_clear(&s->pool);
}

gy_status gy_study_configure(gy_study *s, const char *const *sets, int n, const char *run_dir,
                             gy_config **out)
{
    const gy_study_options *o = s->options;
    gy_pool pool;
    const char **all;
    int count = 0;
    gy_pool_init(&pool, s->ctx);
    gy_status status = gy_pool_array(&pool, o->n_sets + n + 1, &all);
    if (status == GY_OK) {
        for (int i = 0; i < o->n_sets; i++) all[count++] = o->sets[i];
        for (int i = 0; i < n; i++) all[count++] = sets[i];
        status = gy_pool_format(&pool, &all[count++], "run_dir=%s", run_dir);
    }
    if (status == GY_OK) status = gy_config_load_text(s->ctx, s->path, s->yaml, all, count, out);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_study_place(gy_study *s, gy_pool *pool, int64_t number, const char **out)
{
    return gy_pool_format(pool, out, "%s/trials/%04lld", s->dir, (long long)number);
}

void gy_study_tell(const gy_study *s, gy_report *report)
{
    if (s->options->observer == NULL) return;
    report->event.time = gy_clock_s() - s->started_s;
    s->options->observer(s->options->observer_user, &report->event);
}

static void tell_start(const gy_study *s)
{
    gy_report report;
    gy_report_begin(&report, "study");
    gy_report_text(&report, "kind", s->kind);
    gy_report_text(&report, "name", s->config->name);
    gy_report_text(&report, "dir", s->dir);
    gy_report_int(&report, "ranks", s->ranks);
    gy_report_int(&report, "groups", s->groups);
    gy_report_int(&report, "ranks_each", s->ranks_each);
    gy_study_tell(s, &report);
}

gy_status gy_study_tell_end(gy_study *s, const char *best)
{
    gy_report report;
    const double seconds = gy_clock_s() - s->started_s;
    const double share = s->idle_s / (s->groups * seconds);
    gy_report_begin(&report, "end");
    gy_report_text(&report, "dir", s->dir);
    gy_report_float(&report, "seconds", seconds);
    gy_report_int(&report, "groups", s->groups);
    gy_report_float(&report, "idle", share < 1 ? share : 1);
    if (best != NULL) gy_report_text(&report, "path", best);
    gy_study_tell(s, &report);
    return gy_ledger_end(s, &report);
}

/* The first trial, on every group, but for the training. @param config  of rank 0; NULL: nothing is tried */
static gy_status rehearse(gy_study *s, const char *config_)
{
    char *text = (char *)config_;
    gy_config *config = NULL;
    const gy_train_options options = {.dry_run = true};
    GY_TRY(gy_comm_broadcast_text(s->comm, &text));
    if (text == NULL) return GY_OK;
    gy_status status = gy_config_parse(s->ctx, "the first trial", text, NULL, 0, &config);
    status = gy_comm_agree(s->comm, status);
    if (status == GY_OK && s->group != NULL) status = gy_train(s->ctx, s->group, config, &options);
    gy_config_free(config);
    if (s->rank > 0) gy_free(s->ctx, text);
    return gy_comm_agree(s->comm, status);
}

/* Of a study that has not begun yet: else its ledger tells. */
static gy_status find_first(gy_study *s, const gy_study_plan *plan, gy_pool *pool, const char **out)
{
    gy_trial first = {.config = NULL};
    gy_study_says says;
    gy_lies there;
    const char *ledger;
    GY_TRY(gy_pool_format(pool, &ledger, "%s/study.jsonl", s->dir));
    GY_TRY(gy_path_kind(ledger, &there));
    if (there != GY_IS_NONE) return GY_OK;
    GY_TRY(plan->next(plan->self, 0, pool, &first, &says));
    if (says == GY_STUDY_TRIAL) *out = first.config;
    return GY_OK;
}

/* What an older study may have had otherwise. */
static bool may_differ(const char *key)
{
    static const char *const keys[] = {"name",
                                       "run_dir",
                                       "threads",
                                       "log.",
                                       "search.trials",
                                       "search.ranks_per_trial",
                                       "train.time_limit_minutes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strncmp(key, keys[i], strlen(keys[i])) == 0) return true;
    return false;
}

typedef struct difference {
    const gy_study *s;
    gy_status status;
} difference;

static void differ(void *user, const char *key, const char *old_value, const char *new_value)
{
    difference *d = user;
    if (d->status != GY_OK || may_differ(key)) return;
    d->status = gy_raise(GY_E_CONFIG,
                         "another study is there" GY_AT "%s" GY_WHY "%s was %s, it is %s" GY_HINT
                         "give this one a --run-dir of its own",
                         d->s->dir, key, old_value, new_value);
}

/* Its configuration is written down, or compared with what is there; what older programs did not know is as
 * by default. */
static gy_status keep_configuration(gy_study *s)
{
    const char *path, *text = gy_config_text(s->config);
    char *yaml = NULL;
    gy_config *old = NULL;
    size_t bytes;
    gy_lies there;
    difference d = {.s = s, .status = GY_OK};
    GY_TRY(gy_pool_format(&s->pool, &path, "%s/config.yaml", s->dir));
    GY_TRY(gy_path_kind(path, &there));
    if (there == GY_IS_NONE) return gy_file_write(s->ctx, path, text, strlen(text));
    gy_status status = gy_file_read(s->ctx, path, MOST_BYTES, GY_E_IO, &yaml, &bytes);
    if (status == GY_OK) status = gy_config_parse(s->ctx, path, yaml, NULL, 0, &old);
    if (status == GY_OK) status = gy_config_compare(s->ctx, gy_config_text(old), text, differ, &d);
    gy_config_free(old);
    gy_free(s->ctx, yaml);
    return status == GY_OK ? d.status : status;
}

/* The first that writes. */
static gy_status begin(gy_study *s)
{
    gy_claimant who;
    GY_TRY(gy_directory_make(s->ctx, s->dir));
    gy_claimant_draw(s->ctx, &who);
    GY_TRY(gy_directory_claim(s->comm, &s->pool, s->dir, true, &who, &s->claim));
    GY_TRY(keep_configuration(s));
    tell_start(s);
    return GY_OK;
}

static gy_status prepare(gy_study *s, const gy_study_plan *plan)
{
    gy_pool pool;
    const char *first = NULL;
    gy_pool_init(&pool, s->ctx);
    gy_status status = s->rank == 0 ? find_first(s, plan, &pool, &first) : GY_OK;
    status = gy_comm_agree(s->comm, status);
    if (status == GY_OK) status = rehearse(s, first);
    gy_pool_clear(&pool);
    GY_TRY(status);
    return gy_comm_agree(s->comm, s->rank == 0 ? begin(s) : GY_OK);
}

gy_status gy_study_run(gy_study *s, const gy_study_plan *plan)
{
    gy_status verdict = GY_OK;
    gy_watchdog_set(s->comm, 0); /* groups watch themselves */
    GY_TRY(prepare(s, plan));
    GY_TRY(s->rank == 0 ? gy_study_lead(s, plan, &verdict) : gy_study_follow(s));
    return gy_comm_agree(s->comm, verdict);
}
