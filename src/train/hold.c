/*
 * What training keeps of tensors that were made smaller, by the holds of the checkpoint that it began or
 * goes on with: what is zero stays zero, what is equal stays equal.
 *
 * Of the gradient only what lies in the subspace of such values is followed: zero where the value is zero,
 * elsewhere the mean over the elements of that value. So a learning rate means what it did before, and
 * nothing but the values themselves says which belong together: a run that goes on finds the same.
 */
#include "train_impl.h"

#include <stdlib.h>
#include <string.h>

/* A tensor whose equal values stay equal. */
typedef struct gy_tie {
    int64_t offset, count;
    int32_t *group; /* [count] of each element; −1: zero */
    float *values;  /* [n] of the groups, ascending */
    double *sums;   /* [n] */
    int64_t *members;
    int n;
} gy_tie;

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The distinct values of a tensor but zero. */
static void find_values(gy_tie *t, const float *w, float *sorted)
{
    memcpy(sorted, w, (size_t)t->count * sizeof *sorted);
    qsort(sorted, (size_t)t->count, sizeof *sorted, ascending);
    t->n = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (sorted[i] == 0 || (t->n > 0 && sorted[i] == sorted[t->n - 1])) continue;
        sorted[t->n++] = sorted[i];
    }
}

static void find_groups(gy_tie *t, const float *w)
{
    for (int64_t i = 0; i < t->count; i++) {
        const float *at =
            w[i] == 0 ? NULL : bsearch(&w[i], t->values, (size_t)t->n, sizeof *w, ascending);
        t->group[i] = at == NULL ? -1 : (int32_t)(at - t->values);
    }
}

static gy_status tie(gy_run *run, const gy_param *p, gy_tie *t)
{
    const float *w = gy_model_values(run->network.model) + p->offset;
    *t = (gy_tie){.offset = p->offset, .count = p->count};
    GY_REQUIRE(p->count < INT32_MAX, GY_E_CONFIG,
               "clusters of %s cannot be kept" GY_WHY "it has too many elements", p->name);
    GY_TRY(gy_pool_array(&run->pool, p->count, &t->group));
    GY_TRY(gy_pool_array(&run->pool, p->count, &t->values));
    find_values(t, w, t->values);
    GY_TRY(gy_pool_array(&run->pool, t->n, &t->sums));
    GY_TRY(gy_pool_array(&run->pool, t->n, &t->members));
    find_groups(t, w);
    return GY_OK;
}

static gy_status tie_all(gy_run *run)
{
    const gy_params *params = gy_model_params(run->network.model);
    GY_TRY(gy_pool_array(&run->pool, params->n, &run->ties));
    for (int i = 0; i < params->n; i++) {
        if (run->holds[i] != GY_HOLD_CLUSTERS || !params->v[i].trainable) continue;
        GY_REQUIRE(!gy_sync_is_sharded(run->sync), GY_E_CONFIG,
                   "clusters cannot be kept" GY_AT "comm.shard_optimizer" GY_WHY
                   "each rank has a part of the gradients of %s alone" GY_HINT
                   "set comm.shard_optimizer: false",
                   params->v[i].name);
        GY_TRY(tie(run, &params->v[i], &run->ties[run->n_ties++]));
    }
    return GY_OK;
}

gy_status gy_run_take_holds(gy_run *run, const char *path)
{
    const gy_params *params = gy_model_params(run->network.model);
    bool any = false;
    GY_TRY(gy_comm_agree(run->comm, gy_pool_array(&run->pool, params->n, &run->holds)));
    GY_TRY(gy_checkpoint_read_holds(run->ctx, run->comm, path, params, run->holds));
    for (int i = 0; i < params->n; i++) any = any || run->holds[i] != GY_HOLD_NOTHING;
    if (!any) run->holds = NULL;
    return gy_comm_agree(run->comm, any ? tie_all(run) : GY_OK);
}

static void keep_zeros(const gy_param *p, const float *w, float *g)
{
    for (int64_t i = p->offset; i < p->offset + p->count; i++)
        if (w[i] == 0) g[i] = 0;
}

/* Each group's mean of x in its place; 0 where there is none. */
static void put_means(gy_tie *t, float *x)
{
    memset(t->sums, 0, (size_t)t->n * sizeof *t->sums);
    memset(t->members, 0, (size_t)t->n * sizeof *t->members);
    for (int64_t i = 0; i < t->count; i++) {
        if (t->group[i] < 0) continue;
        t->sums[t->group[i]] += (double)x[i];
        t->members[t->group[i]]++;
    }
    for (int64_t i = 0; i < t->count; i++)
        x[i] =
            t->group[i] < 0 ? 0 : (float)(t->sums[t->group[i]] / (double)t->members[t->group[i]]);
}

void gy_run_hold_gradients(gy_run *run)
{
    const gy_params *params = gy_model_params(run->network.model);
    const float *w = gy_model_values(run->network.model);
    float *g = gy_model_gradients(run->network.model);
    for (int i = 0; i < params->n && run->holds != NULL; i++)
        if (run->holds[i] == GY_HOLD_ZEROS && params->v[i].trainable && !gy_run_masks(run, i))
            keep_zeros(&params->v[i], w, g);
    gy_run_mask_gradients(run);
    for (int i = 0; i < run->n_ties; i++) put_means(&run->ties[i], g + run->ties[i].offset);
}

/* Values that have met belong together from now on. */
static void regroup(gy_tie *t, const float *w)
{
    float *v = t->values;
    for (int64_t i = 0; i < t->count; i++)
        if (t->group[i] >= 0) v[t->group[i]] = w[i];
    qsort(v, (size_t)t->n, sizeof *v, ascending);
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if (v[i] != 0 && (n == 0 || v[i] != v[n - 1])) v[n++] = v[i];
    t->n = n;
    find_groups(t, w);
}

void gy_run_hold_values(gy_run *run)
{
    for (int i = 0; i < run->n_ties; i++) {
        float *w = gy_model_values(run->network.model) + run->ties[i].offset;
        put_means(&run->ties[i], w);
        regroup(&run->ties[i], w);
    }
}
