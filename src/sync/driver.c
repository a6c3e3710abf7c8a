/* comm.progress: thread. A thread of this rank looks after what is under way during a pass, so that
 * the wire works while a kernel polls rarely, or never.
 *
 * One lock for the sync's state and for MPI, which lets one thread in at a time (level SERIALIZED):
 * whoever calls either during a pass holds it. Between passes the thread sleeps, as it does while
 * nothing is under way; between looks it gives its core away.
 *
 *     asleep → looks    gy_driver_release() with something under way, between begin and finish
 *     looks → asleep    everything home, or gy_driver_rest() */
#include "sync_impl.h"

#include "base/alloc.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

enum { PAUSE_NS = 50000 }; /* a message of 128 KiB takes 1 ms at 1 Gbit/s */

struct gy_driver {
    gy_sync *sync;
    pthread_mutex_t lock; /* of all that follows, of the sync, and of MPI */
    pthread_cond_t changed;
    pthread_t thread;
    bool works, ends; /* during a pass; for good */
};

static void *look(void *user)
{
    gy_driver *d = user;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    pthread_mutex_lock(&d->lock);
    while (!d->ends) {
        if (!d->works || !gy_sync_is_under_way(d->sync)) {
            pthread_cond_wait(&d->changed, &d->lock);
            continue;
        }
        gy_sync_drive(d->sync);
        pthread_mutex_unlock(&d->lock);
        (void)nanosleep(&pause, NULL);
        pthread_mutex_lock(&d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* Signals are the first thread's. */
static bool start(gy_driver *d)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&d->thread, NULL, look, d) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

gy_status gy_driver_create(gy_sync *s, gy_driver **out)
{
    gy_driver *d;
    GY_TRY(gy_new(s->ctx, &d));
    d->sync = s;
    bool lock = pthread_mutex_init(&d->lock, NULL) == 0;
    bool changed = lock && pthread_cond_init(&d->changed, NULL) == 0;
    if (changed && start(d)) {
        *out = d;
        return GY_OK;
    }
    if (changed) pthread_cond_destroy(&d->changed);
    if (lock) pthread_mutex_destroy(&d->lock);
    gy_free(s->ctx, d);
    return gy_raise(GY_E_NOMEM, "cannot start the thread that drives communication" GY_AT
                                "comm.progress: thread" GY_WHY
                                "the system has no more threads" GY_HINT "set comm.progress: poll");
}

void gy_driver_free(gy_driver *d)
{
    if (d == NULL) return;
    pthread_mutex_lock(&d->lock);
    d->ends = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    gy_free(d->sync->ctx, d);
}

void gy_driver_hold(gy_driver *d)
{
    if (d != NULL) pthread_mutex_lock(&d->lock);
}

void gy_driver_release(gy_driver *d)
{
    if (d == NULL) return;
    if (d->works) pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

void gy_driver_work(gy_driver *d)
{
    if (d != NULL) d->works = true;
}

void gy_driver_rest(gy_driver *d)
{
    if (d != NULL) d->works = false;
}
