/*
 * Rank 0 leads: it trains in its own group like the others, and between its steps it looks for outcomes, writes
 * them down, and gives groups that are free their next trial. So nobody is kept for that alone.
 *
 * A signal on any rank, or the end of the time, stops all: groups that are busy are told, save, and come back
 * with GY_STOPPED; the ledger says nothing of their trials, which go on at the next start.
 */
#include "order.h"

#include "base/clock.h"
#include "comm/patience.h"

#include <math.h>
#include <string.h>

typedef struct group {
    bool is_free;
    double since; /* then */
} group;

struct gy_lead {
    gy_study *s;
    const gy_study_plan *plan;
    int64_t next; /* number that the plan is asked for next */
    bool *known;  /* [room] numbers that the ledger had */
    int64_t room;
    group *groups; /* [s->groups] */
    int busy;      /* of those that follow */
    int left;      /* ranks that have said their last word */
    bool ends;     /* the plan has no more */
    bool stops;
    gy_status trouble; /* ends the study */
    gy_error error;
};

static gy_status know(void *user, int64_t number)
{
    struct gy_lead *l = user;
    gy_context *ctx = l->s->ctx;
    if (number >= l->room) {
        bool *more;
        const int64_t room = 2 * number + 64;
        GY_TRY(gy_new_array(ctx, room, &more));
        if (l->known != NULL) memcpy(more, l->known, (size_t)l->room * sizeof *more);
        gy_free(ctx, l->known);
        l->known = more;
        l->room = room;
    }
    l->known[number] = true;
    return GY_OK;
}

static void fail(struct gy_lead *l, gy_status status)
{
    if (status == GY_OK || l->trouble != GY_OK) return;
    l->trouble = status;
    l->error = *gy_error_last();
}

/* What goes wrong with the machine is not the trial's. */
static bool is_of_machine(gy_status status)
{
    return status == GY_E_IO || status == GY_E_COMM;
}

static void take(struct gy_lead *l, const gy_outcome *o, int of)
{
    if (o->status == GY_STOPPED)
        l->stops = true;
    else if (is_of_machine(o->status))
        fail(l, gy_raise(o->status, "%s", o->why));
    else if (o->number >= 0)
        fail(l, gy_ledger_add(l->s, l->plan, o, of));
}

/* The next trial of the plan that is not known yet. */
static gy_status find(struct gy_lead *l, gy_pool *pool, gy_trial *out, gy_study_says *says)
{
    *says = GY_STUDY_ENDS;
    if (l->ends) return GY_OK;
    do {
        GY_TRY(l->plan->next(l->plan->self, l->next, pool, out, says));
        if (*says == GY_STUDY_TRIAL) out->number = l->next++;
    } while (*says == GY_STUDY_TRIAL && out->number < l->room && l->known[out->number]);
    l->ends = *says == GY_STUDY_ENDS;
    return GY_OK;
}

static void begin_work(struct gy_lead *l, int of)
{
    l->groups[of].is_free = false;
    l->s->idle_s += gy_clock_s() - l->groups[of].since;
}

static void end_work(struct gy_lead *l, int of)
{
    if (!l->groups[of].is_free) l->groups[of].since = gy_clock_s();
    l->groups[of].is_free = true;
}

static gy_status hand_out(struct gy_lead *l)
{
    for (int g = 1; g < l->s->groups; g++) {
        gy_pool pool;
        gy_trial trial;
        gy_study_says says = GY_STUDY_WAITS;
        if (!l->groups[g].is_free) continue;
        gy_pool_init(&pool, l->s->ctx);
        gy_status status = find(l, &pool, &trial, &says);
        const bool gives = status == GY_OK && says == GY_STUDY_TRIAL;
        if (gives) status = gy_order_send(l->s, &trial, g * l->s->ranks_each);
        gy_pool_clear(&pool);
        GY_TRY(status);
        if (!gives) return GY_OK;
        begin_work(l, g);
        l->busy++;
    }
    return GY_OK;
}

