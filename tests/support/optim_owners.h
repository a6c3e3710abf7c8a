/**
 * One set of parameters updated by several owners of slices of it, as ranks do: each a thread with its
 * own copy of the weights, sums over whole tensors added over all in their order.
 */
#ifndef GY_TEST_OPTIM_OWNERS_H
#define GY_TEST_OPTIM_OWNERS_H

#include "levels.h"

#include "optim/optim.h"

#include <pthread.h>
#include <string.h>

enum { GY_OWNERS = 3, GY_OWNED_MOST = 1 << 17 };

typedef struct gy_owners gy_owners;

/** One of them. */
typedef struct gy_owner {
    gy_owners *all;
    int number;
    gy_optim *o;
    gy_ranges share;
    float *w;
    const double *sent;
    double got[GY_OWNED_MOST];
    gy_status status;
} gy_owner;

struct gy_owners {
    int n;
    const gy_params *params;
    gy_owner v[GY_OWNERS];
    pthread_barrier_t barrier;
    const float *g;
    double rate, clip;
};

static inline gy_status gy_owner_add(void *user, double *values, int n)
{
    gy_owner *me = user;
    if (n > GY_OWNED_MOST) return GY_E_NOMEM;
    me->sent = values;
    (void)pthread_barrier_wait(&me->all->barrier);
    memset(me->got, 0, (size_t)n * sizeof *values);
    for (int i = 0; i < me->all->n; i++)
        for (int j = 0; j < n; j++) me->got[j] += me->all->v[i].sent[j];
    (void)pthread_barrier_wait(&me->all->barrier);
    memcpy(values, me->got, (size_t)n * sizeof *values);
    return GY_OK;
}

/** @param shares  [n], which together are all; n 1: nothing is cut, and sums need nobody */
static inline gy_owners *gy_owners_create(gy_context *ctx, const gy_kernel *k,
                                          const gy_optim_settings *settings,
                                          const gy_params *params, int n, const gy_ranges *shares,
                                          bool exact)
{
    gy_owners *all = calloc(1, sizeof *all);
    if (all == NULL) abort();
    all->n = n;
    all->params = params;
    if (pthread_barrier_init(&all->barrier, NULL, (unsigned)n) != 0) abort();
    for (int i = 0; i < n; i++) {
        gy_owner *me = &all->v[i];
        gy_optim_sum sum = {.add = n > 1 ? gy_owner_add : NULL, .user = me, .exact = exact};
        *me = (gy_owner){.all = all, .number = i, .share = shares[i]};
        me->w = malloc((size_t)params->floats * sizeof(float));
        if (me->w == NULL) abort();
        CU_ASSERT_EQUAL_FATAL(gy_optim_create(ctx, k, settings, params, &shares[i], &sum, &me->o),
                              GY_OK);
    }
    return all;
}

static inline void gy_owners_free(gy_owners *all)
{
    for (int i = 0; i < all->n; i++) {
        gy_optim_free(all->v[i].o);
        free(all->v[i].w);
    }
    (void)pthread_barrier_destroy(&all->barrier);
    free(all);
}

static inline void *gy_owner_update(void *user)
{
    gy_owner *me = user;
    me->status = gy_optim_update(me->o, me->all->rate, me->all->clip, me->w, me->all->g);
    return NULL;
}

/** An update of w by gradient g, each slice of it by its owner. */
static inline void gy_owners_update(gy_owners *all, double rate, double clip, float *w,
                                    const float *g)
{
    pthread_t threads[GY_OWNERS];
    all->g = g;
    all->rate = rate;
    all->clip = clip;
    for (int i = 0; i < all->n; i++) {
        memcpy(all->v[i].w, w, (size_t)all->params->floats * sizeof *w);
        if (all->n == 1)
            (void)gy_owner_update(&all->v[i]);
        else if (pthread_create(&threads[i], NULL, gy_owner_update, &all->v[i]) != 0)
            abort();
    }
    for (int i = 0; i < all->n; i++) {
        const gy_ranges *share = &all->v[i].share;
        if (all->n > 1) pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(all->v[i].status, GY_OK);
        for (int r = 0; r < share->n; r++) {
            const int64_t from = share->v[r].from, n = share->v[r].to - from;
            if (n > 0) memcpy(w + from, all->v[i].w + from, (size_t)n * sizeof *w);
        }
    }
}

#endif
