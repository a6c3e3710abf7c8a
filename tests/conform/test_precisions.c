/*
 * What a precision promises, for every sample of every kind of layer and for networks nested at random: how near
 * results are to float32's, what becomes of numbers that are none, and that instruction sets agree.
 */
#include "gy_test.h"
#include "layer_checks.h"
#include "layer_random.h"
#include "levels.h"

#include <math.h>
#include <stdlib.h>

/* Output and gradients of a pass. */
typedef struct made {
    float *y, *g;
} made;

static made make(gy_trial *t)
{
    gy_model_run run = gy_trial_run(t);
    const float *y = gy_trial_forward(t, &run);
    made m = {.y = gy_trial_copy(t, t->batch * t->outputs, y)};
    gy_trial_backward(t, &run);
    m.g = gy_trial_copy(t, gy_model_params(t->m)->trainable, gy_model_gradients(t->m));
    return m;
}

/* The i-th tensor: the output, then the gradients; NULL where there is none. */
static const float *tensor(const gy_trial *t, const made *m, int i, int64_t *n)
{
    const gy_param *p = i > 0 ? &gy_model_params(t->m)->v[i - 1] : NULL;
    *n = p != NULL ? p->count : t->batch * t->outputs;
    return p == NULL ? m->y : p->trainable ? m->g + p->offset : NULL;
}

/* y = x, each number off by 2⁻⁸ of it, up or down. */
static void put_off(gy_rng key, uint64_t draw, int64_t n, const float *x, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * (gy_rng_word(key, (uint64_t)i, draw) % 2 == 0 ? 1 + 0x1p-8f : 1 - 0x1p-8f);
}

/*
 * Rounding the operands, by at most 2⁻⁸ each, does no more than twice what it does to float32 that each number given
 * is off by 2⁻⁸, in one of a few ways: twice, since a product rounds what it is given and what comes of it is rounded
 * by the next. A gradient that is nothing, its parts cancelling, is off by a rounding of those.
 */
static void check_rounding(gy_trial *t)
{
    enum { WAYS = 4, TENSORS = 512 };
    gy_trial exact;
    double most[TENSORS] = {0};
    const int tensors = 1 + gy_model_params(t->m)->n;
    if (gy_trial_begin(&exact, t->sample, GY_PRECISION_float32) != GY_OK) abort();
    const int64_t values = gy_model_params(t->m)->floats, outputs = t->batch * t->outputs;
    const float *w = gy_trial_copy(t, values, gy_model_values(t->m));
    const made want = make(&exact), got = make(t);
    CU_ASSERT_FATAL(tensors <= TENSORS);
    for (int64_t n, way = 0; way < WAYS; way++) {
        const gy_rng key = {9, GY_RNG_INIT, (uint32_t)way};
        put_off(key, 0, values, w, gy_model_values(exact.m));
        put_off(key, 1, outputs, t->c, exact.c);
        const made off = make(&exact);
        for (int i = 0; i < tensors; i++) {
            const float *x = tensor(t, &want, i, &n), *y = tensor(t, &off, i, &n);
            if (x != NULL) most[i] = fmax(most[i], gy_test_difference(n, x, y));
        }
    }
    const double all = gy_test_norm(gy_model_params(t->m)->trainable, want.g);
    for (int i = 0; i < tensors; i++) {
        int64_t n;
        const float *x = tensor(t, &want, i, &n), *y = tensor(t, &got, i, &n);
        if (x == NULL) continue;
        const char *name = i > 0 ? gy_model_params(t->m)->v[i - 1].name : "output";
        const double off = gy_test_difference(n, x, y), size = gy_test_norm(n, x),
                     cancelled = size < 1e-4 * all ? 1 : 0;
        gy_trial_expect(t, off <= 2 * most[i] + 1e-6 * size + cancelled * 0x1p-8 * all, name,
                        off / most[i]);
    }
    gy_trial_end(&exact);
}

/* Whether two arrays have their numbers that are not finite in the same places. */
static bool alike(int64_t n, const float *a, const float *b)
{
    for (int64_t i = 0; i < n; i++)
        if (isnan(a[i]) != isnan(b[i]) || isinf(a[i]) != isinf(b[i])) return false;
    return true;
}

