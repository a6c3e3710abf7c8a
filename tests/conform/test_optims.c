/*
 * What every optimizer of the list promises, with every setting of it: the same update whoever owns
 * which slices, to the bit where sums are exact, on any number of threads and in any order of tensors;
 * all it knows is its slots and its count; what is frozen stays; nothing becomes infinite where there
 * is no gradient; a loss goes down. A new optimizer is tested by being listed.
 */
#include "kinds.h"
#include "optim_owners.h"

#include <math.h>

enum { TENSORS = 6, PLACES = 2272, TRAINABLE = 2240, STEPS = 4 };

static const gy_param table[TENSORS] = {
    {"a/weight", {2, {7, 5}}, GY_ROLE_WEIGHT, true, 0, 35, NULL},
    {"a/bias", {1, {7}}, GY_ROLE_BIAS, true, 48, 7, NULL},
    {"b/weight", {4, {3, 2, 5, 6}}, GY_ROLE_KERNEL, true, 64, 180, NULL},
    {"c/weight", {2, {40, 48}}, GY_ROLE_RECURRENT, true, 256, 1920, NULL},
    {"c/gamma", {1, {48}}, GY_ROLE_NORM, true, 2176, 48, NULL},
    {"d/weight", {1, {30}}, GY_ROLE_WEIGHT, false, TRAINABLE, 30, NULL},
};
static const gy_params params = {.v = table,
                                 .n = TENSORS,
                                 .floats = PLACES,
                                 .trainable = TRAINABLE,
                                 .elements = 35 + 7 + 180 + 1920 + 48 + 30};

static const gy_range whole[] = {{0, TRAINABLE}};
static const gy_range parts[3][2] = {
    {{0, 16}, {1600, 2000}}, {{16, 400}, {400, 400}}, {{400, 1600}, {2000, TRAINABLE}}};
static const gy_ranges one[] = {{whole, 1}};
static const gy_ranges three[] = {{parts[0], 2}, {parts[1], 2}, {parts[2], 2}};

typedef struct trial {
    gy_context *ctx;
    const gy_kernel *kernel;
    gy_pool *pool;
    const gy_kind *kind;
    int variant;
    gy_optim_settings settings;
    const gy_params *params;
    float w[STEPS + 1][PLACES], g[PLACES]; /* w before each step and at the end */
} trial;

static void expect(const trial *t, bool ok, const char *what, double value)
{
    gy_test_expect(ok, t->kind, t->variant, what, value);
}

/* Numbers of a tensor depend on its name alone. */
static void fill(const gy_params *of, unsigned seed, double range, float *x)
{
    memset(x, 0, PLACES * sizeof *x);
    for (int i = 0; i < of->n; i++)
        gy_test_values(seed + 100 * (unsigned)of->v[i].count, of->v[i].count, range,
                       x + of->v[i].offset);
}

static void gradient_of(trial *t, int step)
{
    fill(t->params, 7 + (unsigned)step, 0.1 * (1 + step), t->g);
}

static gy_owners *owners(trial *t, int n, bool exact)
{
    return gy_owners_create(t->ctx, t->kernel, &t->settings, t->params, n, n > 1 ? three : one,
                            exact);
}

/* All steps, from the same weights. */
static void run(trial *t, int n, bool exact)
{
    gy_owners *all = owners(t, n, exact);
    fill(t->params, 1, 1.0, t->w[0]);
    for (int step = 0; step < STEPS; step++) {
        gradient_of(t, step);
        memcpy(t->w[step + 1], t->w[step], sizeof *t->w);
        gy_owners_update(all, 0.01, 0.7, t->w[step + 1], t->g);
    }
    for (int i = 0; i < n; i++)
        expect(t, gy_optim_count(all->v[i].o) == STEPS, "updates are miscounted", i);
    gy_owners_free(all);
}

static double difference(const float *a, const float *b)
{
    double most = 0.0;
    for (int i = 0; i < PLACES; i++) {
        const double d = fabs((double)a[i] - (double)b[i]);
        most = d <= most ? most : d; /* NaN too */
    }
    return most;
}

static bool is_same(const float *a, const float *b)
{
    return memcmp(a, b, PLACES * sizeof *a) == 0;
}

