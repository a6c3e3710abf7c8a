/*
 * What every schedule of the list promises, with every setting of it: rates are finite and from 0 to
 * the learning rate over the whole run, rise in the warm-up, and depend on the step and on what a
 * checkpoint keeps alone. A new schedule is tested by being listed.
 */
#include "kinds.h"

#include "optim/optim.h"

#include <math.h>

enum { MOST = 97, EPOCH = 8 };

typedef struct trial {
    const gy_kind *kind;
    int variant;
    gy_schedule_settings settings;
    int64_t steps;
} trial;

static const double top = 0.3;

static void expect(const trial *t, bool ok, const char *what, double value)
{
    gy_test_expect(ok, t->kind, t->variant, what, value);
}

static double rate(const trial *t, const gy_schedule_state *state, int64_t step)
{
    const gy_schedule_point at = {
        .step = step, .steps = t->steps, .epoch = step / EPOCH, .rate = top};
    return gy_schedule_rate(&t->settings, state, &at);
}

/* What an evaluation after a step says: better for a while, then worse, once nothing. */
static double value(int64_t step)
{
    return step == 3 * EPOCH ? (double)NAN : fabs((double)step - 30.0);
}

/* Steps [from, steps); keeps the state as it is before step `at`. */
static void go(const trial *t, int64_t from, int64_t at, gy_schedule_state *state, double *rates,
               gy_schedule_state *kept)
{
    for (int64_t step = from; step < t->steps; step++) {
        if (step == at) *kept = *state;
        rates[step] = rate(t, state, step);
        if (step % EPOCH == 0) gy_schedule_observe(&t->settings, value(step), false, state);
    }
}

static void try_run(const trial *t)
{
    double whole[MOST], again[MOST];
    gy_schedule_state state, kept;
    const int64_t warm = t->settings.warmup_steps, middle = t->steps / 2;
    gy_schedule_state_init(&state);
    kept = state;
    go(t, 0, middle, &state, whole, &kept);
    for (int64_t step = 0; step < t->steps; step++) {
        const double r = whole[step];
        expect(t, isfinite(r) && r >= 0.0 && r <= top * (1.0 + 1e-12), "no learning rate", r);
        if (step > 0 && step < warm)
            expect(t, r > whole[step - 1], "the warm-up does not rise", (double)step);
    }
    state = kept; /* as from a checkpoint */
    go(t, middle, -1, &state, again, &kept);
    for (int64_t step = middle; step < t->steps; step++)
        expect(t, again[step] == whole[step], "it goes on otherwise", again[step] - whole[step]);
    expect(t, rate(t, NULL, 0) == whole[0], "without a state it begins otherwise", whole[0]);
    expect(t, isfinite(rate(t, &state, t->steps + 5)), "beyond the end it is none", 0);
}

static void every_schedule_keeps_its_promises(void)
{
    static const int64_t lengths[] = {1, 2, 10, MOST};
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    for (int i = 0; i < gy_schedule_registry.n; i++) {
        trial t = {.kind = gy_schedule_registry.kinds[i]};
        for (t.variant = 0; t.variant < gy_test_variants(t.kind); t.variant++)
            for (int warm = 0; warm < 2; warm++)
                for (int length = 0; length < 4; length++) {
                    t.steps = lengths[length];
                    t.settings = (gy_schedule_settings){
                        .kind = {t.kind, gy_test_variant(t.kind, t.variant, &pool)},
                        .warmup_steps = warm * 7,
                        .min_learning_rate = warm * 0.01};
                    try_run(&t);
                }
    }
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(every_schedule_keeps_its_promises))
