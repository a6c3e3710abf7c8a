/*
 * A trial: a run on a group of ranks, and what its journal says of it. Its own mistakes (it diverges, its
 * configuration, data or shapes are wrong, it takes too much memory) are its outcome; those of the machine
 * end the study.
 */
#include "study.h"

#include "base/clock.h"
#include "checkpoint/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double gy_outcome_value(const gy_outcome *o, const char *name)
{
    for (int i = 0; i < o->n; i++)
        if (strcmp(o->names[i], name) == 0) return o->values[i];
    return NAN;
}

static void put(gy_outcome *o, const char *name, double value)
{
    int at = 0;
    while (at < o->n && strcmp(o->names[at], name) != 0) at++;
    if (at == GY_OUTCOME_VALUES) return;
    if (at == o->n) (void)snprintf(o->names[o->n++], GY_OUTCOME_NAME, "%s", name);
    o->values[at] = value;
}

bool gy_outcome_measures(const char *name)
{
    static const char *const prefixes[] = {"train_", "validation_", "test_"};
    if (strstr(name, "_samples") != NULL) return false; /* of the event "start" */
    for (int i = 0; i < 3; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

/* A journal being read. */
typedef struct reading {
    gy_outcome *o;
    const char *monitor;
    bool larger; /* is better */
} reading;

static void take_event(void *user, const gy_event *event)
{
    const reading *r = user;
    gy_outcome *o = r->o;
    const bool evaluates = strcmp(event->type, "evaluate") == 0;
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type != GY_FIELD_FLOAT && f->type != GY_FIELD_INT) continue;
        if (gy_outcome_measures(f->name)) put(o, f->name, f->number);
        if (!evaluates || strcmp(f->name, r->monitor) != 0 || isnan(f->number)) continue;
        const bool better =
            isnan(o->best) || (r->larger ? f->number > o->best : f->number < o->best);
        if (better) o->best = f->number;
    }
    if (strcmp(event->type, "end") == 0) o->best = gy_event_number(event, "best", o->best);
    o->step = event->step;
}

static gy_status read_journal(gy_study *s, const gy_config *config, gy_outcome *o)
{
    gy_pool pool;
    const char *path;
    reading r = {.o = o, .monitor = config->train.early_stopping.monitor};
    r.larger = gy_config_larger_is_better(config);
    gy_pool_init(&pool, s->ctx);
    gy_status status = gy_pool_format(&pool, &path, "%s/metrics.jsonl", config->run_dir);
    if (status == GY_OK) status = gy_events_read(s->ctx, path, take_event, &r);
    gy_pool_clear(&pool);
    return status;
}

/* What signals want on this rank, and on the one that leads what rank 0 wants. */
static int requests(void *user)
{
    gy_study *s = user;
    const gy_study_options *options = s->options;
    int wanted = options->requests == NULL ? 0 : options->requests(options->requests_user);
    wanted &= GY_REQUEST_STOP;
    if (gy_study_is_late(s)) wanted |= GY_REQUEST_STOP;
    if (s->lead != NULL) return wanted | gy_lead_between(s->lead);
    int from = 0;
    bool here = false;
    if (s->leads && !s->told_to_stop && gy_comm_look(s->comm, &from, &here) == GY_OK)
        s->told_to_stop = here; /* to a group that is busy it says nothing else */
    return s->told_to_stop ? GY_REQUEST_STOP : wanted;
}

/* Its own checkpoints go before those that it begins from. */
static gy_status choose_begin(gy_study *s, const gy_trial *trial, const gy_config *config,
                              const char **out)
{
    char *newest = NULL;
    *out = "auto";
    if (trial->from == NULL) return GY_OK;
    GY_TRY(gy_checkpoint_newest(s->ctx, s->group, config->run_dir, &newest));
    if (newest == NULL) *out = trial->from;
    gy_free(s->ctx, newest);
    return GY_OK;
}

bool gy_study_is_late(const gy_study *s)
{
    return s->limit_s > 0 && gy_clock_s() - s->started_s >= s->limit_s;
}

static gy_status train(gy_study *s, const gy_trial *trial, const gy_config *config)
{
    gy_train_options options = {.until = trial->until, .requests = requests, .requests_user = s};
    GY_TRY(choose_begin(s, trial, config, &options.resume));
    return gy_train(s->ctx, s->group, config, &options);
}

static gy_status run(gy_study *s, const gy_trial *trial, gy_outcome *out)
{
    gy_config *config = NULL;
    gy_status status = gy_config_parse(s->ctx, "the trial", trial->config, NULL, 0, &config);
    status = gy_comm_agree(s->group, status);
    if (status == GY_OK) s->limit_s = 60 * config->train.time_limit_minutes;
    if (status == GY_OK) status = train(s, trial, config);
    if (status == GY_OK)
        status = gy_comm_agree(s->group, s->leads ? read_journal(s, config, out) : GY_OK);
    gy_config_free(config);
    return status;
}

gy_status gy_trial_run(gy_study *s, const gy_trial *trial, gy_outcome *out)
{
    const double start = gy_clock_s();
    *out = (gy_outcome){.number = trial->number, .best = NAN};
    out->status = run(s, trial, out);
    out->seconds = gy_clock_s() - start;
    if (out->status == GY_OK || out->status == GY_STOPPED) return GY_OK; /* all of the group are */
    if (!gy_comm_agreed(s->group)) return out->status; /* the others of it wait in vain */
    (void)snprintf(out->why, sizeof out->why, "%s", gy_error_last()->text);
    return GY_OK;
}
