/*
 * How those that are left agree on who they are.
 *
 *     goes on ── news ──▶ parked for a set S ── everybody outside S is, too ──▶ goes on without S
 *                          ▲              │
 *                          └─ S grows ────┘
 *
 * Each tells the lowest that lives, who tells all once it knows of everybody: 2 n letters. Who waits for long,
 * for one that is in the midst of a step, says it again; the more ranks, the more seldom: 13,000 letters a second
 * at most. What a rank says of itself while it is parked does not change.
 *
 * Invariants
 *  1. Two memberships never go on both. A set only grows, so that who is in both went through one first; and a
 *     membership takes no step without messages of all its members, of which one that parks for a
 *     larger set sends none.
 *  2. If the lowest dies when it has told some, these go on, but not further than the others let them, and
 *     all park for the larger set.
 *  3. All decide alike for S: by the words of one letter.
 *  4. Those go on who are more than the ones that may go on elsewhere: of the silent nobody knows whether
 *     they live. Half is enough where the lowest of all before is in it.
 */
#include "alive_impl.h"

#include "base/clock.h"

enum { AT_ONCE = 64 };           /* ranks that say so in every beat */
static const double SIGN_S = 20; /* that a call which failed waits for a death */

static void finish(gy_watch *w, gy_park_end how, const gy_agreed *agreed)
{
    gy_alive *a = w->alive;
    pthread_mutex_lock(&w->lock);
    gy_parking *p = &a->parking;
    p->how = how;
    p->on = false;
    if (how == GY_PARK_AGREED) {
        p->agreed = *agreed;
        a->agreed = a->dead;
        a->found = -1;
        atomic_store(&a->news, false);
    }
    pthread_cond_broadcast(&a->over);
    pthread_mutex_unlock(&w->lock);
    a->waits = false;
}

static bool is_enough(const gy_watch *w)
{
    const gy_alive *a = w->alive;
    int left = 0, unsure = 0, lowest = -1;
    for (int r = 0; r < w->ranks; r++) {
        if (gy_rank_set_has(&a->agreed, r)) continue;
        if (lowest < 0) lowest = r;
        left += gy_alive_lives(w, r);
        unsure += !gy_alive_lives(w, r) && !gy_rank_set_has(&a->proven, r);
    }
    return left > unsure || (left == unsure && gy_alive_lives(w, lowest));
}

static void add(gy_agreed *all, int i, int rank, int64_t word)
{
    if (word < all->least[i]) all->least[i] = word;
    if (word <= all->most[i]) return;
    all->most[i] = word;
    all->first[i] = rank;
}

/* Once everybody is parked: the lowest tells it. */
static void try_agree(gy_watch *w, const gy_parking *p)
{
    gy_alive *a = w->alive;
    gy_agreed all;
    for (int i = 0; i < GY_ALIVE_WORDS; i++) {
        all.least[i] = INT64_MAX;
        all.most[i] = INT64_MIN;
        all.first[i] = -1;
    }
    for (int r = 0; r < w->ranks; r++) {
        if (!gy_alive_lives(w, r)) continue;
        if (r != w->rank && !a->parked[r].is) return;
        const int64_t *words = r == w->rank ? p->words : a->parked[r].words;
        for (int i = 0; i < GY_ALIVE_WORDS; i++) add(&all, i, r, words[i]);
    }
    const bool enough = is_enough(w);
    a->answer = gy_watch_letter(w, GY_AGREED);
    a->answer.agreed = all;
    a->answer.enough = enough;
    for (int r = 0; r < w->ranks; r++)
        if (r != w->rank && gy_alive_lives(w, r)) gy_watch_send(w, r, &a->answer);
    finish(w, enough ? GY_PARK_AGREED : GY_PARK_TOO_FEW, &all);
}

void gy_park_look(gy_watch *w, double now)
{
    gy_alive *a = w->alive;
    pthread_mutex_lock(&w->lock);
    const gy_parking p = a->parking;
    pthread_mutex_unlock(&w->lock);
    a->waits = p.on;
    if (!p.on) return;
    if (gy_rank_set_equals(&a->dead, &a->agreed)) {
        if (now - p.since > SIGN_S) finish(w, GY_PARK_NOBODY, NULL);
        return;
    }
    const int lowest = gy_alive_lowest(w);
    if (lowest == w->rank) {
        try_agree(w, &p);
        return;
    }
    if (now - a->parked_told < GY_PARKED_BEAT_S * (1 + w->ranks / AT_ONCE)) return;
    a->parked_told = now;
    const gy_letter m = gy_watch_letter(w, GY_PARKED);
    gy_watch_send(w, lowest, &m);
}

void gy_park_again(gy_watch *w)
{
    gy_alive *a = w->alive;
    a->parked_told = 0;
    for (int r = 0; r < w->ranks; r++) a->parked[r].is = false;
}

