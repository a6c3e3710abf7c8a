/*
 * MPI waits for ever for a rank that died while it starts, and so does gy_comm_create(), where the launcher was
 * told to leave the others alone (mpirun --enable-recovery). They cannot talk yet: each rank ends by itself,
 * the first of those that are left with a word, the others so much later that the launcher has ended them. Where
 * the launcher ends none, ranks 0 and 1 alone say it: all have the same to say.
 */
#include "guard.h"

#include "base/number.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { APART_S = 3, SPEAKERS = 2, MOST_S = 7 * 24 * 3600 };

static void *guard(void *user)
{
    gy_guard *g = user;
    struct timespec end;
    bool late = false;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(g->seconds + APART_S * (g->rank < SPEAKERS ? g->rank : SPEAKERS));
    pthread_mutex_lock(&g->lock);
    while (!g->over && !late) late = pthread_cond_timedwait(&g->ended, &g->lock, &end) != 0;
    const bool over = g->over;
    pthread_mutex_unlock(&g->lock);
    if (over) return NULL;
    (void)gy_raise(GY_E_COMM,
                   "the run stands still" GY_AT "rank %d, start" GY_WHY
                   "the ranks have not found each other for %g s: one may be gone" GY_HINT
                   "start again, or raise GYRE_START_SECONDS",
                   g->rank, g->seconds);
    g->stalled(NULL, g->rank < SPEAKERS ? gy_error_last()->text : NULL);
    return NULL;
}

static bool start(gy_guard *g)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&g->thread, NULL, guard, g) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

gy_status gy_guard_begin(gy_guard *g, int rank, double seconds, gy_stalled *stalled)
{
    int64_t asked;
    pthread_condattr_t clock;
    const char *text = getenv("GYRE_START_SECONDS");
    if (text == NULL || text[0] == '\0') {
        asked = (int64_t)seconds;
    } else {
        GY_REQUIRE(gy_number_int(text, &asked) && asked >= 1 && asked <= MOST_S, GY_E_USAGE,
                   "wrong value of GYRE_START_SECONDS" GY_AT "the environment" GY_WHY
                   "'%s' is no whole number from 1 to %d",
                   text, MOST_S);
    }
    *g = (gy_guard){.rank = rank,
                    .seconds = (double)asked,
                    .stalled = stalled,
                    .lock = PTHREAD_MUTEX_INITIALIZER};
    if (pthread_condattr_init(&clock) != 0) return GY_OK;
    if (pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0 &&
        pthread_cond_init(&g->ended, &clock) == 0)
        g->started = start(g);
    (void)pthread_condattr_destroy(&clock);
    return GY_OK;
}

void gy_guard_end(gy_guard *g)
{
    if (!g->started) return;
    pthread_mutex_lock(&g->lock);
    g->over = true;
    pthread_cond_signal(&g->ended);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    pthread_cond_destroy(&g->ended);
}
