/*
 * Sums over whole tensors, on which steps of some kinds depend: of each part by its owner, then added
 * over all owners, round by round.
 *
 * Where they must be exact, the bits may not depend on how slices cut the tensors. Either all that the
 * sums depend on is on every rank (gy_optim.replicated), which then goes over everything itself; or
 * they are taken of GY_PARAM_ALIGN elements at a time and added in limbs (kernel/limbs.h).
 */
#include "optim_impl.h"

#include "kernel/limbs.h"

#include <assert.h>
#include <string.h>

enum {
    EXACT = 4,       /* sums of a tensor in limbs at most */
    PIECE = 1 << 20, /* doubles of a message */
};

int64_t gy_sums_place(const gy_optim *o, int tensor, int round)
{
    return o->places == NULL ? 0 : o->places[round * (o->params->n + 1) + tensor];
}

static int64_t length(const gy_optim *o, int round)
{
    return gy_sums_place(o, o->params->n, round);
}

static void lay_out(gy_optim *o)
{
    const int n = o->params->n;
    for (int round = 0; round < o->kind->rounds; round++) {
        int64_t *place = o->places + round * (n + 1), at = 0;
        for (int i = 0; i < n; i++) {
            const gy_param *t = &o->params->v[i];
            place[i] = at;
            at += t->trainable ? o->kind->sums(t, round) : 0;
        }
        place[n] = at;
        if (at > o->n_sums) o->n_sums = at;
    }
}

gy_status gy_sums_create(gy_optim *o)
{
    if (o->kind->rounds == 0) return GY_OK;
    GY_TRY(gy_new_array(o->ctx, o->kind->rounds * (o->params->n + 1), &o->places));
    lay_out(o);
    GY_TRY(gy_new_array(o->ctx, o->n_sums, &o->sums));
    if (!o->sum.exact || o->replicated) return GY_OK;
    return gy_new_array(o->ctx, o->n_sums * GY_LIMBS, &o->limbs);
}

static gy_status add_over_owners(const gy_optim *o, double *values, int64_t n)
{
    for (int64_t at = 0; at < n && o->sum.add != NULL; at += PIECE)
        GY_TRY(o->sum.add(o->sum.user, values + at, (int)(n - at < PIECE ? n - at : PIECE)));
    return GY_OK;
}

static void add_part(const gy_walk *walk, const gy_update *u, const gy_tensor_part *p, double *sums)
{
    const gy_optim *o = walk->o;
    o->kind->add(o->settings.kind.settings, o->kernel, u, p, walk->round, sums);
}

/* A part in limbs: the sums of GY_PARAM_ALIGN elements at a time, from multiples of it on. */
static void add_in_limbs(const gy_walk *walk, const gy_update *u, double *limbs)
{
    const gy_optim *o = walk->o;
    const int64_t n = o->kind->sums(walk->part.tensor, walk->round), end = walk->part.n;
    assert(n <= EXACT);
    gy_tensor_part few = walk->part;
    for (int64_t at = 0; at < end; at += GY_PARAM_ALIGN) {
        double sums[EXACT] = {0.0};
        few.n = end - at < GY_PARAM_ALIGN ? end - at : GY_PARAM_ALIGN;
        add_part(walk, u, &few, sums);
        for (int64_t i = 0; i < n; i++) gy_limbs_add(limbs + i * GY_LIMBS, sums[i]);
        few.at += GY_PARAM_ALIGN;
        few.w += GY_PARAM_ALIGN;
        few.g += GY_PARAM_ALIGN;
        for (int i = 0; i < o->n_slots; i++)
            if (o->slots[i].at == NULL) few.slots[i] += GY_PARAM_ALIGN;
    }
}

static gy_status take_round(gy_optim *o, int round, double rate, double clip, float *w,
                            const float *g)
{
    const int64_t n = length(o, round);
    const gy_range all = {0, o->params->trainable};
    const gy_ranges everything = {&all, 1};
    const bool alone = o->sum.exact && o->replicated;
    gy_walk walk = gy_walk_begin(o, alone ? &everything : &o->share, round);
    memset(o->sums, 0, (size_t)n * sizeof *o->sums);
    if (o->limbs != NULL) memset(o->limbs, 0, (size_t)(n * GY_LIMBS) * sizeof *o->limbs);
    while (gy_walk_next(&walk, w, g)) {
        const gy_update u = gy_optim_update_of(o, walk.part.tensor, rate, clip, NULL);
        if (o->limbs != NULL)
            add_in_limbs(&walk, &u, o->limbs + walk.sums * GY_LIMBS);
        else
            add_part(&walk, &u, &walk.part, o->sums + walk.sums);
    }
    if (alone) return GY_OK;
    if (o->limbs == NULL) return add_over_owners(o, o->sums, n);
    GY_TRY(add_over_owners(o, o->limbs, n * GY_LIMBS));
    for (int64_t i = 0; i < n; i++) o->sums[i] = gy_limbs_value(o->limbs + i * GY_LIMBS);
    return GY_OK;
}

static void learn(gy_optim *o, int round, double rate, double clip)
{
    for (int i = 0; i < o->params->n; i++) {
        const gy_param *t = &o->params->v[i];
        float *slots[GY_SLOTS] = {NULL};
        if (!t->trainable) continue;
        for (int j = 0; j < o->n_slots; j++)
            if (o->slots[j].at != NULL && o->slots[j].at[i] >= 0)
                slots[j] = o->slots[j].v + o->slots[j].at[i];
        const gy_update u = gy_optim_update_of(o, t, rate, clip, NULL);
        o->kind->learn(o->settings.kind.settings, &u, t, round,
                       o->sums + gy_sums_place(o, i, round), slots);
    }
}

gy_status gy_sums_take(gy_optim *o, double rate, double clip, float *w, const float *g)
{
    for (int round = 0; round < o->kind->rounds; round++) {
        GY_TRY(take_round(o, round, rate, clip, w, g));
        if (o->kind->learn != NULL) learn(o, round, rate, clip);
    }
    return GY_OK;
}
