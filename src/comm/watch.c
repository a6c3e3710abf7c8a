/*
 * The watch of a rank: its thread, its post, its letters.
 *
 * Invariants
 *  1. No call of MPI: the main thread alone makes those, and it may hang.
 *  2. Each letter says what its writer does and whom it holds for dead, whatever else it is sent for.
 *  3. Letters are sent without the lock: a main thread never waits for the network here.
 *  4. Who ends by its own will says so first (GY_LEAVE, GY_ABORT, GY_END), so that no end is taken for a
 *     death; and all meet before the first watch of a communicator ends, since letters may get lost.
 */
#include "watch_impl.h"

#include "alive_impl.h"
#include "base/clock.h"
#include "base/door.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Letters: two sets follow the head, as long as there are ranks. */

enum { HEAD = offsetof(gy_letter, dead) };

static_assert(sizeof(gy_letter) <= GY_POST_BYTES, "a letter goes as one datagram");

static size_t set_bytes(const gy_watch *w)
{
    return w->alive == NULL ? 0 : sizeof(uint64_t) * (size_t)((w->ranks + 63) / 64);
}

gy_letter gy_watch_letter(gy_watch *w, gy_verb verb)
{
    gy_letter m = {.verb = (int32_t)verb, .rank = w->rank};
    pthread_mutex_lock(&w->lock);
    m.doing = (int32_t)w->mine.doing;
    m.step = w->mine.step;
    m.seconds = gy_clock_s() - w->mine.since;
    memcpy(m.phase, w->mine.phase, sizeof m.phase);
    if (w->alive != NULL) {
        m.dead = w->alive->dead;
        m.proven = w->alive->proven;
        memcpy(m.words, w->alive->parking.words, sizeof m.words);
    }
    pthread_mutex_unlock(&w->lock);
    return m;
}

void gy_watch_send(gy_watch *w, int rank, const gy_letter *letter)
{
    char bytes[sizeof *letter];
    const size_t n = set_bytes(w);
    memcpy(bytes, letter, HEAD);
    memcpy(bytes + HEAD, &letter->dead, n);
    memcpy(bytes + HEAD + n, &letter->proven, n);
    gy_post_send(w->post, rank, bytes, HEAD + 2 * n);
}

static bool receive(gy_watch *w, gy_letter *out)
{
    char bytes[sizeof *out];
    const size_t n = set_bytes(w);
    if (!gy_post_receive(w->post, bytes, HEAD + 2 * n)) return false;
    *out = (gy_letter){.verb = 0};
    memcpy(out, bytes, HEAD);
    memcpy(&out->dead, bytes + HEAD, n);
    memcpy(&out->proven, bytes + HEAD + n, n);
    out->phase[GY_PHASE_TEXT - 1] = '\0';
    return true;
}

void gy_watch_send_all(gy_watch *w, gy_verb verb)
{
    const gy_letter m = gy_watch_letter(w, verb);
    for (int r = 0; r < w->ranks; r++)
        if (r != w->rank && !gy_rank_set_has(&m.dead, r)) gy_watch_send(w, r, &m);
}

void gy_watch_end(gy_watch *w)
{
    gy_watch_send_all(w, GY_END);
    w->stalled(w->user, gy_error_last()->text);
}

void gy_watch_abort(gy_comm *comm)
{
    if (comm->watch != NULL) gy_watch_send_all(comm->watch, GY_ABORT);
}

/* The thread */

static void take(gy_watch *w, const gy_letter *m, double now)
{
    if (m->rank < 0 || m->rank >= w->ranks || m->rank == w->rank) return;
    if (m->verb == GY_END && gy_alive_lives(w, m->rank)) w->stalled(w->user, NULL);
    gy_sight *s = &w->seen[m->rank];
    *s = (gy_sight){
        .at = now, .since = now - m->seconds, .step = m->step, .doing = (gy_doing)m->doing};
    memcpy(s->phase, m->phase, sizeof s->phase);
    gy_watchdog_take(w, m);
    gy_alive_take(w, m, now);
}

/*
 * Waits for letters, at most as long as a look may wait, and takes all that are here: of one who has ended
 * meanwhile the last one says why. A flood does not stop the watch.
 */
