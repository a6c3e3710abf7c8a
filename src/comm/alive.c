/*
 * Who is dead, and who says so.
 *
 *     a process of the own host ends (pidfd) ─┐
 *     a port is closed (post.c) ──────────────┼─▶ dead ─▶ told to the peers ─▶ one line, and the end of the job
 *     a host is silent (peers.c) ─────────────┘                            └▶ or news (park.c)
 *
 * Invariants
 *  1. Proof counts at once, silence after comm.silence_seconds. A host is silent when none of its ranks has
 *     answered, and they were asked when half of that time was over: one that is stopped or slow, beside
 *     others or with a pidfd, is not dead, but the watchdog's.
 *  2. Silent can be only who was heard: where datagrams do not pass nobody is taken for dead.
 *  3. A thread that did not run for a third of that time counts anew: a job that was suspended.
 *  4. Whose port is closed is dead, but only by the word of the address that its letters came from.
 *  5. Letters are taken before deaths are judged: who said that it leaves does not die.
 *  6. The lowest that lives tells, after a moment in which such words may come; then it ends all. Should it
 *     not, every rank tells by itself.
 *  7. Where ranks survive, a silent one of the own host is killed, so that its silence is proven.
 */
#define _GNU_SOURCE /* syscall */

#include "alive_impl.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const double BEAT_S = 0.1, SILENCE_S = 3, SETTLE_S = 0.03, TELL_S = 1;

bool gy_alive_lives(const gy_watch *w, int rank)
{
    return w->alive == NULL || !gy_rank_set_has(&w->alive->dead, rank);
}

/* Of those that have not left either. */
static bool stays(const gy_watch *w, int rank)
{
    return gy_alive_lives(w, rank) && !w->alive->left[rank];
}

int gy_alive_lowest(const gy_watch *w)
{
    int r = 0;
    while (r < w->rank && !stays(w, r)) r++;
    return r;
}

/* Deaths */

static void hold_dead(gy_watch *w, int rank, bool proven)
{
    gy_alive *a = w->alive;
    const bool is_new = !gy_rank_set_has(&a->dead, rank);
    if (!is_new && (!proven || gy_rank_set_has(&a->proven, rank))) return;
#ifdef SYS_pidfd_send_signal
    if (!proven && a->polls[rank].fd >= 0 && atomic_load(&a->surviving))
        proven = syscall(SYS_pidfd_send_signal, a->polls[rank].fd, SIGKILL, NULL, 0) == 0;
#endif
    pthread_mutex_lock(&w->lock);
    gy_rank_set_put(&a->dead, rank);
    if (proven) gy_rank_set_put(&a->proven, rank);
    pthread_mutex_unlock(&w->lock);
    a->changed = a->changed || is_new;
}

/* After all deaths of a look or a letter. */
static void spread(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    if (!a->changed) return;
    a->changed = false;
    if (a->found < 0) a->found = now;
    gy_park_again(w);
    gy_peers_choose(w, now);
    gy_peers_beat(w, now);
    const int lowest = gy_alive_lowest(w);
    if (lowest == w->rank || a->is_peer[lowest]) return;
    const gy_letter m = gy_watch_letter(w, GY_TELL);
    gy_watch_send(w, lowest, &m);
}

static void see_ended(gy_watch *w)
{
    gy_alive *a = w->alive;
    for (int r = 0; r < w->ranks; r++) {
        struct pollfd *p = &a->polls[r];
        if (p->fd < 0) continue;
        const bool ended = (p->revents & POLLIN) != 0;
        if (ended && stays(w, r)) hold_dead(w, r, true);
        if (!ended && stays(w, r)) continue;
        (void)close(p->fd);
        *p = (struct pollfd){.fd = -1};
    }
}

static void see_refused(gy_watch *w)
{
    const gy_alive *a = w->alive;
    int rank;
    uint32_t host;
    while (gy_post_refused(w->post, &rank, &host))
        if (rank != w->rank && stays(w, rank) && host == a->from[rank] && !atomic_load(&a->leaving))
            hold_dead(w, rank, true);
}

static void ask_host(gy_watch *w, int host)
{
    const gy_letter m = gy_watch_letter(w, GY_ASK);
    for (int r = 0; r < w->ranks; r++)
        if (w->host_of[r] == host && stays(w, r)) gy_watch_send(w, r, &m);
}

