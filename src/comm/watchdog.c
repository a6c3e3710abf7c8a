/*
 * The watchdog of a rank: a thread that knows since when its rank does what it does, and talks to the
 * watchdogs of the others by datagrams (post.c).
 *
 *     quiet ── own rank does one thing for `limit` seconds ──▶ asking ── all answered, or 3 s ──▶ judge
 *       ▲            its rank went on; a rank saves                │                               │
 *       └──────────────────────────────────────────────────────────┴───────────────────────────────┤
 *                                       told, and every process ends ◀── the reporter, or after 5 s ┘
 *
 * Invariants
 *  1. No call of MPI: the main thread alone makes those, and it may hang.
 *  2. Guilty is who does not answer (dead, stopped, its host frozen or cut off) and who works while
 *     others wait; where there is none, who is behind in steps. Who waits is not.
 *  3. One rank tells it: the first reporter that answered and is not guilty. It sends the end to all,
 *     whose processes end without a word. If it does not, every rank tells it by itself.
 *  4. Nothing of this is periodic but one datagram a rank to each of REPORTERS ranks in a while, so
 *     that they can say what a rank that answers no more was last seen doing.
 *  5. A job that was stopped as a whole and goes on (SIGSTOP, a suspended batch job) is not stalled:
 *     a watchdog that did not run for a while starts counting anew.
 *
 * Where there are no sockets every rank judges by itself alone.
 */
#include "watchdog.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "comm_mpi.h"
#include "post_impl.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { REPORTERS = 16, PHASE_TEXT = 24, NAMED = 4 };

static const double ANSWER_S = 3, GRACE_S = 5, AGAIN_S = 0.5, STOPPED_S = 10, TELL_S = 30;

typedef enum verb { TELL, ASK, END } verb;

typedef struct message {
    int32_t verb, rank, doing;
    char phase[PHASE_TEXT];
    int64_t step;
    double seconds; /* since when */
} message;

/* What is known of a rank, as it said last. */
typedef struct sight {
    double at; /* when; < 0: never */
    double since;
    int64_t step;
    gy_doing doing;
    char phase[PHASE_TEXT];
} sight;

typedef struct gy_watchdog {
    gy_comm *comm;
    double limit;
    gy_stalled *stalled;
    void *user;
    gy_post *post;
    pthread_t thread;
    bool locked, started;
    pthread_mutex_t lock; /* of what the main thread writes: */
    sight mine;
    bool stop;
    /* the thread's own */
    sight *seen; /* [ranks] */
    double from; /* nothing before counts */
    double looked, told;
    bool asking;
    double asked, asked_again, asked_of; /* asked_of: mine.since then */
} gy_watchdog;

