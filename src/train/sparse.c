/*
 * Dynamic sparse training (sparse): which weights there are at all. The mask changes every so many steps:
 *
 *     how many    a cubic rise of the sparsity from a dense start (Zhu, Gupta 2017, "To prune, or not to
 *                 prune"), or all of it from a random start. Each tensor has its share by Erdős–Rényi–Kernel:
 *                 density in proportion to Σ lengths / Π lengths of its shape
 *     which       the largest stay; a part, which falls as half a cosine, grows again where the gradient of
 *                 the whole batch is largest (Evci et al. 2020, "Rigging the lottery": RigL)
 *
 * Invariants
 * 1. All ranks decide alike: by values, by the summed gradients, by the seed, ties by place.
 * 2. What is decided of a step is done when the step counts, and forgotten when it is skipped.
 * 3. A weight that is not there is 0, so are its gradient, its moments and its average: it stays so.
 * 4. The mask is in checkpoints, as a vector like a moment. Its tensors are kept so by whoever goes on
 *    with them (hold.c).
 */
#include "train_impl.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/select.h"

#include <math.h>
#include <string.h>

/* A tensor of weights. */
typedef struct part {
    const gy_param *p;
    double raw; /* its density, but for a factor that all have */
} part;

struct gy_sparsity {
    float *mask, *next; /* [trainable] 1: it is there; of the step under way */
    float *key, *rank;  /* [most] of a tensor's elements */
    part *parts;
    int n;
    int64_t weights; /* elements of all */
    bool is_known;   /* from a checkpoint */
    bool changes;    /* in the step under way */
    gy_sparsity_change change;
};

static bool is_sparse(const gy_param *p)
{
    return gy_role_is_weight(p->role) && p->trainable;
}

/* Gaps and what is no weight are always there. */
static void fill(const gy_run *run, float *mask)
{
    const int64_t n = gy_model_params(run->network.model)->trainable;
    for (int64_t i = 0; i < n; i++) mask[i] = 1;
}

static void list_parts(gy_sparsity *s, const gy_params *params)
{
    for (int i = 0; i < params->n; i++) {
        const gy_param *p = &params->v[i];
        double sum = 0;
        if (!is_sparse(p)) continue;
        for (int d = 0; d < p->shape.n; d++) sum += (double)p->shape.d[d];
        s->parts[s->n++] = (part){p, sum / (double)p->count};
        s->weights += p->count;
    }
}

gy_status gy_run_check_sparsity(const gy_run *run)
{
    const gy_sparse_settings *c = &run->config->sparse;
    const bool reaches = c->target == 0 || c->start == GY_SPARSE_RANDOM || c->end_step < run->steps;
    GY_REQUIRE(reaches, GY_E_CONFIG,
               "the target is not reached" GY_AT "sparse.end_step: %lld" GY_WHY
               "the run ends after %lld steps" GY_HINT "set sparse.end_step below that",
               (long long)c->end_step, (long long)run->steps);
    return GY_OK;
}

gy_status gy_run_make_sparsity(gy_run *run)
{
    gy_sparsity *s = NULL;
    const gy_params *params = gy_model_params(run->network.model);
    int64_t most = 0;
    if (run->config->sparse.target <= 0) return GY_OK;
    GY_TRY(gy_pool_new(&run->pool, &s));
    GY_TRY(gy_pool_array(&run->pool, params->n, &s->parts));
    list_parts(s, params);
    GY_REQUIRE(s->n > 0, GY_E_CONFIG,
               "nothing to make sparse" GY_AT "sparse.target" GY_WHY
               "no layer has weights that are trained" GY_HINT "leave sparse out");
    for (int i = 0; i < s->n; i++)
        if (s->parts[i].p->count > most) most = s->parts[i].p->count;
    GY_TRY(gy_pool_array(&run->pool, params->trainable, &s->mask));
    GY_TRY(gy_pool_array(&run->pool, params->trainable, &s->next));
    GY_TRY(gy_pool_array(&run->pool, most, &s->key));
    GY_TRY(gy_pool_array(&run->pool, most, &s->rank));
    fill(run, s->mask);
    run->sparsity = s;
    return GY_OK;
}

float *gy_run_mask(gy_run *run)
{
    return run->sparsity == NULL ? NULL : run->sparsity->mask;
}

void gy_run_know_mask(gy_run *run)
{
    run->sparsity->is_known = true;
}

/* How many */

