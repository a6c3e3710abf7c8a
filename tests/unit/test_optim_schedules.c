/* Schedules: defaults from their rows, rates by hand and by closed formulas, plateaus. */
#include "gy_test.h"

#include "optim/optim.h"

#include <math.h>

enum { EPOCH = 10, STEPS = 100 }; /* steps an epoch, steps of the run */
static const double lr = 0.5;

static double rate(const gy_schedule_settings *s, const gy_schedule_state *state, int64_t step)
{
    return gy_schedule_rate(
        s, state,
        &(gy_schedule_point){.step = step, .steps = STEPS, .epoch = step / EPOCH, .rate = lr});
}

static gy_schedule_settings choose(const char *name, gy_pool *pool, int64_t warmup, double least)
{
    gy_schedule_settings s;
    CU_ASSERT_EQUAL_FATAL(gy_settings_default(gy_schedule_setting_rows, pool, &s), GY_OK);
    CU_ASSERT_STRING_EQUAL(s.kind.kind->name, "constant");
    s.kind.kind = gy_registry_find(&gy_schedule_registry, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.kind.kind);
    if (s.kind.kind->settings != NULL) {
        CU_ASSERT_EQUAL_FATAL(gy_pool_alloc(pool, s.kind.kind->settings_size, &s.kind.settings),
                              GY_OK);
        CU_ASSERT_EQUAL_FATAL(gy_settings_default(s.kind.kind->settings, pool, s.kind.settings),
                              GY_OK);
    }
    s.warmup_steps = warmup;
    s.min_learning_rate = least;
    return s;
}

static void each(void (*run)(gy_pool *pool))
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    run(&pool);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void warm_ups(gy_pool *pool)
{
    static const char *const names[] = {"constant", "step",      "exponential", "linear",
                                        "cosine",   "one_cycle", "plateau"};
    for (int i = 0; i < 7; i++) {
        gy_schedule_settings s = choose(names[i], pool, 8, 0.01);
        for (int64_t step = 0; step < 8; step++)
            CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, step), lr * (double)(step + 1) / 8, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 8), i == 5 ? lr / 25 : lr, 1e-12);
        s.warmup_steps = 1000; /* longer than the run */
        CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 99), lr * 0.1, 1e-12);
    }
}

static void warm_up_is_common(void)
{
    each(warm_ups);
}

static void courses(gy_pool *pool)
{
    gy_schedule_settings s = choose("constant", pool, 0, 0.0);
    CU_ASSERT_EQUAL(rate(&s, NULL, 99), lr);
    s = choose("step", pool, 0, 0.03);
    gy_ints *epochs = s.kind.settings; /* the first of its settings */
    CU_ASSERT_EQUAL(epochs->n, 2);
    static const int64_t at[] = {2, 5};
    *epochs = (gy_ints){at, 2};
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 19), lr, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 20), lr * 0.1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 49), lr * 0.1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 50), 0.03, 1e-12); /* not 0.005 */
    s = choose("exponential", pool, 0, 0.001);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 9), lr, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 25), lr * 0.01, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 90), 0.001, 1e-12);
    s = choose("linear", pool, 20, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 20), lr, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 60), 0.3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 99), 0.5 - 0.4 * 79 / 80, 1e-12);
    s = choose("cosine", pool, 20, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 60), 0.3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 40), 0.1 + 0.4 * (1 + sqrt(0.5)) / 2, 1e-12);
    s = choose("one_cycle", pool, 0, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 15), (lr / 25 + lr) / 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 30), lr, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, NULL, 65), 0.3, 1e-12);
}

static void courses_are_right(void)
{
    each(courses);
}

static void plateaus(gy_pool *pool)
{
    gy_schedule_settings s = choose("plateau", pool, 0, 0.01);
    gy_schedule_state state;
    gy_schedule_state_init(&state);
    CU_ASSERT_EQUAL(rate(&s, &state, 50), lr);
    gy_schedule_observe(&s, 1.0, false, &state);
    for (int i = 0; i < 9; i++) gy_schedule_observe(&s, i == 3 ? NAN : 1.0, false, &state);
    CU_ASSERT_EQUAL(rate(&s, &state, 50), lr);
    gy_schedule_observe(&s, 0.9, false, &state); /* progress */
    for (int i = 0; i < 9; i++) gy_schedule_observe(&s, 0.95, false, &state);
    CU_ASSERT_EQUAL(rate(&s, &state, 50), lr);
    gy_schedule_observe(&s, 0.95, false, &state);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, &state, 50), lr * 0.1, 1e-12);
    for (int i = 0; i < 10; i++) gy_schedule_observe(&s, 0.95, false, &state);
    CU_ASSERT_DOUBLE_EQUAL(rate(&s, &state, 50), 0.01, 1e-12); /* not 0.005 */
    gy_schedule_state_init(&state);
    for (int i = 0; i < 30; i++) gy_schedule_observe(&s, i, true, &state);
    CU_ASSERT_EQUAL(state.factor, 1.0);
    s = choose("constant", pool, 0, 0.0);
    for (int i = 0; i < 30; i++) gy_schedule_observe(&s, 1.0, true, &state);
    CU_ASSERT_EQUAL(state.factor, 1.0);
}

static void plateaus_lower_the_rate(void)
{
    each(plateaus);
}

static void sections(gy_pool *pool)
{
    gy_optim_settings s;
    CU_ASSERT_EQUAL_FATAL(gy_settings_default(gy_optim_setting_rows, pool, &s), GY_OK);
    CU_ASSERT_STRING_EQUAL(s.kind.kind->name, "adamw");
    CU_ASSERT_EQUAL(s.learning_rate, 0.001);
    CU_ASSERT_EQUAL(s.weight_decay + s.l1 + s.l2, 0.0);
    CU_ASSERT_EQUAL(((const double *)s.kind.settings)[1], 0.999);
}

static void defaults_are_the_contract_s(void)
{
    each(sections);
}

GY_TEST_MAIN(GY_TEST(warm_up_is_common), GY_TEST(courses_are_right),
             GY_TEST(plateaus_lower_the_rate), GY_TEST(defaults_are_the_contract_s))