static void any_owners(trial *t, float *end)
{
    run(t, 1, false);
    memcpy(end, t->w[STEPS], PLACES * sizeof *end);
    expect(t, difference(end, t->w[0]) > 1e-6, "nothing moves", 0);
    expect(t, memcmp(end + TRAINABLE, t->w[0] + TRAINABLE, 30 * sizeof *end) == 0,
           "what is frozen moves", 0);
    for (int i = 0; i < TENSORS; i++) {
        const int next = i + 1 < TENSORS ? (int)table[i + 1].offset : PLACES;
        for (int j = (int)(table[i].offset + table[i].count); j < next; j++)
            expect(t, end[j] == 0.0f, "gaps are not zero", j);
    }
    run(t, 3, false);
    expect(t, difference(end, t->w[STEPS]) < 2e-6, "slices change it",
           difference(end, t->w[STEPS]));
    float exact[PLACES];
    run(t, 1, true);
    memcpy(exact, t->w[STEPS], sizeof exact);
    expect(t, difference(end, exact) < 2e-6, "exact sums change it", difference(end, exact));
    run(t, 3, true);
    expect(t, is_same(exact, t->w[STEPS]), "slices change its bits",
           difference(exact, t->w[STEPS]));
}

/* Goes on after two steps in new optimizers that have only the slots and the count of the old ones. */
static void any_stop(trial *t)
{
    run(t, 3, false);
    gy_owners *before = owners(t, 3, false), *after = owners(t, 3, false);
    float w[PLACES];
    memcpy(w, t->w[0], sizeof w);
    for (int step = 0; step < STEPS; step++) {
        gradient_of(t, step);
        gy_owners_update(step < 2 ? before : after, 0.01, 0.7, w, t->g);
        for (int i = 0; step == 1 && i < 3; i++) {
            gy_optim *from = before->v[i].o, *to = after->v[i].o;
            gy_optim_set_count(to, gy_optim_count(from));
            for (int s = 0; s < gy_optim_slots(from); s++)
                memcpy(gy_optim_slot(to, s), gy_optim_slot(from, s),
                       (size_t)gy_optim_slot_floats(from, s) * sizeof(float));
        }
    }
    expect(t, is_same(w, t->w[STEPS]), "it knows more than its slots and count",
           difference(w, t->w[STEPS]));
    gy_owners_free(before);
    gy_owners_free(after);
}

/* The same tensors the other way round. */
static void any_order(trial *t, const float *end)
{
    gy_param turned[TENSORS];
    gy_params other = params;
    int64_t at = 0;
    other.v = turned;
    for (int i = 0; i < TENSORS; i++) {
        turned[i] = i < TENSORS - 1 ? table[TENSORS - 2 - i] : table[i];
        turned[i].offset = at;
        at += (turned[i].count + GY_PARAM_ALIGN - 1) / GY_PARAM_ALIGN * GY_PARAM_ALIGN;
    }
    t->params = &other;
    run(t, 1, false);
    for (int i = 0; i < TENSORS; i++) {
        const int from = i < TENSORS - 1 ? TENSORS - 2 - i : i;
        expect(t,
               memcmp(t->w[STEPS] + turned[i].offset, end + table[from].offset,
                      (size_t)table[from].count * sizeof *end) == 0,
               "the order of tensors changes it", i);
    }
    t->params = &params;
}

static void no_gradient(trial *t)
{
    gy_owners *all = owners(t, 1, false);
    float w[PLACES];
    fill(&params, 1, 1.0, w);
    memset(w + table[0].offset, 0, (size_t)table[0].count * sizeof *w);
    for (int step = 0; step < 6; step++) { /* none, one, none any more */
        memset(t->g, 0, sizeof t->g);
        if (step == 2) gradient_of(t, step);
        gy_owners_update(all, 0.01, 1.0, w, t->g);
    }
    for (int i = 0; i < PLACES; i++) expect(t, isfinite(w[i]), "without gradient w is lost", i);
    gy_owners_free(all);
}

static double size_of(const float *w)
{
    double sum = 0.0;
    for (int i = 0; i < TRAINABLE; i++) sum += (double)w[i] * (double)w[i];
    return sum;
}