/* The factor by which densities make `wanted` elements in all, none of them above 1. */
static double factor_of(const gy_sparsity *s, double wanted)
{
    double factor = 0;
    for (int turn = 0; turn <= s->n; turn++) { /* each turn finds one more that is full, or none */
        double left = wanted, sum = 0;
        int full = 0, more = 0;
        for (int i = 0; i < s->n; i++) {
            const double count = (double)s->parts[i].p->count;
            const bool is_full = factor * s->parts[i].raw >= 1;
            full += is_full;
            left -= is_full ? count : 0;
            sum += is_full ? 0 : count * s->parts[i].raw;
        }
        if (full == s->n || left <= 0) break;
        factor = left / sum;
        for (int i = 0; i < s->n; i++) more += factor * s->parts[i].raw >= 1;
        if (more == full) break;
    }
    return factor;
}

/* Elements of a tensor that are to be there, at least one. */
static int64_t wanted_of(const part *t, double factor)
{
    const double density = fmin(1, factor * t->raw);
    const int64_t n = (int64_t)llround(density * (double)t->p->count);
    return n > 0 ? n : 1;
}

/* How far between start_step and end_step: 0 to 1. */
static double progress_of(const gy_run *run)
{
    const gy_sparse_settings *c = &run->config->sparse;
    if (run->at.step >= c->end_step) return 1;
    return (double)(run->at.step - c->start_step) / (double)(c->end_step - c->start_step);
}

static double sparsity_at(const gy_run *run, double progress)
{
    const double left = 1 - progress, target = run->config->sparse.target;
    return run->config->sparse.start == GY_SPARSE_RANDOM ? target
                                                         : target * (1 - left * left * left);
}

static bool is_due(const gy_run *run)
{
    const gy_sparse_settings *c = &run->config->sparse;
    const int64_t step = run->at.step;
    const bool stays = c->start == GY_SPARSE_RANDOM && c->regrow == 0;
    if (stays || step < c->start_step || step > c->end_step) return false;
    return step == c->end_step || (step - c->start_step) % c->every_steps == 0;
}

/* Which */

/* Marks the n elements with the largest keys, of equal ones the first; negative keys never. */
static void take_largest(gy_sparsity *s, int64_t count, int64_t n, float *mask)
{
    int64_t candidates = 0;
    for (int64_t i = 0; i < count; i++)
        if (s->key[i] >= 0) s->rank[candidates++] = s->key[i];
    if (n > candidates) n = candidates;
    if (n <= 0) return;
    const float least = gy_kth_largest(s->rank, candidates, n);
    for (int64_t i = 0; i < count; i++)
        if (s->key[i] > least) n--;
    for (int64_t i = 0; i < count; i++) {
        const bool is_one = s->key[i] > least || (s->key[i] == least && n-- > 0);
        if (is_one) mask[i] = 1;
    }
}

/* Of what is not finite nothing is decided: the step is skipped. */
static float size_of(float x)
{
    const float size = fabsf(x);
    return isfinite(size) ? size : 0;
}

static void decide(gy_sparsity *s, const part *t, int64_t wanted, double regrow, const float *w,
                   const float *g)
{
    const int64_t at = t->p->offset, count = t->p->count;
    const float *mask = s->mask + at;
    float *next = s->next + at;
    int64_t there = 0, grown = 0;
    for (int64_t i = 0; i < count; i++) there += mask[i] != 0;
    if (wanted > there) wanted = there;
    const int64_t grow = llround(regrow * (double)wanted);
    for (int64_t i = 0; i < count; i++) next[i] = 0;
    for (int64_t i = 0; i < count; i++) s->key[i] = mask[i] != 0 ? size_of(w[at + i]) : -1;
    take_largest(s, count, wanted - grow, next);
    for (int64_t i = 0; i < count; i++) s->key[i] = next[i] == 0 ? size_of(g[at + i]) : -1;
    take_largest(s, count, grow, next);
    for (int64_t i = 0; i < count; i++) grown += next[i] != 0 && mask[i] == 0;
    s->change.grown += grown;
    s->change.dropped += there - (wanted - grown);
    s->change.there += wanted;
}

void gy_run_decide_sparsity(gy_run *run)
{
    gy_sparsity *s = run->sparsity;
    if (s == NULL) return;
    s->changes = is_due(run);
    if (!s->changes) return;
    const double progress = progress_of(run), pi = 3.14159265358979323846;
    const double regrow = run->config->sparse.regrow * 0.5 * (1 + cos(pi * progress));
    const double density = 1 - sparsity_at(run, progress);
    const double factor = factor_of(s, density * (double)s->weights);
    s->change = (gy_sparsity_change){.of = s->weights};
    fill(run, s->next);
    for (int i = 0; i < s->n; i++)
        decide(s, &s->parts[i], wanted_of(&s->parts[i], factor), regrow,
               gy_model_values(run->network.model), gy_model_gradients(run->network.model));
}

/* What is done with it */

static void clear_gone(const gy_sparsity *s, float *x)
{
    for (int i = 0; i < s->n; i++) {
        const gy_param *p = s->parts[i].p;
        for (int64_t j = p->offset; j < p->offset + p->count; j++)
            x[j] = s->mask[j] != 0 ? x[j] : 0;
    }
}