/* All that has come. */
static gy_status hear(struct gy_lead *l)
{
    for (;;) {
        gy_outcome o;
        bool here = false;
        int from = -1;
        GY_TRY(gy_comm_look(l->s->comm, &from, &here));
        if (!here) return GY_OK;
        GY_TRY(gy_comm_receive(l->s->comm, &o, sizeof o, from));
        const int of = from / l->s->ranks_each;
        if (o.number >= 0) l->busy--;
        if (o.number == GY_OUTCOME_LAST) l->left++;
        if (of < l->s->groups && !(o.number == GY_OUTCOME_FREE && o.status == GY_STOPPED))
            end_work(l, of);
        take(l, &o, of);
    }
}

static bool must_stop(const struct gy_lead *l)
{
    return l->stops || l->trouble != GY_OK;
}

int gy_lead_between(struct gy_lead *l)
{
    fail(l, hear(l));
    if (!must_stop(l)) fail(l, hand_out(l));
    return must_stop(l) ? GY_REQUEST_STOP : 0;
}

/* A trial of its own group. */
static gy_status train(struct gy_lead *l, const gy_trial *trial)
{
    gy_outcome o;
    gy_order order = {.trial = *trial};
    begin_work(l, 0);
    GY_TRY(gy_order_spread(l->s, &order));
    l->s->lead = l;
    gy_status status = gy_trial_run(l->s, trial, &o);
    l->s->lead = NULL;
    GY_TRY(status);
    end_work(l, 0);
    take(l, &o, 0);
    return GY_OK;
}

/* Until there is no more to do, or all must stop. */
static gy_status lead(struct gy_lead *l)
{
    gy_patience patience = gy_patience_begin_idle(l->s->comm);
    while (!must_stop(l)) {
        gy_pool pool;
        gy_trial trial;
        gy_study_says says = GY_STUDY_WAITS;
        if (gy_study_is_asked_to_stop(l->s)) l->stops = true;
        if (gy_lead_between(l) != 0) break;
        gy_pool_init(&pool, l->s->ctx);
        gy_status status = find(l, &pool, &trial, &says);
        const bool trains = status == GY_OK && says == GY_STUDY_TRIAL;
        if (trains) {
            status = train(l, &trial);
            patience = gy_patience_begin_idle(l->s->comm);
        }
        gy_pool_clear(&pool);
        if (trains && status != GY_OK) return status; /* alone: the job comes to its end */
        fail(l, status);
        if (l->ends && l->busy == 0) break;
        if (!trains) GY_TRY(gy_patience_pause(&patience));
    }
    return GY_OK;
}

/* Everybody is told, and heard to the end. */
static gy_status dismiss(struct gy_lead *l)
{
    const gy_trial none = {.number = -1};
    gy_order order = {.trial = none};
    gy_study *s = l->s;
    const int without = s->ranks - s->groups * s->ranks_each;
    gy_patience patience = gy_patience_begin_idle(s->comm);
    for (int g = 1; g < s->groups; g++) GY_TRY(gy_order_send(s, &none, g * s->ranks_each));
    for (int i = 0; i < without; i++) GY_TRY(gy_order_send(s, &none, s->ranks - 1 - i));
    GY_TRY(gy_order_spread(s, &order));
    while (l->left < s->groups - 1 + without) {
        GY_TRY(hear(l));
        GY_TRY(gy_patience_pause(&patience));
    }
    for (int g = 0; g < s->groups; g++)
        if (l->groups[g].is_free) s->idle_s += gy_clock_s() - l->groups[g].since;
    return GY_OK;
}

gy_status gy_study_lead(gy_study *s, const gy_study_plan *plan, gy_status *verdict)
{
    struct gy_lead l = {.s = s, .plan = plan};
    gy_status status = gy_new_array(s->ctx, s->groups, &l.groups);
    fail(&l, status);
    for (int g = 0; g < s->groups && l.groups != NULL; g++)
        l.groups[g] = (group){.is_free = g == 0, .since = gy_clock_s()};
    if (status == GY_OK) fail(&l, gy_ledger_open(s, plan, know, &l));
    status = l.groups == NULL ? GY_E_NOMEM : lead(&l);
    if (status == GY_OK) status = dismiss(&l);
    gy_free(s->ctx, l.groups);
    gy_free(s->ctx, l.known);
    GY_TRY(status);
    if (l.trouble != GY_OK)
        *verdict = gy_error_restore(&l.error);
    else if (l.stops)
        *verdict = gy_raise(GY_STOPPED, "stopped on request");
    return GY_OK;
}
