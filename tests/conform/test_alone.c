/*
 * In evaluation what a sample gives depends on the sample alone, at the levels that promise it, in every precision:
 * for every sample of every kind of layer it has the same bits by itself, among others, and wherever it stands.
 */
#include "gy_test.h"
#include "layer_trial.h"
#include "levels.h"

#include "layer/layer_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = 48 };

/* A model of the sample's layer alone, and inputs. */
typedef struct alone {
    gy_trial *t;
    gy_model *m;
    int64_t inputs, outputs; /* of one sample */
    float *x, *y;            /* [ALL, …]; y: what all of them together give */
} alone;

static void fill(const gy_trial *t, gy_rng key, int64_t n, float *x)
{
    const uint64_t vocabulary = (uint64_t)t->sample->vocabulary;
    for (int64_t i = 0; i < n; i++)
        x[i] = vocabulary > 0 ? (float)(gy_rng_word(key, (uint64_t)i, 0) % vocabulary)
                              : (float)gy_rng_normal(key, (uint64_t)i, 0);
}

/* turn: samples that go through all layers together; 0: as the model likes. */
static gy_status begin(gy_trial *t, int64_t turn, alone *a)
{
    const gy_model_spec spec = {.input = t->sample->in,
                                .layers = {t->specs + 1, 1},
                                .where = "sample",
                                .threads = gy_kernel_threads(t->kernel)};
    *a = (alone){.t = t};
    GY_TRY(gy_model_create(t->ctx, &spec, &a->m));
    a->m->turn = turn;
    GY_TRY(gy_model_allocate(a->m, false));
    GY_TRY(gy_model_start(a->m, 11));
    const gy_rng key = {6, GY_RNG_INIT, 4};
    for (int64_t i = 0; i < gy_model_params(a->m)->floats; i++)
        gy_model_values(a->m)[i] += (float)(0.25 * gy_rng_normal(key, (uint64_t)i, 1));
    a->inputs = gy_shape_count(&t->sample->in);
    a->outputs = gy_shape_count(gy_model_output(a->m));
    GY_TRY(gy_pool_array(&t->pool, ALL * a->inputs, &a->x));
    GY_TRY(gy_pool_array(&t->pool, ALL * a->outputs, &a->y));
    fill(t, key, ALL * a->inputs, a->x);
    return gy_model_plan(a->m, ALL, GY_USE_EVALUATION);
}

static const float *pass(alone *a, int64_t first, int64_t n)
{
    float *y = NULL;
    gy_model_run run = gy_trial_run(a->t);
    gy_trial_spoil(a->m);
    if (gy_model_forward(a->m, &run, n, a->x + first * a->inputs, &y) != GY_OK) CU_FAIL("forward");
    return y;
}

static void check(alone *a)
{
    static const int64_t parts[] = {1, 5, 8, 13};
    memcpy(a->y, pass(a, 0, ALL), (size_t)(ALL * a->outputs) * sizeof *a->y);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (int64_t first = 0; first + parts[i] <= ALL; first += parts[i] + 11) {
            const float *y = pass(a, first, parts[i]);
            const size_t bytes = (size_t)(parts[i] * a->outputs) * sizeof *y;
            const bool same = memcmp(y, a->y + first * a->outputs, bytes) == 0;
            if (!same)
                printf("\n    %s: %lld samples from %lld on give others", a->t->sample->yaml,
                       (long long)parts[i], (long long)first);
            CU_ASSERT(same);
            if (!same) return;
        }
}

/* Whether a pass takes its samples in turns does not show. */
static void check_turns(gy_trial *t, const float *want)
{
    alone a;
    CU_ASSERT_EQUAL_FATAL(begin(t, 5, &a), GY_OK);
    CU_ASSERT_EQUAL(gy_plan_check(a.m, a.m->plan), GY_OK);
    CU_ASSERT_EQUAL(memcmp(pass(&a, 0, ALL), want, (size_t)(ALL * a.outputs) * sizeof *want), 0);
    gy_model_free(a.m);
}

/* emulate: NULL, or what has products made otherwise. */
static void check_samples(gy_precision precision, void (*emulate)(gy_kernel *k),
                          const gy_layer_sample *s)
{
    for (; s->yaml != NULL; s++) {
        gy_trial t;
        alone a = {.t = &t};
        if (gy_trial_begin(&t, s, precision) == GY_OK && begin(&t, 0, &a) == GY_OK) {
            if (emulate != NULL) emulate(t.kernel);
            check(&a);
            check_turns(&t, a.y);
        } else if (strstr(gy_error_last()->text, "there is no") == NULL) {
            CU_FAIL("a sample is not valid");
        }
        gy_model_free(a.m);
        gy_trial_end(&t);
    }
}

/* So large that they are computed in other ways than the kinds' own. */
static const gy_layer_sample large[] = {
    {.yaml = "dense: {units: 40, activation: softmax}", .in = {1, {900}}},
    {.yaml = "conv1d: {filters: 512, kernel: 1}", .in = {2, {3, 256}}},
    {.yaml = "conv1d_transposed: {filters: 256, kernel: 1}", .in = {2, {3, 512}}},
    {.yaml = "conv2d: {filters: 32, kernel: 3}", .in = {3, {9, 9, 16}}},
    {.yaml = "conv2d: {filters: 40, kernel: 3, groups: 2, algorithm: gemm}", .in = {3, {5, 5, 8}}},
    {.yaml = "lstm: {units: 33}", .in = {2, {1, 5}}},
    {.yaml = NULL},
};

static void check_precision(gy_precision precision, void (*emulate)(gy_kernel *k))
{
    for (int i = 0; i < gy_layer_registry.n; i++)
        check_samples(precision, emulate, gy_layer_kind_of(gy_layer_registry.kinds[i])->samples);
    check_samples(precision, emulate, large);
}

static void samples_are_on_their_own(void)
{
    for (int level = GY_SIMD_v3; level <= (int)gy_simd_best(); level++) {
        setenv("GYRE_SIMD", gy_simd_names[level], 1);
        for (int precision = 0; precision < GY_PRECISION_COUNT; precision++)
            check_precision((gy_precision)precision, NULL);
        unsetenv("GYRE_SIMD");
    }
}

static void so_they_are_in_pairs_and_tiles(void)
{
    if (gy_simd_best() < GY_SIMD_v3) return;
    check_precision(GY_PRECISION_bfloat16, gy_test_emulate_pairs);
    check_precision(GY_PRECISION_bfloat16, gy_test_emulate_tiles);
}

GY_TEST_MAIN(GY_TEST(samples_are_on_their_own), GY_TEST(so_they_are_in_pairs_and_tiles))