void gy_run_mask_gradients(gy_run *run)
{
    const gy_sparsity *s = run->sparsity;
    if (s == NULL) return;
    const float *mask = s->changes ? s->next : s->mask;
    float *g = gy_model_gradients(run->network.model);
    for (int i = 0; i < s->n; i++) {
        const gy_param *p = s->parts[i].p;
        for (int64_t j = p->offset; j < p->offset + p->count; j++)
            g[j] *= mask[j]; /* what is not finite stays so, and the step is skipped */
    }
}

/* Values, average, and moments that are cut like the parameters: all of them are here. */
static void clear_state(gy_run *run)
{
    const gy_sparsity *s = run->sparsity;
    clear_gone(s, gy_model_values(run->network.model));
    if (run->average != NULL) clear_gone(s, run->average);
    for (int i = 0; i < gy_optim_slots(run->optim); i++)
        if (gy_optim_slot_table(run->optim, i) == NULL) clear_gone(s, gy_optim_slot(run->optim, i));
}

void gy_run_take_sparsity(gy_run *run)
{
    gy_sparsity *s = run->sparsity;
    if (s == NULL || !s->changes) return;
    float *kept = s->mask;
    s->mask = s->next;
    s->next = kept;
    clear_state(run);
    const bool rose = run->config->sparse.start == GY_SPARSE_DENSE;
    if (rose && run->at.step == run->config->sparse.end_step)
        run->at.best.value = NAN; /* of more weights */
}

const gy_sparsity_change *gy_run_sparsity_change(const gy_run *run)
{
    const gy_sparsity *s = run->sparsity;
    return s == NULL || !s->changes ? NULL : &s->change;
}

bool gy_run_masks(const gy_run *run, int param)
{
    return run->sparsity != NULL && is_sparse(&gy_model_params(run->network.model)->v[param]);
}

/* The first of the tensor's elements in an order of its own, drawn from the seed and its name. */
static void draw(const gy_run *run, const part *t, int64_t wanted, float *mask)
{
    const gy_rng key = {.seed = (uint64_t)run->config->seed,
                        .use = GY_RNG_SPARSE,
                        .stream = (uint32_t)gy_hash(t->p->name, strlen(t->p->name))};
    for (int64_t i = 0; i < t->p->count; i++) mask[t->p->offset + i] = 0;
    for (int64_t i = 0; i < wanted; i++)
        mask[t->p->offset + gy_rng_permute(key, i, t->p->count)] = 1;
}

/* Of tensors that have been pruned what is zero is not there. */
static void take_zeros(const gy_run *run, const gy_param *p, float *mask)
{
    const float *w = gy_model_values(run->network.model);
    for (int64_t i = p->offset; i < p->offset + p->count; i++) mask[i] = w[i] != 0 ? 1 : 0;
}

static void begin_mask(gy_run *run)
{
    gy_sparsity *s = run->sparsity;
    const gy_params *params = gy_model_params(run->network.model);
    const double density = 1 - run->config->sparse.target;
    const double factor = factor_of(s, density * (double)s->weights);
    for (int i = 0; i < params->n && run->holds != NULL; i++)
        if (run->holds[i] == GY_HOLD_ZEROS && gy_run_masks(run, i))
            take_zeros(run, &params->v[i], s->mask);
    for (int i = 0; i < s->n && run->config->sparse.start == GY_SPARSE_RANDOM; i++)
        draw(run, &s->parts[i], wanted_of(&s->parts[i], factor), s->mask);
}

/* Whoever goes on with them keeps what is zero. */
static gy_status hold_zeros(gy_run *run)
{
    const gy_params *params = gy_model_params(run->network.model);
    if (run->holds == NULL) GY_TRY(gy_pool_array(&run->pool, params->n, &run->holds));
    for (int i = 0; i < params->n; i++) {
        if (!gy_run_masks(run, i)) continue;
        GY_REQUIRE(run->holds[i] != GY_HOLD_CLUSTERS, GY_E_CONFIG,
                   "clusters cannot be kept" GY_AT "sparse" GY_WHY
                   "the values of %s are shared, and may not come and go" GY_HINT
                   "leave sparse out, or start from a checkpoint without clusters",
                   params->v[i].name);
        run->holds[i] = GY_HOLD_ZEROS;
    }
    return GY_OK;
}

gy_status gy_run_begin_sparsity(gy_run *run)
{
    if (run->sparsity == NULL) return GY_OK;
    if (!run->sparsity->is_known) begin_mask(run);
    GY_TRY(gy_comm_agree(run->comm, hold_zeros(run)));
    clear_state(run);
    return GY_OK;
}