/* Clipping is of the gradient; decay is of weights, and makes these smaller. */
static void clip_and_decay(trial *t, const float *end)
{
    gy_owners *all = owners(t, 1, false);
    float w[PLACES];
    fill(&params, 1, 1.0, w);
    for (int step = 0; step < STEPS; step++) {
        gradient_of(t, step);
        for (int i = 0; i < PLACES; i++) t->g[i] *= 0.7f;
        gy_owners_update(all, 0.01, 1.0, w, t->g);
    }
    expect(t, difference(w, end) < 2e-6, "clipping is not of the gradient", difference(w, end));
    gy_owners_free(all);
    t->settings.weight_decay = 0.5;
    run(t, 1, false);
    t->settings.weight_decay = 0.0;
    for (int i = 0; i < TENSORS - 1; i++) {
        const gy_param *p = &table[i];
        const size_t bytes = (size_t)p->count * sizeof *w;
        expect(t,
               (memcmp(t->w[STEPS] + p->offset, end + p->offset, bytes) == 0) !=
                   gy_role_decays(p->role),
               "decay is not of weights", i);
    }
    expect(t, size_of(t->w[STEPS]) < size_of(end), "decay makes nothing smaller", 0);
}

/* Half the squared distance from 0.5. */
static double descend(const trial *t, const float *w, float *g)
{
    double loss = 0.0;
    memset(g, 0, PLACES * sizeof *g);
    for (int i = 0; i < TENSORS - 1; i++)
        for (int64_t j = table[i].offset; j < table[i].offset + table[i].count; j++) {
            g[j] = w[j] - 0.5f;
            loss += 0.5 * (double)g[j] * (double)g[j];
        }
    (void)t;
    return loss;
}

static void goes_down(trial *t)
{
    gy_owners *all = owners(t, 1, false);
    float w[PLACES];
    fill(&params, 1, 1.0, w);
    const double first = descend(t, w, t->g);
    for (int step = 0; step < 60; step++) {
        gy_owners_update(all, 0.02, 1.0, w, t->g);
        (void)descend(t, w, t->g);
    }
    const double last = descend(t, w, t->g);
    expect(t, last < 0.995 * first, "the loss does not go down", last / first);
    gy_owners_free(all);
}

static void memory_may_fail(trial *t)
{
    gy_optim *o = NULL;
    gy_status status = GY_E_NOMEM;
    for (int n = 1; status == GY_E_NOMEM; n++) {
        gy_alloc_fail_at(t->ctx, n);
        status = gy_optim_create(t->ctx, t->kernel, &t->settings, &params, &three[1],
                                 &(gy_optim_sum){.exact = true}, &o);
        expect(t, status == GY_OK || status == GY_E_NOMEM, "a failure is another", n);
    }
    gy_alloc_fail_at(t->ctx, 0);
    gy_optim_free(o);
}

static float before[64][PLACES]; /* of each kind and variant with one thread */

static void try_all(const gy_kernel *k)
{
    trial t = {.ctx = gy_test_context(), .kernel = k, .params = &params};
    gy_pool pool;
    int number = 0;
    gy_pool_init(&pool, t.ctx);
    for (int i = 0; i < gy_optim_registry.n; i++) {
        t.kind = gy_optim_registry.kinds[i];
        for (t.variant = 0; t.variant < gy_test_variants(t.kind); t.variant++, number++) {
            float end[PLACES];
            t.settings =
                (gy_optim_settings){.kind = {t.kind, gy_test_variant(t.kind, t.variant, &pool)}};
            any_owners(&t, end);
            any_stop(&t);
            any_order(&t, end);
            no_gradient(&t);
            clip_and_decay(&t, end);
            goes_down(&t);
            memory_may_fail(&t);
            CU_ASSERT_TRUE_FATAL(number < 64);
            if (gy_kernel_threads(k) == 1)
                memcpy(before[number], end, sizeof end);
            else
                expect(&t, is_same(before[number], end), "threads change it", 0);
        }
    }
    gy_pool_clear(&pool);
    gy_test_end(t.ctx);
}

static void every_optimizer_keeps_its_promises(void)
{
    gy_test_levels(try_all);
}

GY_TEST_MAIN(GY_TEST(every_optimizer_keeps_its_promises))