static void see_silent_host(gy_watch *w, int host, double quiet, bool asks)
{
    const gy_alive *a = w->alive;
    if (quiet <= a->silence) {
        if (asks && quiet > a->silence / 2) ask_host(w, host);
        return;
    }
    for (int r = 0; r < w->ranks; r++)
        if (w->host_of[r] == host && stays(w, r)) hold_dead(w, r, false);
}

static void see_silent(gy_watch *w, double now, bool asks)
{
    gy_alive *a = w->alive;
    const int own = w->host_of[w->rank];
    if (a->silence <= 0) return;
    for (int h = 0; h < w->hosts; h++)
        if (h != own && a->leaders[h] >= 0 && a->is_peer[a->leaders[h]] && a->host_heard[h] >= 0)
            see_silent_host(w, h, now - a->host_heard[h], asks);
    for (int r = 0; r < w->ranks; r++) {
        if (w->host_of[r] != own || !a->is_peer[r] || !stays(w, r) || a->heard[r] < 0) continue;
        if (a->polls[r].fd >= 0 && !atomic_load(&a->surviving)) continue; /* it lives */
        if (now - a->heard[r] > a->silence) hold_dead(w, r, false);
    }
}

static void count_anew(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    for (int r = 0; r < w->ranks; r++)
        if (a->heard[r] >= 0) a->heard[r] = now;
    for (int h = 0; h < w->hosts; h++)
        if (a->host_heard[h] >= 0) a->host_heard[h] = now;
}

/* What a death leads to. */
static void follow(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    const bool news = !gy_rank_set_equals(&a->dead, &a->agreed);
    if (a->ends >= 0 && now > a->ends) w->stalled(w->user, NULL);
    if (!news) return;
    if (atomic_load(&a->surviving)) {
        atomic_store(&a->news, true);
        return;
    }
    if (now - a->found < (gy_alive_lowest(w) == w->rank ? SETTLE_S : TELL_S)) return;
    gy_rank_set fresh = a->dead;
    for (int i = 0; i < GY_SET_WORDS; i++) fresh.words[i] &= ~a->agreed.words[i];
    gy_verdict_raise_dead(w, &fresh, &a->proven, a->silence);
    gy_watch_end(w);
}

void gy_alive_look(gy_watch *w, double now, double gap)
{
    gy_alive *a = w->alive;
    if (a == NULL) return;
    pthread_mutex_lock(&w->lock);
    a->silence = a->silence_set;
    pthread_mutex_unlock(&w->lock);
    if (gap > a->silence / 3) count_anew(w, now);
    const bool due = now - a->beaten >= BEAT_S;
    see_ended(w);
    see_refused(w);
    see_silent(w, now, due);
    spread(w, now);
    if (now - a->beaten >= BEAT_S) gy_peers_beat(w, now);
    gy_park_look(w, now);
    follow(w, now);
}

static void give_up(gy_watch *w, const gy_letter *m)
{
    (void)gy_raise(GY_E_COMM,
                   "this rank was given up by the others" GY_AT "rank %d on %s" GY_WHY
                   "rank %d on %s had heard nothing of its host for too long" GY_HINT
                   "look at the network, or raise comm.silence_seconds",
                   w->rank, w->names[w->rank], m->rank, w->names[m->rank]);
    w->stalled(w->user, gy_error_last()->text);
}

void gy_alive_take(gy_watch *w, const gy_letter *m, double now)
{
    gy_alive *a = w->alive;
    if (a == NULL) return;
    if (gy_rank_set_has(&m->dead, w->rank)) give_up(w, m);
    if (!gy_alive_lives(w, m->rank)) { /* it shall know, and end */
        const gy_letter known = gy_watch_letter(w, GY_TELL);
        gy_watch_send(w, m->rank, &known);
        return;
    }
    a->heard[m->rank] = a->host_heard[w->host_of[m->rank]] = now;
    a->from[m->rank] = gy_post_from(w->post);
    if (m->verb == GY_LEAVE || m->verb == GY_ABORT) a->left[m->rank] = true;
    if (m->verb == GY_ABORT && a->ends < 0) a->ends = now + GY_ABORT_S;
    for (int r = 0; r < w->ranks; r++)
        if (gy_rank_set_has(&m->dead, r)) hold_dead(w, r, gy_rank_set_has(&m->proven, r));
    spread(w, now);
    gy_park_take(w, m);
}

static double nap(const gy_alive *a)
{
    if (a->waits) return GY_PARKED_BEAT_S;
    return a->found >= 0 ? SETTLE_S / 2 : BEAT_S / 2;
}

