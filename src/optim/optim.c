/*
 * The optimizer of slices of the flat vector: penalties, clipping, and one update after another, which
 * it counts. What is done to a part of a tensor is the kind's.
 *
 * Invariant: gaps between tensors are zero in w, g and slots, and stay so, since no pass touches
 * them.
 */
#include "optim_impl.h"

#include "kernel/elementwise.h"
#include "optim_list.h"

#include <math.h>

#define ENTRY(name) &gy_optim_##name.kind,
GY_REGISTRY(gy_optim_registry, "optimizer", ENTRY, GY_OPTIM_LIST)

#define AT(field) .offset = offsetof(gy_optim_settings, field)
const gy_setting gy_optim_setting_rows[] = {
    {.key = "kind",
     .type = GY_SETTING_KIND,
     AT(kind),
     .standard = "adamw",
     .registry = &gy_optim_registry,
     .help = "the method"},
    {.key = "learning_rate",
     .type = GY_SETTING_FLOAT,
     AT(learning_rate),
     .standard = "0.001",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "length of the steps; see schedule"},
    {.key = "weight_decay",
     .type = GY_SETTING_FLOAT,
     AT(weight_decay),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "share of the weights taken off, as each method's paper has it"},
    {.key = "decay_all",
     .type = GY_SETTING_BOOL,
     AT(decay_all),
     .standard = "false",
     .help = "weight_decay, l1 and l2 act on biases and norms too"},
    {.key = "l1",
     .type = GY_SETTING_FLOAT,
     AT(l1),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "penalty l1 |w|; part of the gradient, not of the logged loss"},
    {.key = "l2",
     .type = GY_SETTING_FLOAT,
     AT(l2),
     .standard = "0.0",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "penalty l2/2 w²; likewise"},
    GY_SETTING_END,
};

gy_status gy_optim_plain(gy_pool *pool, gy_optim_settings *out)
{
    const gy_kind *sgd = &gy_optim_sgd.kind;
    *out = (gy_optim_settings){.kind = {.kind = sgd}};
    GY_TRY(gy_pool_alloc(pool, sgd->settings_size, &out->kind.settings));
    return gy_settings_default(sgd->settings, pool, out->kind.settings);
}

gy_status gy_optim_create(gy_context *ctx, const gy_kernel *k, const gy_optim_settings *settings,
                          const gy_params *params, const gy_ranges *share, const gy_optim_sum *sum,
                          gy_optim **out)
{
    gy_status status;
    gy_optim *o = NULL;
    GY_TRY(gy_new(ctx, &o));
    o->ctx = ctx;
    o->kernel = k;
    o->settings = *settings;
    o->kind = (const gy_optim_kind *)settings->kind.kind;
    o->params = params;
    if (sum != NULL) o->sum = *sum;
    GY_TRY_GOTO(fail, gy_new_array(ctx, share->n, &o->ranges));
    for (int i = 0; i < share->n; i++) o->ranges[i] = share->v[i];
    o->share = (gy_ranges){o->ranges, share->n};
    GY_TRY_GOTO(fail, gy_slots_create(o));
    GY_TRY_GOTO(fail, gy_sums_create(o));
    *out = o;
    return GY_OK;
fail:
    gy_optim_free(o);
    return status;
}

void gy_optim_free(gy_optim *o)
{
    if (o == NULL) return;
    gy_slots_free(o);
    gy_free(o->ctx, o->places);
    gy_free(o->ctx, o->sums);
    gy_free(o->ctx, o->limbs);
    gy_free(o->ctx, o->ranges);
    gy_free(o->ctx, o);
}

int64_t gy_optim_count(const gy_optim *o)
{
    return o->count;
}

void gy_optim_set_count(gy_optim *o, int64_t count)
{
    o->count = count;
}

static bool decays(const gy_optim *o, const gy_param *tensor)
{
    return o->settings.decay_all || gy_role_decays(tensor->role);
}

static double prepare(const gy_optim *o, const gy_ranges *ranges, const float *w, float *g)
{
    const float l1 = (float)o->settings.l1, l2 = (float)o->settings.l2;
    double squares = 0.0;
    for (gy_walk walk = gy_walk_begin(o, ranges, 0); gy_walk_next(&walk, NULL, NULL);) {
        const int64_t at = walk.part.tensor->offset + walk.part.at, n = walk.part.n;
        squares += decays(o, walk.part.tensor) && (l1 > 0.0f || l2 > 0.0f)
                       ? gy_penalize(o->kernel, n, l1, l2, w + at, g + at)
                       : gy_sum_squares(o->kernel, n, g + at);
    }
    return squares;
}

double gy_optim_prepare(const gy_optim *o, const float *w, float *g)
{
    return prepare(o, &o->share, w, g);
}

double gy_optim_prepare_all(const gy_optim *o, const float *w, float *g)
{
    const gy_range all = {0, o->params->trainable};
    return prepare(o, &(gy_ranges){&all, 1}, w, g);
}

double gy_clip_factor(double clip_norm, double norm)
{
    return clip_norm > 0.0 ? fmin(1.0, clip_norm / (norm + 1e-6)) : 1.0;
}

gy_update gy_optim_update_of(const gy_optim *o, const gy_param *tensor, double rate, double clip,
                             const double *sums)
{
    const bool acts = decays(o, tensor);
    return (gy_update){.count = o->count + 1,
                       .rate = rate,
                       .clip = clip,
                       .weight_decay = acts ? o->settings.weight_decay : 0.0,
                       .scaled = acts,
                       .sums = sums};
}

gy_status gy_optim_update(gy_optim *o, double rate, double clip, float *w, const float *g)
{
    const int rounds = o->kind->rounds;
    GY_TRY(gy_sums_take(o, rate, clip, w, g));
    gy_walk walk = gy_walk_begin(o, &o->share, rounds > 0 ? rounds - 1 : 0);
    while (gy_walk_next(&walk, w, g)) {
        const double *sums = rounds > 0 ? o->sums + walk.sums : NULL;
        const gy_update u = gy_optim_update_of(o, walk.part.tensor, rate, clip, sums);
        o->kind->update(o->settings.kind.settings, o->kernel, &u, &walk.part);
    }
    o->count++;
    return GY_OK;
}
