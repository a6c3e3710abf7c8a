/* Draws of tokens: shares, the top k, ties, what is never drawn. */
#include "gy_test.h"

#include "apply/sample.h"

#include <math.h>

enum { N = 6, DRAWS = 1000 };

/* Counts the tokens at DRAWS places evenly spread over [0, 1). */
static void count(const float *logits, int64_t never, double temperature, int64_t top_k,
                  double share[N])
{
    gy_context *ctx = gy_test_context();
    gy_sampler s = {0};
    CU_ASSERT_EQUAL_FATAL(gy_sampler_init(&s, ctx, N, never, temperature, top_k), GY_OK);
    for (int i = 0; i < N; i++) share[i] = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t token = gy_sampler_draw(&s, logits, (i + 0.5) / DRAWS);
        CU_ASSERT_FATAL(token >= 0 && token < N);
        share[token] += 1.0 / DRAWS;
    }
    gy_sampler_clear(&s);
    gy_test_end(ctx);
}

static const float logits[N] = {0.5f, 3.0f, -1.0f, 3.0f, 2.0f, 1.0f};

static void shares_are_those_of_softmax(void)
{
    for (double temperature = 0.5; temperature < 3; temperature *= 2) {
        double share[N], sum = 0;
        count(logits, -1, temperature, 0, share);
        for (int i = 0; i < N; i++) sum += exp((double)logits[i] / temperature);
        for (int i = 0; i < N; i++)
            CU_ASSERT_DOUBLE_EQUAL(share[i], exp((double)logits[i] / temperature) / sum,
                                   1.5 / DRAWS);
    }
}

static void top_k_leaves_the_others_out(void)
{
    for (int64_t k = 1; k <= N; k++) {
        static const int order[N] = {1, 3, 4, 5, 0, 2}; /* of ties the lower first */
        double share[N], sum = 0;
        count(logits, -1, 1, k, share);
        for (int i = 0; i < k; i++) sum += exp((double)logits[order[i]]);
        for (int i = 0; i < N; i++) {
            double want = i < k ? exp((double)logits[order[i]]) / sum : 0;
            CU_ASSERT_DOUBLE_EQUAL(share[order[i]], want, 1.5 / DRAWS);
        }
    }
}

static void zero_takes_the_likeliest(void)
{
    double share[N];
    count(logits, -1, 0, 0, share);
    CU_ASSERT_DOUBLE_EQUAL(share[1], 1, 1e-9);
    count(logits, 1, 0, 3, share);
    CU_ASSERT_DOUBLE_EQUAL(share[3], 1, 1e-9);
    count(logits, 1, 1e-3, 0, share);
    CU_ASSERT_DOUBLE_EQUAL(share[3], 1, 1e-9);
    count(logits, 3, 1, 2, share);
    CU_ASSERT_DOUBLE_EQUAL(share[1] + share[4], 1, 1e-9);
}

GY_TEST_MAIN(GY_TEST(shares_are_those_of_softmax), GY_TEST(top_k_leaves_the_others_out),
             GY_TEST(zero_takes_the_likeliest))
