/*
 * The watchdog of a rank: a thread that knows since when its rank does what it does, and talks to the
 * watchdogs of the others by datagrams (post.c).
 *
 *     quiet ── own rank does one thing for `limit` seconds ──▶ asking ── all answered, or in vain ──▶ judge
 *       ▲        its rank went on; another goes on; a rank saves   │                                  │
 *       └──────────────────────────────────────────────────────────┴──────────────────────────────────┤
 *                                                         told, and every process ends ◀── the teller ┘
 *
 * Invariants
 *  1. No call of MPI: the main thread alone makes those, and it may hang.
 *  2. Guilty is who does not answer (dead, stopped, its host frozen or cut off) and who works on one
 *     thing while others wait; where there is none, who is behind in steps. Who waits is not.
 *  3. At most GY_REPORTERS ranks ask and judge, the others answer: messages grow with the ranks, not with
 *     their square. The first of them that answered and is not guilty tells it, and sends the end to all,
 *     whose processes end without a word. If no end comes for long, every rank asks and tells by itself.
 *  4. Nothing of this is periodic but one datagram a rank to each reporter in a while, so that they can
 *     say what a rank that answers no more was last seen doing.
 *  5. A job that was stopped as a whole and goes on (SIGSTOP, a suspended batch job) is not stalled:
 *     a watchdog that did not run for a while starts counting anew.
 *  6. What goes on is not stalled, however long it takes: a new note, a collective call that came to its
 *     end, a pulse (base/pulse.h) each start counting anew.
 *
 * Where there are no sockets every rank judges by itself alone. So does a rank that is alone.
 */
#include "watchdog_impl.h"

#include "base/clock.h"
#include "base/door.h"
#include "base/pulse.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 256 }; /* asked: answers that the system holds for us */

static const double ANSWER_S = 3, GRACE_S = 5, AGAIN_S = 0.5, STOPPED_S = 10, TELL_S = 30;

typedef enum verb { TELL, ASK, END } verb;

typedef struct message {
    int32_t verb, rank, doing;
    char phase[GY_PHASE_TEXT];
    int64_t step;
    double seconds; /* since when */
} message;

static void put_phase(char out[GY_PHASE_TEXT], const char *phase)
{
    (void)snprintf(out, GY_PHASE_TEXT, "%s", phase);
}

void gy_watchdog_note(gy_comm *comm, int64_t step, const char *phase, gy_doing doing)
{
    gy_watchdog *w = comm->watchdog;
    if (w == NULL) return;
    double now = gy_clock_s();
    pthread_mutex_lock(&w->lock);
    w->mine.since = now;
    w->mine.step = step;
    w->mine.doing = doing;
    put_phase(w->mine.phase, phase);
    pthread_mutex_unlock(&w->lock);
}

static void set_in_call(gy_watchdog *w, bool in)
{
    if (w == NULL) return;
    double now = gy_clock_s();
    pthread_mutex_lock(&w->lock);
    w->mine.since = now;
    w->in_call = in;
    pthread_mutex_unlock(&w->lock);
}

void gy_watchdog_enter(gy_comm *comm)
{
    set_in_call(comm->watchdog, true);
}

gy_status gy_watchdog_leave(gy_comm *comm, gy_status status)
{
    set_in_call(comm->watchdog, false);
    return status;
}

/* Datagrams */

static message make_message(const gy_watchdog *w, verb what, double now)
{
    const gy_sight *mine = &w->seen[w->comm->rank];
    message m = {.verb = (int32_t)what,
                 .rank = w->comm->rank,
                 .doing = (int32_t)mine->doing,
                 .step = mine->step,
                 .seconds = now - mine->since};
    memcpy(m.phase, mine->phase, sizeof m.phase);
    return m;
}

/* Whether this rank is one of them. */
static bool reports(const gy_watchdog *w)
{
    for (int i = 0; i < gy_watchdog_reporters(w); i++)
        if (gy_watchdog_reporter(w, i) == w->comm->rank) return true;
    return false;
}

