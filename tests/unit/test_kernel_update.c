/*
 * Updates, as the optimizers make them, are held against formulas in test_optim_kinds; here is what
 * state does that is handed nothing any more.
 */
#include "levels.h"

#include "kernel/update.h"

#include <math.h>
#include <string.h>

enum { N = 1003, TURNS = 6000 };
static float w[N], g[N], m[N], v[N];

/* Gradients once, then none. */
static void begin(void)
{
    gy_test_values(1, N, 1.0, w);
    gy_test_values(2, N, 1.0, g);
    for (int i = 0; i < N; i++) g[i] *= 1e-10f;
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
}

static bool is_clean(const float *x)
{
    for (int i = 0; i < N; i++)
        if (fpclassify(x[i]) != FP_ZERO && fpclassify(x[i]) != FP_NORMAL) return false;
    return true;
}

static void decays(const gy_kernel *k)
{
    const gy_moments u = {.clip = 1,
                          .beta1 = 0.9f,
                          .share1 = 0.1f,
                          .beta2 = 0.99f,
                          .share2 = 0.01f,
                          .correct1 = 1,
                          .correct2 = 1,
                          .epsilon = 1e-8f,
                          .rate = 1e-3f};
    bool clean = true;
    begin();
    for (int turn = 0; turn < TURNS; turn++) {
        gy_update_moments(k, N, &u, w, g, m, v);
        clean &= is_clean(m) && is_clean(v);
        memset(g, 0, sizeof g);
    }
    CU_ASSERT_TRUE(clean && m[5] == 0 && v[5] == 0);
    begin();
    for (int turn = 0; turn < TURNS; turn++) {
        gy_update_momentum(k, N, 0.1f, 1, 0, 0.9f, false, w, g, m);
        gy_update_squares(k, N, 0.1f, 1, 0, 0.99f, 0.01f, 1e-8f, w, g, v);
        clean &= is_clean(m) && is_clean(v);
        memset(g, 0, sizeof g);
    }
    CU_ASSERT_TRUE(clean && m[5] == 0 && v[5] == 0);
}

static void state_ends_at_zero(void)
{
    gy_test_levels(decays);
}

/* NaN and infinities are no small numbers. */
static void spoilt(const gy_kernel *k)
{
    begin();
    g[3] = NAN;
    g[4] = INFINITY;
    gy_update_momentum(k, N, 0.1f, 1, 0, 0.9f, false, w, g, m);
    CU_ASSERT_TRUE(isnan(m[3]) && isinf(m[4]) && m[2] == g[2]);
}

static void not_finite_stays(void)
{
    gy_test_levels(spoilt);
}

GY_TEST_MAIN(GY_TEST(state_ends_at_zero), GY_TEST(not_finite_stays))