void gy_alive_wait(gy_watch *w, double seconds)
{
    gy_alive *a = w->alive;
    struct pollfd post = {.fd = gy_post_socket(w->post), .events = POLLIN}; /* −1 is passed over */
    if (a == NULL) {
        (void)poll(&post, 1, (int)(1e3 * seconds) + 1);
        return;
    }
    if (nap(a) < seconds) seconds = nap(a);
    a->polls[w->ranks] = post;
    (void)poll(a->polls, (nfds_t)w->ranks + 1, (int)(1e3 * seconds) + 1);
}

/* Starting and ending */

/* Where a process is to be found: the number counts in a space of numbers. */
typedef struct place {
    int64_t process;
    uint64_t space;
} place;

static place find_place(void)
{
    struct stat status;
    place p = {.process = getpid()};
    if (stat("/proc/self/ns/pid", &status) == 0) p.space = status.st_ino;
    return p;
}

static void open_processes(gy_watch *w, const place *all)
{
    gy_alive *a = w->alive;
    const place *own = &all[w->rank];
    for (int r = 0; r < w->ranks; r++) {
        a->polls[r] = (struct pollfd){.fd = -1, .events = POLLIN};
#ifdef SYS_pidfd_open
        if (r != w->rank && w->host_of[r] == w->host_of[w->rank] && all[r].space == own->space &&
            own->space != 0)
            a->polls[r].fd = (int)syscall(SYS_pidfd_open, (pid_t)all[r].process, 0);
#endif
    }
}

static gy_status allocate(gy_watch *w, place **places)
{
    gy_context *ctx = w->comm->ctx;
    gy_alive *a;
    GY_TRY(gy_new(ctx, &a));
    w->alive = a;
    GY_TRY(gy_new_array(ctx, w->ranks + 1, &a->polls));
    for (int r = 0; r < w->ranks; r++) a->polls[r].fd = -1;
    GY_TRY(gy_new_array(ctx, w->ranks, &a->heard));
    GY_TRY(gy_new_array(ctx, w->hosts, &a->host_heard));
    GY_TRY(gy_new_array(ctx, w->ranks, &a->from));
    GY_TRY(gy_new_array(ctx, w->ranks, &a->left));
    GY_TRY(gy_new_array(ctx, w->ranks, &a->is_peer));
    GY_TRY(gy_new_array(ctx, w->hosts, &a->leaders));
    GY_TRY(gy_new_array(ctx, w->hosts, &a->places));
    GY_TRY(gy_new_array(ctx, w->ranks, &a->parked));
    GY_TRY(gy_new_array(ctx, w->ranks, places));
    a->has_over = pthread_cond_init(&a->over, NULL) == 0;
    GY_REQUIRE(a->has_over, GY_E_NOMEM, "cannot make a condition");
    return GY_OK;
}

gy_status gy_alive_create(gy_watch *w)
{
    gy_context *ctx = w->comm->ctx;
    place *places = NULL;
    const place own = find_place();
    gy_status status = gy_comm_agree(w->comm, allocate(w, &places));
    if (status == GY_OK) status = gy_comm_all_gather(w->comm, &own, (int)sizeof own, places);
    if (status == GY_OK) {
        gy_alive *a = w->alive;
        a->silence_set = a->silence = SILENCE_S;
        a->found = a->ends = -1;
        for (int r = 0; r < w->ranks; r++) a->heard[r] = -1;
        for (int h = 0; h < w->hosts; h++) a->host_heard[h] = -1;
        open_processes(w, places);
        gy_peers_choose(w, gy_clock_s());
    }
    gy_free(ctx, places);
    return status;
}

void gy_alive_free(gy_watch *w)
{
    gy_alive *a = w->alive;
    gy_context *ctx = w->comm->ctx;
    if (a == NULL) return;
    for (int r = 0; a->polls != NULL && r < w->ranks; r++)
        if (a->polls[r].fd >= 0) (void)close(a->polls[r].fd);
    if (a->has_over) pthread_cond_destroy(&a->over);
    gy_free(ctx, a->parked);
    gy_free(ctx, a->places);
    gy_free(ctx, a->leaders);
    gy_free(ctx, a->is_peer);
    gy_free(ctx, a->left);
    gy_free(ctx, a->from);
    gy_free(ctx, a->host_heard);
    gy_free(ctx, a->heard);
    gy_free(ctx, a->polls);
    gy_free(ctx, a);
    w->alive = NULL;
}