/* What is not finite goes where it goes in float32. */
static void check_not_finite(gy_trial *t)
{
    static const float values[] = {NAN, INFINITY, -INFINITY};
    gy_trial exact;
    if (t->sample->vocabulary > 0) return;
    if (gy_trial_begin(&exact, t->sample, GY_PRECISION_float32) != GY_OK) abort();
    const int64_t at = gy_model_params(t->m)->v[0].count / 2, n = t->batch * t->outputs;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        gy_model_values(t->m)[at] = gy_model_values(exact.m)[at] = values[i];
        gy_model_run run = gy_trial_run(t), plain = gy_trial_run(&exact);
        const float *y = gy_trial_forward(t, &run), *want = gy_trial_forward(&exact, &plain);
        gy_trial_expect(t, alike(n, want, y), "other numbers are not finite", values[i]);
    }
    gy_trial_end(&exact);
}

/* Output and gradients that differ by the order of sums alone. */
static void check_near(gy_trial *t, const made *want, const made *got)
{
    const int64_t n = gy_model_params(t->m)->trainable, outputs = t->batch * t->outputs;
    const double may = gy_trial_reordered(t, 1e-5);
    double error = gy_test_difference(outputs, want->y, got->y);
    gy_trial_expect(t, error <= may * (gy_test_norm(outputs, want->y) + 1e-3),
                    "a level's output differs", error);
    error = gy_test_difference(n, want->g, got->g);
    gy_trial_expect(t, error <= may * (gy_test_norm(n, want->g) + 1e-3),
                    "a level's gradients differ", error);
}

/*
 * Output and gradients at the machine's other levels, which differ by the order of sums alone. In bfloat16 they have
 * the same bits whatever instructions make the products, but for tiles.
 */
static void check_levels(gy_trial *t)
{
    const int64_t n = gy_model_params(t->m)->trainable, outputs = t->batch * t->outputs;
    const made best = make(t);
    for (int level = 0; level <= (int)gy_simd_best(); level++) {
        gy_trial other;
        setenv("GYRE_SIMD", gy_simd_names[level], 1);
        if (gy_trial_begin(&other, t->sample, t->precision) != GY_OK) abort();
        const made got = make(&other);
        check_near(t, &best, &got);
        if (t->precision == GY_PRECISION_bfloat16) {
            const bool tiles = gy_test_in_tiles(other.kernel);
            gy_test_emulate_pairs(other.kernel);
            const made pairs = make(&other);
            const bool bits =
                gy_test_same(outputs, got.y, pairs.y) && gy_test_same(n, got.g, pairs.g);
            gy_trial_expect(t, bits || tiles || level == GY_SIMD_baseline, "pairs have other bits",
                            level);
            gy_test_emulate_tiles(other.kernel);
            const made in_tiles = make(&other);
            check_near(t, &best, &in_tiles);
        }
        gy_trial_end(&other);
        unsetenv("GYRE_SIMD");
    }
}

static void check_rounding_in_tiles(gy_trial *t)
{
    gy_test_emulate_tiles(t->kernel);
    check_rounding(t);
}

static void check_not_finite_in_tiles(gy_trial *t)
{
    gy_test_emulate_tiles(t->kernel);
    check_not_finite(t);
}

static void rounding_does_what_it_may(void)
{
    gy_check_samples_in(GY_PRECISION_bfloat16, check_rounding);
    gy_check_samples_in(GY_PRECISION_bfloat16, check_rounding_in_tiles);
}

static void what_is_not_finite_passes_through(void)
{
    gy_check_samples_in(GY_PRECISION_bfloat16, check_not_finite);
    gy_check_samples_in(GY_PRECISION_bfloat16, check_not_finite_in_tiles);
}

static void levels_compute_the_same(void)
{
    gy_check_samples(check_levels);
}

static void networks_at_random(void)
{
    for (uint64_t i = 0; i < 300; i++) {
        char text[GY_RANDOM_LAYERS];
        gy_random_layers(i, text);
        const gy_layer_sample sample = {.yaml = text, .in = {1, {4}}};
        gy_check_sample(&sample, GY_PRECISION_bfloat16, check_rounding);
    }
}

GY_TEST_MAIN(GY_TEST(rounding_does_what_it_may), GY_TEST(what_is_not_finite_passes_through),
             GY_TEST(levels_compute_the_same), GY_TEST(networks_at_random))