static void listen_once(gy_watch *w)
{
    enum { MOST = 4096 }; /* more than a socket holds */
    gy_letter m;
    gy_alive_wait(w, gy_watchdog_nap(w));
    for (int i = 0; i < MOST; i++) {
        if (!receive(w, &m)) break;
        take(w, &m, gy_clock_s());
    }
}

static bool goes_on(gy_watch *w)
{
    pthread_mutex_lock(&w->lock);
    const bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return !stop;
}

static void *watch(void *user)
{
    gy_watch *w = user;
    while (goes_on(w)) {
        const double now = gy_clock_s(), gap = now - w->looked;
        w->looked = now;
        gy_watchdog_look(w, now, gap);
        gy_alive_look(w, now, gap);
        listen_once(w);
    }
    return NULL;
}

/* Starting and ending */

static gy_status make(gy_comm *comm, gy_watch **out)
{
    gy_watch *w;
    GY_TRY(gy_new(comm->ctx, &w));
    *out = w;
    w->comm = comm;
    w->rank = comm->rank;
    w->ranks = comm->ranks;
    w->hosts = comm->hosts;
    GY_TRY(gy_new_array(comm->ctx, comm->ranks, &w->seen));
    GY_TRY(gy_new_array(comm->ctx, comm->ranks, &w->host_of));
    GY_TRY(gy_new_array(comm->ctx, comm->ranks, &w->names));
    memcpy(w->host_of, comm->host_of, (size_t)w->ranks * sizeof *w->host_of);
    memcpy(w->names, comm->names, (size_t)w->ranks * sizeof *w->names);
    for (int r = 0; r < comm->ranks; r++) w->seen[r].at = -1;
    w->locked = pthread_mutex_init(&w->lock, NULL) == 0;
    GY_REQUIRE(w->locked, GY_E_NOMEM, "cannot make a lock");
    return GY_OK;
}

static gy_status start_thread(gy_watch *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->started = pthread_create(&w->thread, NULL, watch, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    GY_REQUIRE(w->started, GY_E_NOMEM, "cannot start the watch's thread");
    return GY_OK;
}

static void end(gy_watch *w)
{
    if (w == NULL) return;
    gy_context *ctx = w->comm->ctx;
    if (w->started) {
        const gy_letter wake = {.verb = GY_TELL, .rank = w->rank};
        if (w->alive != NULL) gy_watch_send_all(w, GY_LEAVE);
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_mutex_unlock(&w->lock);
        gy_watch_send(w, w->rank, &wake);
        pthread_join(w->thread, NULL);
    }
    gy_alive_free(w);
    gy_post_close(w->post);
    if (w->locked) pthread_mutex_destroy(&w->lock);
    gy_free(ctx, w->names);
    gy_free(ctx, w->host_of);
    gy_free(ctx, w->seen);
    gy_free(ctx, w);
}

gy_status gy_watch_begin(gy_comm *comm, gy_watch *above, double seconds, gy_stalled *stalled,
                         void *user)
{
    gy_watch *w = NULL;
    gy_watch_stop(comm);
    gy_status status = gy_comm_agree(comm, make(comm, &w));
    if (status == GY_OK) {
        w->above = above;
        w->stalled = stalled;
        w->user = user;
        w->dog.from = w->looked = gy_clock_s();
        w->dog.limit = w->dog.limit_set = seconds;
        w->mine = (gy_sight){.since = w->looked, .phase = "start", .doing = GY_WORKS};
        status = gy_post_open(comm, &w->post);
    }
    if (status == GY_OK && above == NULL && comm->ranks > 1 && comm->ranks <= GY_SET_RANKS)
        status = gy_alive_create(w);
    if (status == GY_OK) status = gy_comm_agree(comm, start_thread(w));
    if (status == GY_OK)
        comm->watch = w;
    else
        end(w);
    return status;
}

gy_status gy_comm_watch(gy_comm *comm, double seconds, gy_stalled *stalled, void *user)
{
    GY_DOOR;
    return gy_watch_begin(comm, NULL, seconds, stalled, user);
}

void gy_watch_stop(gy_comm *comm)
{
    gy_watch *w = comm->watch;
    if (w == NULL) return;
    if (w->alive != NULL && gy_mpi_runs()) {
        atomic_store(&w->alive->leaving, true); /* ports close; a host may still fall silent */
        (void)!gy_comm_barrier(comm);
    }
    comm->watch = NULL;
    end(w);
}
