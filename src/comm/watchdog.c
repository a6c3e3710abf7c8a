/*
 * Who stands still: the watch (watch.c) knows since when its rank does what it does, and asks those of the others.
 *
 *     quiet ── own rank does one thing for `limit` seconds ──▶ asking ── all answered, or in vain ──▶ judge
 *       ▲        its rank went on; another goes on; a rank saves   │                                  │
 *       └──────────────────────────────────────────────────────────┴──────────────────────────────────┤
 *                                                         told, and every process ends ◀── the teller ┘
 *
 * Invariants
 *  1. Guilty is who does not answer (stopped, or its host is, where alive.c could not tell) and who works on
 *     one thing while others wait; where there is none, who is behind in steps. Who waits is not.
 *  2. At most GY_REPORTERS ranks ask and judge, the others answer: messages grow with the ranks, not with
 *     their square. The first of them that answered and is not guilty tells it, and sends the end to all,
 *     whose processes end without a word. If no end comes for long, every rank asks and tells by itself.
 *  3. Nothing of this is periodic but one letter a rank to each reporter in a while, so that they can
 *     say what a rank that answers no more was last seen doing.
 *  4. A job that was stopped as a whole and goes on (SIGSTOP, a suspended batch job) is not stalled:
 *     a thread that did not run for a while starts counting anew.
 *  5. What goes on is not stalled, however long it takes: a new note, a collective call that came to its
 *     end, a pulse (base/pulse.h) each start counting anew.
 *
 * Where there are no sockets every rank judges by itself alone. So does a rank that is alone.
 */
#include "watch_impl.h"

#include "base/clock.h"
#include "base/pulse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 256 }; /* asked: answers that the system holds for us */

static const double ANSWER_S = 3, GRACE_S = 5, AGAIN_S = 0.5, STOPPED_S = 10, TELL_S = 30;

static void put_phase(char out[GY_PHASE_TEXT], const char *phase)
{
    (void)snprintf(out, GY_PHASE_TEXT, "%s", phase);
}

void gy_watchdog_note(gy_comm *comm, int64_t step, const char *phase, gy_doing doing)
{
    double now = gy_clock_s();
    for (gy_watch *w = comm->watch; w != NULL; w = w->above) {
        pthread_mutex_lock(&w->lock);
        w->mine.since = now;
        w->mine.step = step;
        w->mine.doing = doing;
        put_phase(w->mine.phase, phase);
        pthread_mutex_unlock(&w->lock);
    }
}

static void set_in_call(gy_watch *w, bool in)
{
    if (w == NULL) return;
    double now = gy_clock_s();
    pthread_mutex_lock(&w->lock);
    w->mine.since = now;
    w->dog.in_call = in;
    pthread_mutex_unlock(&w->lock);
}

void gy_watchdog_enter(gy_comm *comm)
{
    set_in_call(comm->watch, true);
}

gy_status gy_watchdog_leave(gy_comm *comm, gy_status status)
{
    set_in_call(comm->watch, false);
    return status;
}

/* Letters */

/* Whether this rank is one of them. */
static bool reports(const gy_watch *w)
{
    for (int i = 0; i < gy_watchdog_reporters(w); i++)
        if (gy_watchdog_reporter(w, i) == w->rank) return true;
    return false;
}

static void tell_reporters(gy_watch *w, double now)
{
    gy_watchdog *d = &w->dog;
    double each = d->limit / 8 < TELL_S ? d->limit / 8 : TELL_S;
    if (now - d->told < each) return;
    d->told = now;
    const gy_letter m = gy_watch_letter(w, GY_TELL);
    for (int i = 0; i < gy_watchdog_reporters(w); i++)
        if (gy_watchdog_reporter(w, i) != w->rank) gy_watch_send(w, gy_watchdog_reporter(w, i), &m);
}

void gy_watchdog_take(gy_watch *w, const gy_letter *m)
{
    if (m->verb != GY_ASK) return;
    const gy_letter answer = gy_watch_letter(w, GY_TELL);
    gy_watch_send(w, m->rank, &answer);
}