static void tell_reporters(gy_watchdog *w, double now)
{
    double each = w->limit / 8 < TELL_S ? w->limit / 8 : TELL_S;
    if (now - w->told < each) return;
    w->told = now;
    message m = make_message(w, TELL, now);
    for (int i = 0; i < gy_watchdog_reporters(w); i++)
        if (gy_watchdog_reporter(w, i) != w->comm->rank)
            gy_post_send(w->post, gy_watchdog_reporter(w, i), &m, sizeof m);
}

static void end(gy_watchdog *w, const char *line)
{
    w->stalled(w->user, line);
}

static void take(gy_watchdog *w, const message *m, double now)
{
    if (m->rank < 0 || m->rank >= w->comm->ranks) return;
    if (m->verb == END) end(w, NULL);
    if (m->rank == w->comm->rank) return;
    gy_sight *s = &w->seen[m->rank];
    *s = (gy_sight){
        .at = now, .since = now - m->seconds, .step = m->step, .doing = (gy_doing)m->doing};
    memcpy(s->phase, m->phase, sizeof s->phase);
    s->phase[GY_PHASE_TEXT - 1] = '\0';
    if (m->verb != ASK) return;
    message answer = make_message(w, TELL, now);
    gy_post_send(w->post, m->rank, &answer, sizeof answer);
}

/* Waits for datagrams, at most as long as a look may wait, and takes them. */
static void listen_once(gy_watchdog *w)
{
    double most = w->asking ? AGAIN_S / 2 : w->limit > 0 ? w->limit / 8 : 1;
    gy_post_wait(w->post, most < 1 ? most : 1);
    message m;
    for (int i = 0; i < w->comm->ranks + GY_REPORTERS; i++) { /* a flood does not stop the watch */
        if (!gy_post_receive(w->post, &m, sizeof m)) break;
        take(w, &m, gy_clock_s());
    }
}

/* Judging */

/* How long answers are waited for: each rank is asked twice and more. */
static double patience_s(const gy_watchdog *w)
{
    return ANSWER_S + 2 * AGAIN_S * (w->comm->ranks / AT_ONCE);
}

/* After how long this rank asks: those that report first, the others where no end came. */
static double asks_after_s(const gy_watchdog *w, bool reports)
{
    double more = patience_s(w) + GRACE_S;
    return reports ? w->limit : w->limit + (w->limit > more ? w->limit : more);
}

static void judge(gy_watchdog *w, double since, double now)
{
    if (gy_verdict_goes_on(w, now)) {
        w->from = now - w->limit / 2;
        w->asking = false;
        return;
    }
    bool late = now - since >= asks_after_s(w, false);
    if (!late && gy_verdict_teller(w) != w->comm->rank) return;
    gy_verdict_raise(w, now);
    message m = make_message(w, END, now);
    for (int r = 0; r < w->comm->ranks; r++)
        if (r != w->comm->rank) gy_post_send(w->post, r, &m, sizeof m);
    end(w, gy_error_last()->text);
}

static bool all_answered(const gy_watchdog *w)
{
    for (int r = 0; r < w->comm->ranks; r++)
        if (!gy_watchdog_heard(w, r)) return false;
    return true;
}

/* Asks those who have not answered, in turns of AT_ONCE. */
static void ask(gy_watchdog *w, double now)
{
    const int ranks = w->comm->ranks;
    if (!w->asking || w->asked_of != w->seen[w->comm->rank].since) {
        w->asking = true;
        w->asked = now;
        w->asked_of = w->seen[w->comm->rank].since;
        w->asked_again = -INFINITY;
        w->next = 0;
    }
    if (now - w->asked_again < AGAIN_S) return;
    w->asked_again = now;
    message m = make_message(w, ASK, now);
    for (int i = 0, sent = 0; i < ranks && sent < AT_ONCE; i++, w->next = (w->next + 1) % ranks) {
        if (gy_watchdog_heard(w, w->next)) continue;
        gy_post_send(w->post, w->next, &m, sizeof m);
        sent++;
    }
}

