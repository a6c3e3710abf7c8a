/*
 * The loader: batches in order, made by a thread one ahead of their use.
 *
 * Two slots go round:   empty ──thread makes──▶ made ──next hands out──▶ held ──next call──▶ empty
 *
 * 1. The thread alone touches a slot that is being made and the source; the caller alone the one it
 *    holds. Everything else is behind the lock.
 * 2. Batches are made in the order they are asked for; `make` is the place of the next one to make,
 *    `take` of the next one to hand out.
 * 3. A seek waits until nothing is being made, empties both slots and moves both places.
 * 4. The thread starts with the first seek or next, and signals are none of its business.
 * 5. After a failed batch the thread goes on; next passes the failure on when its turn comes.
 */
#include "batch.h"

#include "base/clock.h"
#include "base/trace.h"

#include <pthread.h>
#include <signal.h>

enum { SLOTS = 2 };

typedef struct place {
    int64_t epoch, index;
    int64_t skip; /* samples of that batch that are left out */
    int slot;
} place;

struct gy_loader {
    gy_context *ctx;
    gy_batcher batcher;
    gy_epoch told; /* the caller's: the batcher's is the thread's */
    gy_batch_slot slots[SLOTS];
    bool made[SLOTS]; /* full and not handed out */
    int held;         /* the slot the caller has, −1: none */
    place make, take;
    bool started, ready, making, stop;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static void advance(const gy_loader *l, place *p)
{
    p->slot = (p->slot + 1) % SLOTS;
    p->skip = 0;
    if (++p->index < l->batcher.batches) return;
    p->index = 0;
    p->epoch++;
}

static void *work(void *user)
{
    gy_loader *l = user;
    pthread_mutex_lock(&l->lock);
    while (!l->stop) {
        place p = l->make;
        if (l->made[p.slot] || l->held == p.slot) {
            pthread_cond_wait(&l->changed, &l->lock);
            continue;
        }
        l->making = true;
        pthread_mutex_unlock(&l->lock);
        const double start = gy_trace_is_on(l->ctx) ? gy_clock_s() : 0;
        gy_batcher_make(&l->batcher, p.epoch, p.index, p.skip, &l->slots[p.slot]);
        gy_trace_add(l->ctx, GY_TRACK_INPUT, "batch", p.index, start);
        pthread_mutex_lock(&l->lock);
        l->making = false;
        l->made[p.slot] = true;
        advance(l, &l->make);
        pthread_cond_broadcast(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static gy_status start(gy_loader *l)
{
    if (l->started || !l->batcher.spec.prefetch) return GY_OK;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&l->thread, NULL, work, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    GY_REQUIRE(failed == 0, GY_E_NOMEM, "cannot start the thread that reads the data");
    l->started = true;
    return GY_OK;
}

gy_status gy_loader_create(gy_context *ctx, const gy_loader_spec *spec, gy_loader **out)
{
    gy_status status;
    gy_loader *l = NULL;
    GY_TRY_GOTO(fail, gy_new(ctx, &l));
    l->ctx = ctx;
    l->held = -1;
    bool ok = pthread_mutex_init(&l->lock, NULL) == 0;
    if (ok && pthread_cond_init(&l->changed, NULL) != 0) {
        pthread_mutex_destroy(&l->lock);
        ok = false;
    }
    l->ready = ok;
    if (!ok) GY_TRY_GOTO(fail, gy_raise(GY_E_NOMEM, "cannot make a lock"));
    GY_TRY_GOTO(fail, gy_batcher_init(&l->batcher, ctx, spec));
    GY_TRY_GOTO(fail, gy_epoch_init(&l->told, ctx, spec));
    for (int i = 0; i < SLOTS; i++)
        GY_TRY_GOTO(fail, gy_batch_slot_init(&l->slots[i], ctx, &l->batcher));
    *out = l;
    return GY_OK;
fail:
    gy_loader_free(l);
    return status;
}

void gy_loader_free(gy_loader *l)
{
    if (l == NULL) return;
    if (l->started) {
        pthread_mutex_lock(&l->lock);
        l->stop = true;
        pthread_cond_broadcast(&l->changed);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
    }
    if (l->ready) {
        pthread_cond_destroy(&l->changed);
        pthread_mutex_destroy(&l->lock);
    }
    for (int i = 0; i < SLOTS; i++) gy_batch_slot_clear(&l->slots[i], l->ctx);
    gy_epoch_clear(&l->told, l->ctx);
    gy_batcher_clear(&l->batcher, l->ctx);
    gy_free(l->ctx, l);
}

int64_t gy_loader_batches(const gy_loader *l)
{
    return l->batcher.batches;
}

void gy_loader_samples(gy_loader *l, int64_t epoch, int64_t first, int64_t n, int64_t *out)
{
    gy_epoch_take(&l->told, epoch, first, n, out);
}

gy_status gy_loader_seek_sample(gy_loader *l, int64_t epoch, int64_t sample)
{
    const int64_t batch = l->batcher.spec.batch;
    place p = {.epoch = epoch, .index = sample / batch, .skip = sample % batch};
    /* the end of an epoch is the start of the next */
    p.epoch += p.index / l->batcher.batches;
    p.index %= l->batcher.batches;
    pthread_mutex_lock(&l->lock);
    while (l->making) pthread_cond_wait(&l->changed, &l->lock);
    bool there = l->take.epoch == p.epoch && l->take.index == p.index && l->take.skip == p.skip;
    if (!there) {
        for (int i = 0; i < SLOTS; i++) l->made[i] = false;
        l->held = -1;
        l->make = l->take = p;
        pthread_cond_broadcast(&l->changed);
    }
    pthread_mutex_unlock(&l->lock);
    return start(l);
}

gy_status gy_loader_seek(gy_loader *l, int64_t epoch, int64_t index)
{
    return gy_loader_seek_sample(l, epoch, index * l->batcher.spec.batch);
}

gy_status gy_loader_next(gy_loader *l, gy_batch *out)
{
    double begun = gy_clock_s();
    GY_TRY(start(l));
    pthread_mutex_lock(&l->lock);
    int slot = l->take.slot;
    l->held = -1;
    if (l->started) {
        pthread_cond_broadcast(&l->changed);
        while (!l->made[slot]) pthread_cond_wait(&l->changed, &l->lock);
        l->made[slot] = false;
    } else {
        gy_batcher_make(&l->batcher, l->take.epoch, l->take.index, l->take.skip, &l->slots[slot]);
    }
    l->held = slot;
    advance(l, &l->take);
    pthread_mutex_unlock(&l->lock);
    if (l->slots[slot].status != GY_OK) return gy_error_restore(&l->slots[slot].error);
    *out = l->slots[slot].batch;
    out->waited_s = gy_clock_s() - begun;
    return GY_OK;
}