double gy_watchdog_nap(const gy_watch *w)
{
    const gy_watchdog *d = &w->dog;
    const double most = d->asking ? AGAIN_S / 2 : d->limit > 0 ? d->limit / 8 : 1;
    return most < 1 ? most : 1;
}

/* Judging */

/* How long answers are waited for: each rank is asked twice and more. */
static double patience_s(const gy_watch *w)
{
    return ANSWER_S + 2 * AGAIN_S * (w->ranks / AT_ONCE);
}

/* After how long this rank asks: those that report first, the others where no end came. */
static double asks_after_s(const gy_watch *w, bool reports)
{
    const double more = patience_s(w) + GRACE_S, limit = w->dog.limit;
    return reports ? limit : limit + (limit > more ? limit : more);
}

static void judge(gy_watch *w, double since, double now)
{
    gy_watchdog *d = &w->dog;
    if (gy_verdict_goes_on(w, now)) {
        d->from = now - d->limit / 2;
        d->asking = false;
        return;
    }
    bool late = now - since >= asks_after_s(w, false);
    if (!late && gy_verdict_teller(w) != w->rank) return;
    gy_verdict_raise(w, now);
    gy_watch_end(w);
}

static bool all_answered(const gy_watch *w)
{
    for (int r = 0; r < w->ranks; r++)
        if (!gy_watchdog_heard(w, r)) return false;
    return true;
}

/* Asks those who have not answered, in turns of AT_ONCE. */
static void ask(gy_watch *w, double now)
{
    gy_watchdog *d = &w->dog;
    if (!d->asking || d->asked_of != w->seen[w->rank].since) {
        d->asking = true;
        d->asked = now;
        d->asked_of = w->seen[w->rank].since;
        d->asked_again = -INFINITY;
        d->next = 0;
    }
    if (now - d->asked_again < AGAIN_S) return;
    d->asked_again = now;
    const gy_letter m = gy_watch_letter(w, GY_ASK);
    for (int i = 0, sent = 0; i < w->ranks && sent < AT_ONCE;
         i++, d->next = (d->next + 1) % w->ranks) {
        if (gy_watchdog_heard(w, d->next)) continue;
        gy_watch_send(w, d->next, &m);
        sent++;
    }
}

/* What the main thread does, and wants. */
static void see_own(gy_watch *w, double now)
{
    gy_watchdog *d = &w->dog;
    gy_sight *mine = &w->seen[w->rank];
    const unsigned long long pulse = gy_pulse_count(w->comm->ctx);
    pthread_mutex_lock(&w->lock);
    if (pulse != d->pulse) w->mine.since = now;
    d->pulse = pulse;
    *mine = w->mine;
    if (d->in_call && mine->doing == GY_WORKS) mine->doing = GY_WAITS;
    d->limit = d->limit_set;
    pthread_mutex_unlock(&w->lock);
    mine->at = now;
}

void gy_watchdog_look(gy_watch *w, double now, double gap)
{
    gy_watchdog *d = &w->dog;
    const gy_sight *mine = &w->seen[w->rank];
    see_own(w, now);
    double stopped = d->limit < 2 * STOPPED_S ? d->limit / 2 : STOPPED_S;
    if (gap > stopped && gap > 1.5) d->from = now;
    if (d->limit <= 0) {
        d->asking = false;
        return;
    }
    tell_reporters(w, now);
    double since = mine->since > d->from ? mine->since : d->from;
    bool stalls = now - since >= asks_after_s(w, reports(w)) && mine->doing != GY_SAVES;
    if (!stalls) {
        d->asking = false;
        return;
    }
    ask(w, now);
    if (all_answered(w) || now - d->asked >= patience_s(w)) judge(w, since, now);
}

void gy_watchdog_set(gy_comm *comm, double seconds)
{
    gy_watch *w = comm->watch;
    if (w == NULL) return;
    gy_watchdog_note(comm, 0, "start", GY_WORKS);
    pthread_mutex_lock(&w->lock);
    w->dog.limit_set = seconds;
    pthread_mutex_unlock(&w->lock);
}

double gy_watchdog_limit(const gy_comm *comm)
{
    return comm->watch == NULL ? 0 : comm->watch->dog.limit_set; /* this thread alone sets it */
}