static void put_phase(char out[PHASE_TEXT], const char *phase)
{
    (void)snprintf(out, PHASE_TEXT, "%s", phase);
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

/* Datagrams */

static message make_message(const gy_watchdog *w, verb what, double now)
{
    const sight *mine = &w->seen[w->comm->rank];
    message m = {.verb = (int32_t)what,
                 .rank = w->comm->rank,
                 .doing = (int32_t)mine->doing,
                 .step = mine->step,
                 .seconds = now - mine->since};
    memcpy(m.phase, mine->phase, sizeof m.phase);
    return m;
}

/* The i-th of the ranks that keep an eye on the others: spread over all, rank 0 first. */
static int reporter(const gy_watchdog *w, int i)
{
    int n = w->comm->ranks < REPORTERS ? w->comm->ranks : REPORTERS;
    return (int)((int64_t)w->comm->ranks * i / n);
}

static int reporters(const gy_watchdog *w)
{
    return w->comm->ranks < REPORTERS ? w->comm->ranks : REPORTERS;
}

static void tell_reporters(gy_watchdog *w, double now)
{
    double each = w->limit / 8 < TELL_S ? w->limit / 8 : TELL_S;
    if (now - w->told < each) return;
    w->told = now;
    message m = make_message(w, TELL, now);
    for (int i = 0; i < reporters(w); i++)
        if (reporter(w, i) != w->comm->rank) gy_post_send(w->post, reporter(w, i), &m, sizeof m);
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
    sight *s = &w->seen[m->rank];
    *s =
        (sight){.at = now, .since = now - m->seconds, .step = m->step, .doing = (gy_doing)m->doing};
    memcpy(s->phase, m->phase, sizeof s->phase);
    s->phase[PHASE_TEXT - 1] = '\0';
    if (m->verb != ASK) return;
    message answer = make_message(w, TELL, now);
    gy_post_send(w->post, m->rank, &answer, sizeof answer);
}

/* Waits for datagrams, at most as long as a look may wait, and takes them. */
static void listen_once(gy_watchdog *w)
{
    double most = w->asking ? AGAIN_S / 2 : w->limit / 8;
    gy_post_wait(w->post, most < 1 ? most : 1);
    message m;
    for (int i = 0; i < w->comm->ranks + 16; i++) { /* a flood does not stop the watch */
        if (!gy_post_receive(w->post, &m, sizeof m)) break;
        take(w, &m, gy_clock_s());
    }
}

/* Judging */

static bool answered(const gy_watchdog *w, int rank)
{
    return rank == w->comm->rank || w->seen[rank].at >= w->asked;
}

/* The step that a rank must have reached not to be behind: where none is guilty otherwise. */
static int64_t furthest_step(const gy_watchdog *w)
{
    int64_t step = 0;
    for (int r = 0; r < w->comm->ranks; r++) {
        if (!answered(w, r) || w->seen[r].doing == GY_WORKS) return 0;
        if (w->seen[r].step > step) step = w->seen[r].step;
    }
    return step;
}

static bool is_guilty(const gy_watchdog *w, int rank, int64_t furthest)
{
    const sight *s = &w->seen[rank];
    return !answered(w, rank) || s->doing == GY_WORKS || s->step < furthest;
}

static int choose_reporter(const gy_watchdog *w, int64_t furthest)
{
    for (int i = 0; i < reporters(w); i++)
        if (!is_guilty(w, reporter(w, i), furthest)) return reporter(w, i);
    for (int r = 0; r < w->comm->ranks; r++)
        if (!is_guilty(w, r, furthest)) return r;
    for (int r = 0; r < w->comm->ranks; r++)
        if (answered(w, r)) return r;
    return w->comm->rank;
}

/* "rank 1 on node2 (input of step 51 for 601 s)" */
static void name_rank(const gy_watchdog *w, int rank, double now, gy_buffer *out)
{
    const sight *s = &w->seen[rank];
    gy_buffer_format(out, "rank %d on %s (", rank, w->comm->names[rank]);
    if (!answered(w, rank))
        gy_buffer_add(out, s->at < 0 ? "no answer" : "no answer, last seen in ");
    if (answered(w, rank) || s->at >= 0)
        gy_buffer_format(out, "%s of step %lld", s->phase, (long long)s->step);
    if (answered(w, rank)) gy_buffer_format(out, " for %.0f s", now - s->since);
    gy_buffer_add(out, ")");
}

/* The error line, as this thread's last error. */
static void raise_line(const gy_watchdog *w, int64_t furthest, double now)
{
    const sight *mine = &w->seen[w->comm->rank];
    int guilty = 0;
    gy_buffer names;
    gy_buffer_init(&names, w->comm->ctx);
    for (int r = 0; r < w->comm->ranks; r++) {
        if (!is_guilty(w, r, furthest)) continue;
        if (++guilty > NAMED) continue;
        if (guilty > 1) gy_buffer_add(&names, ", ");
        name_rank(w, r, now, &names);
    }
    if (guilty > NAMED) gy_buffer_format(&names, " and %d more", guilty - NAMED);
    if (guilty == 0) gy_buffer_add(&names, "each other, all ranks");
    (void)gy_raise(GY_E_COMM,
                   "the run stands still" GY_AT "rank %d, %s of step %lld" GY_WHY
                   "it has waited %.0f s for %s" GY_HINT
                   "look at that host, or raise comm.watchdog_seconds",
                   w->comm->rank, mine->phase, (long long)mine->step, now - mine->since,
                   gy_buffer_text(&names));
    gy_buffer_clear(&names);
}

static void judge(gy_watchdog *w, double now)
{
    for (int r = 0; r < w->comm->ranks; r++) {
        if (!answered(w, r) || w->seen[r].doing != GY_SAVES) continue;
        w->from = now; /* no stall: another limit */
        w->asking = false;
        return;
    }
    int64_t furthest = furthest_step(w);
    if (choose_reporter(w, furthest) != w->comm->rank && now - w->asked < ANSWER_S + GRACE_S)
        return;
    raise_line(w, furthest, now);
    message m = make_message(w, END, now);
    for (int r = 0; r < w->comm->ranks; r++)
        if (r != w->comm->rank) gy_post_send(w->post, r, &m, sizeof m);
    end(w, gy_error_last()->text);
}

static bool all_answered(const gy_watchdog *w)
{
    for (int r = 0; r < w->comm->ranks; r++)
        if (!answered(w, r)) return false;
    return true;
}

static void ask(gy_watchdog *w, double now)
{
    if (!w->asking || w->asked_of != w->seen[w->comm->rank].since) {
        w->asking = true;
        w->asked = now;
        w->asked_of = w->seen[w->comm->rank].since;
        w->asked_again = -INFINITY;
    }
    if (now - w->asked_again < AGAIN_S) return;
    w->asked_again = now;
    message m = make_message(w, ASK, now);
    for (int r = 0; r < w->comm->ranks; r++)
        if (!answered(w, r)) gy_post_send(w->post, r, &m, sizeof m);
}

/* One look at the own rank. @return whether the watch goes on */
static bool look(gy_watchdog *w)
{
    double now = gy_clock_s();
    sight *mine = &w->seen[w->comm->rank];
    pthread_mutex_lock(&w->lock);
    *mine = w->mine;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    if (stop) return false;
    mine->at = now;
    if (now - w->looked > STOPPED_S) w->from = now;
    w->looked = now;
    tell_reporters(w, now);
    double since = mine->since > w->from ? mine->since : w->from;
    bool stalls = now - since >= w->limit && mine->doing != GY_SAVES;
    if (!stalls) {
        w->asking = false;
        return true;
    }
    ask(w, now);
    if (all_answered(w) || now - w->asked >= ANSWER_S) judge(w, now);
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

gy_status gy_watchdog_start(gy_comm *comm, double seconds, gy_stalled *stalled, void *user)
{
    gy_watchdog *w = NULL;
    if (comm->ranks == 1 || seconds <= 0) return GY_OK;
    gy_status status = gy_comm_agree(comm, make(comm, &w));
    if (status == GY_OK) {
        w->limit = seconds;
        w->stalled = stalled;
        w->user = user;
        w->from = w->looked = gy_clock_s();
        w->mine = (sight){.since = w->from, .phase = "start", .doing = GY_WAITS};
        status = gy_post_open(comm, &w->post);
    }
    if (status == GY_OK) status = gy_comm_agree(comm, start_thread(w));
    comm->watchdog = w;
    if (status != GY_OK) gy_watchdog_stop(comm);
    return status;
}

double gy_watchdog_limit(const gy_comm *comm)
{
    return comm->watchdog == NULL ? 0 : comm->watchdog->limit;
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