static void take_parked(gy_watch *w, const gy_letter *m)
{
    gy_alive *a = w->alive;
    if (a->answer.verb == GY_AGREED && gy_rank_set_equals(&m->dead, &a->answer.dead)) {
        gy_watch_send(w, m->rank, &a->answer);
        return;
    }
    if (!gy_rank_set_equals(&m->dead, &a->dead)) { /* it has not heard of all */
        const gy_letter more = gy_watch_letter(w, GY_TELL);
        gy_watch_send(w, m->rank, &more);
        return;
    }
    gy_parked *p = &a->parked[m->rank];
    p->is = true;
    for (int i = 0; i < GY_ALIVE_WORDS; i++) p->words[i] = m->words[i];
}

void gy_park_take(gy_watch *w, const gy_letter *m)
{
    gy_alive *a = w->alive;
    if (m->verb == GY_PARKED) take_parked(w, m);
    if (m->verb != GY_AGREED || !a->waits) return;
    if (!gy_rank_set_equals(&m->dead, &a->dead)) return;
    if (gy_rank_set_equals(&a->dead, &a->agreed)) return;
    finish(w, m->enough != 0 ? GY_PARK_AGREED : GY_PARK_TOO_FEW, &m->agreed);
}

/* The main thread's */

gy_status gy_alive_agree(gy_comm *comm, const int64_t words[GY_ALIVE_WORDS], gy_agreed *out)
{
    gy_watch *w = comm->watch;
    GY_REQUIRE(w != NULL && w->alive != NULL, GY_E_COMM,
               "the ranks cannot agree on who is left" GY_WHY "nobody watches them");
    gy_alive *a = w->alive;
    const gy_letter wake = {.verb = GY_TELL, .rank = w->rank};
    gy_watchdog_enter(comm);
    pthread_mutex_lock(&w->lock);
    a->parking = (gy_parking){.on = true, .since = gy_clock_s()};
    for (int i = 0; i < GY_ALIVE_WORDS; i++) a->parking.words[i] = words[i];
    pthread_mutex_unlock(&w->lock);
    gy_watch_send(w, w->rank, &wake);
    pthread_mutex_lock(&w->lock);
    while (a->parking.on) pthread_cond_wait(&a->over, &w->lock);
    const gy_parking p = a->parking;
    pthread_mutex_unlock(&w->lock);
    (void)!gy_watchdog_leave(comm, GY_OK);
    GY_REQUIRE(p.how != GY_PARK_NOBODY, GY_E_COMM,
               "communication failed" GY_WHY "a call failed, and no rank has died");
    GY_REQUIRE(p.how != GY_PARK_TOO_FEW, GY_E_COMM,
               "too few ranks are left" GY_WHY
               "those that nothing was heard of may be alive elsewhere, and are as many" GY_HINT
               "start again from the newest checkpoint");
    *out = p.agreed;
    return GY_OK;
}

/* What others ask */

static gy_alive *alive_of(const gy_comm *comm)
{
    return comm->watch == NULL ? NULL : comm->watch->alive;
}

void gy_alive_set_silence(gy_comm *comm, double seconds)
{
    for (gy_watch *w = comm->watch; w != NULL; w = w->above) {
        if (w->alive == NULL) continue;
        pthread_mutex_lock(&w->lock);
        w->alive->silence_set = seconds;
        pthread_mutex_unlock(&w->lock);
    }
}

void gy_alive_survive(gy_comm *comm, bool on)
{
    gy_alive *a = alive_of(comm);
    if (a != NULL) atomic_store(&a->surviving, on);
}

bool gy_alive_news(const gy_comm *comm)
{
    const gy_alive *a = alive_of(comm);
    return a != NULL && atomic_load_explicit(&a->news, memory_order_relaxed);
}

/* Written before an agreement ends, under the lock, and read after it. */
bool gy_alive_is_dead(const gy_comm *comm, int rank)
{
    const gy_alive *a = alive_of(comm);
    return a != NULL && gy_rank_set_has(&a->agreed, rank);
}

int gy_alive_dead(const gy_comm *comm)
{
    int n = 0;
    for (int r = 0; r < gy_alive_ranks(comm); r++) n += gy_alive_is_dead(comm, r);
    return n;
}

int gy_alive_ranks(const gy_comm *comm)
{
    return alive_of(comm) == NULL ? 0 : comm->watch->ranks;
}

int gy_alive_rank(const gy_comm *comm)
{
    return comm->watch->rank;
}

int gy_alive_host(const gy_comm *comm, int rank)
{
    return comm->watch->host_of[rank];
}

const char *gy_alive_host_name(const gy_comm *comm, int rank)
{
    return comm->watch->names[rank];
}