/* What the main thread does, and wants. @return whether the watch goes on */
static bool see_own(gy_watchdog *w, double now)
{
    gy_sight *mine = &w->seen[w->comm->rank];
    const unsigned long long pulse = gy_pulse_count(w->comm->ctx);
    pthread_mutex_lock(&w->lock);
    if (pulse != w->pulse) w->mine.since = now;
    w->pulse = pulse;
    *mine = w->mine;
    if (w->in_call && mine->doing == GY_WORKS) mine->doing = GY_WAITS;
    w->limit = w->limit_set;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    mine->at = now;
    return !stop;
}

/* One look at the own rank. @return whether the watch goes on */
static bool look(gy_watchdog *w)
{
    double now = gy_clock_s();
    const gy_sight *mine = &w->seen[w->comm->rank];
    if (!see_own(w, now)) return false;
    double stopped = w->limit < 2 * STOPPED_S ? w->limit / 2 : STOPPED_S;
    if (now - w->looked > stopped && now - w->looked > 1.5) w->from = now;
    w->looked = now;
    if (w->limit <= 0) {
        w->asking = false;
        return true;
    }
    tell_reporters(w, now);
    double since = mine->since > w->from ? mine->since : w->from;
    bool stalls = now - since >= asks_after_s(w, reports(w)) && mine->doing != GY_SAVES;
    if (!stalls) {
        w->asking = false;
        return true;
    }
    ask(w, now);
    if (all_answered(w) || now - w->asked >= patience_s(w)) judge(w, since, now);
    return true;
}

static void *watch(void *user)
{
    gy_watchdog *w = user;
    while (look(w)) listen_once(w);
    return NULL;
}

/* Starting and ending */

static gy_status make(gy_comm *comm, gy_watchdog **out)
{
    gy_watchdog *w;
    GY_TRY(gy_new(comm->ctx, &w));
    *out = w;
    w->comm = comm;
    GY_TRY(gy_new_array(comm->ctx, comm->ranks, &w->seen));
    for (int r = 0; r < comm->ranks; r++) w->seen[r].at = -1;
    w->locked = pthread_mutex_init(&w->lock, NULL) == 0;
    GY_REQUIRE(w->locked, GY_E_NOMEM, "cannot make a lock");
    return GY_OK;
}

static gy_status start_thread(gy_watchdog *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, NULL, watch, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    GY_REQUIRE(w->started, GY_E_NOMEM, "cannot start the watchdog's thread");
    return GY_OK;
}

gy_status gy_comm_watch(gy_comm *comm, double seconds, gy_stalled *stalled, void *user)
{
    GY_DOOR;
    gy_watchdog *w = NULL;
    gy_watchdog_stop(comm);
    gy_status status = gy_comm_agree(comm, make(comm, &w));
    if (status == GY_OK) {
        w->stalled = stalled;
        w->user = user;
        w->from = w->looked = gy_clock_s();
        w->limit = w->limit_set = seconds;
        w->mine = (gy_sight){.since = w->from, .phase = "start", .doing = GY_WORKS};
        status = gy_post_open(comm, &w->post);
    }
    if (status == GY_OK) status = gy_comm_agree(comm, start_thread(w));
    comm->watchdog = w;
    if (status != GY_OK) gy_watchdog_stop(comm);
    return status;
}

void gy_watchdog_set(gy_comm *comm, double seconds)
{
    gy_watchdog *w = comm->watchdog;
    if (w == NULL) return;
    gy_watchdog_note(comm, 0, "start", GY_WORKS);
    pthread_mutex_lock(&w->lock);
    w->limit_set = seconds;
    pthread_mutex_unlock(&w->lock);
}

double gy_watchdog_limit(const gy_comm *comm)
{
    return comm->watchdog == NULL ? 0 : comm->watchdog->limit_set; /* this thread alone sets it */
}

void gy_watchdog_stop(gy_comm *comm)
{
    gy_watchdog *w = comm->watchdog;
    if (w == NULL) return;
    comm->watchdog = NULL;
    if (w->started) {
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_mutex_unlock(&w->lock);
        message wake = {.verb = TELL, .rank = comm->rank};
        gy_post_send(w->post, comm->rank, &wake, sizeof wake);
        pthread_join(w->thread, NULL);
    }
    gy_post_close(w->post);
    if (w->locked) pthread_mutex_destroy(&w->lock);
    gy_free(comm->ctx, w->seen);
    gy_free(comm->ctx, w);
}
