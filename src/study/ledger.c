/*
 * study.jsonl: a line an outcome, flushed before anything is built on it. A line is the event "trial" as it is
 * told; what the plan must know to go on is read back from it. The last line of a study that is finished is
 * the event "end". A torn last line, of a job that was killed,
 * is cut off: that trial goes on from its own checkpoints.
 */
#include "study.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Statuses as the ledger has them. */
static const struct {
    gy_status status;
    const char *word;
} words[] = {{GY_OK, "done"},      {GY_E_DIVERGED, "diverged"}, {GY_E_CONFIG, "configuration"},
             {GY_E_DATA, "data"},  {GY_E_SHAPE, "shapes"},      {GY_E_NOMEM, "memory"},
             {GY_E_USAGE, "usage"}};
enum { WORDS = sizeof words / sizeof *words };

static const char *word_of(gy_status status)
{
    for (int i = 0; i < WORDS; i++)
        if (words[i].status == status) return words[i].word;
    return "failed";
}

static gy_status status_of(const char *word)
{
    for (int i = 0; i < WORDS; i++)
        if (strcmp(words[i].word, word) == 0) return words[i].status;
    return GY_E_USAGE;
}

typedef struct reading {
    gy_study *s;
    const gy_study_plan *plan;
    gy_status (*known)(void *user, int64_t number);
    void *user;
    gy_status status;
} reading;

static void take_event(void *user, const gy_event *event)
{
    reading *r = user;
    gy_outcome o = {.number = -1, .step = event->step, .best = NAN};
    r->s->ledger.ended = strcmp(event->type, "end") == 0;
    if (r->status != GY_OK || strcmp(event->type, "trial") != 0) return;
    o.number = (int64_t)gy_event_number(event, "trial", -1);
    o.status = status_of(gy_event_text(event, "status", ""));
    o.seconds = gy_event_number(event, "seconds", 0);
    o.best = gy_event_number(event, "best", NAN);
    (void)snprintf(o.why, sizeof o.why, "%s", gy_event_text(event, "why", ""));
    for (int i = 0; i < event->n && o.n < GY_OUTCOME_VALUES; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type != GY_FIELD_FLOAT && f->type != GY_FIELD_INT) continue;
        if (!gy_outcome_measures(f->name)) continue;
        (void)snprintf(o.names[o.n], GY_OUTCOME_NAME, "%s", f->name);
        o.values[o.n++] = f->number;
    }
    if (o.number < 0) return;
    r->status = r->plan->take(r->plan->self, &o, event);
    if (r->status == GY_OK) r->status = r->known(r->user, o.number);
}

/* A job that is killed may leave half a line. */
static gy_status cut_torn_line(const gy_ledger *l)
{
    char last = '\n';
    off_t end = lseek(l->fd, 0, SEEK_END);
    bool fine = end >= 0;
    while (fine && end > 0) {
        fine = pread(l->fd, &last, 1, end - 1) == 1;
        if (!fine || last == '\n') break;
        end--;
    }
    fine = fine && ftruncate(l->fd, end) == 0 && lseek(l->fd, end, SEEK_SET) >= 0;
    GY_REQUIRE(fine, GY_E_IO, "cannot read" GY_AT "%s" GY_WHY "%s", l->path, strerror(errno));
    return GY_OK;
}

gy_status gy_ledger_open(gy_study *s, const gy_study_plan *plan,
                         gy_status (*known)(void *user, int64_t number), void *user)
{
    gy_ledger *l = &s->ledger;
    reading r = {.s = s, .plan = plan, .known = known, .user = user, .status = GY_OK};
    l->ctx = s->ctx;
    GY_TRY(gy_pool_format(&s->pool, &l->path, "%s/study.jsonl", s->dir));
    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    GY_REQUIRE(l->fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", l->path,
               strerror(errno));
    GY_TRY(cut_torn_line(l));
    GY_TRY(gy_events_read(s->ctx, l->path, take_event, &r));
    return r.status;
}

static gy_status append(gy_study *s, const gy_event *event)
{
    gy_ledger *l = &s->ledger;
    gy_buffer line;
    gy_buffer_init(&line, l->ctx);
    gy_event_print(event, &line);
    gy_buffer_add(&line, "\n");
    gy_status status = line.status;
    if (status == GY_OK) status = gy_lock_check(&s->claim);
    if (status == GY_OK)
        status = gy_file_append(l->ctx, l->fd, l->path, gy_buffer_text(&line), line.bytes);
    gy_buffer_clear(&line);
    if (status == GY_OK) status = gy_path_sync(l->ctx, l->path);
    return status;
}

static gy_status describe(gy_study *s, const gy_study_plan *plan, const gy_outcome *o, int group,
                          gy_pool *pool, gy_report *report)
{
    gy_report_begin(report, "trial");
    report->event.step = o->step;
    report->event.time = gy_clock_s() - s->started_s;
    report->event.wall = gy_clock_wall_s();
    gy_report_int(report, "trial", o->number);
    gy_report_text(report, "status", word_of(o->status));
    if (o->why[0] != '\0') gy_report_text(report, "why", o->why);
    GY_TRY(plan->describe(plan->self, o, pool, report));
    gy_report_int(report, "group", group);
    gy_report_float(report, "seconds", round(o->seconds * 1e3) / 1e3);
    if (!isnan(o->best)) gy_report_float(report, "best", o->best);
    for (int i = 0; i < o->n; i++) gy_report_float(report, o->names[i], o->values[i]);
    return GY_OK;
}

gy_status gy_ledger_add(gy_study *s, const gy_study_plan *plan, const gy_outcome *o, int group)
{
    gy_report report;
    gy_pool pool;
    gy_pool_init(&pool, s->ctx);
    gy_status status = describe(s, plan, o, group, &pool, &report);
    s->ledger.ended = false;
    if (status == GY_OK) status = append(s, &report.event);
    if (status == GY_OK) status = plan->take(plan->self, o, NULL);
    if (status == GY_OK) gy_study_tell(s, &report);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_ledger_end(gy_study *s, gy_report *report)
{
    report->event.time = gy_clock_s() - s->started_s;
    report->event.wall = gy_clock_wall_s();
    if (s->ledger.ended) return GY_OK;
    s->ledger.ended = true;
    return append(s, &report->event);
}

void gy_ledger_close(gy_ledger *l)
{
    if (l->fd >= 0) (void)close(l->fd);
    l->fd = -1;
}
