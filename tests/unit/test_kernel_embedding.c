/* Rows by token: values, gradients with repeated tokens, tokens that are none. */
#include "levels.h"

#include "kernel/embedding.h"

#include <math.h>
#include <string.h>

enum { N = 300, VOCABULARY = 50, UNITS = 531 };
static float tokens[N], w[VOCABULARY * UNITS], y[N * UNITS], dw[VOCABULARY * UNITS];
static double want[VOCABULARY * UNITS];

static void against_loops_at_level(const gy_kernel *k)
{
    for (int i = 0; i < N; i++) tokens[i] = (float)(i * i % (VOCABULARY - 1)); /* one is not used */
    gy_test_values(1, VOCABULARY * UNITS, 1.0, w);
    gy_embedding_forward(k, N, VOCABULARY, UNITS, tokens, w, y);
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL(memcmp(y + i * UNITS, w + (int)tokens[i] * UNITS, UNITS * sizeof *y), 0);
    gy_test_values(2, N * UNITS, 1.0, y);
    memset(want, 0, sizeof want);
    for (int i = 0; i < N; i++)
        for (int c = 0; c < UNITS; c++)
            want[(int)tokens[i] * UNITS + c] += (double)y[i * UNITS + c];
    for (int i = 0; i < VOCABULARY * UNITS; i++) dw[i] = NAN;
    for (int use = 0; use < 2; use++) {
        gy_embedding_backward(k, N, VOCABULARY, UNITS, tokens, y, (float)use, dw);
        for (int i = 0; i < VOCABULARY * UNITS; i++)
            CU_ASSERT_DOUBLE_EQUAL(dw[i], (use + 1) * want[i], 2e-5);
    }
}

static void against_loops(void)
{
    gy_test_levels(against_loops_at_level);
}

static void no_tokens(void)
{
    static const float odd[] = {-1, VOCABULARY, NAN, INFINITY, 7};
    gy_context *ctx = gy_test_context();
    gy_kernel *k = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k), GY_OK);
    gy_test_values(1, VOCABULARY * UNITS, 1.0, w);
    gy_embedding_forward(k, 5, VOCABULARY, UNITS, odd, w, y);
    for (int i = 0; i < 4; i++) CU_ASSERT_TRUE(isnan(y[i * UNITS]) && isnan(y[i * UNITS + 530]));
    CU_ASSERT_EQUAL(y[4 * UNITS + 3], w[7 * UNITS + 3]);
    gy_embedding_backward(k, 5, VOCABULARY, UNITS, odd, y, 0, dw);
    for (int i = 0; i < VOCABULARY * UNITS; i++)
        CU_ASSERT_EQUAL(dw[i], i / UNITS == 7 ? y[4 * UNITS + i % UNITS] : 0.0f);
    gy_embedding_backward(k, 0, VOCABULARY, UNITS, odd, y, 0, dw);
    CU_ASSERT_EQUAL(dw[7 * UNITS], 0.0f);
    gy_kernel_free(k);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(against_loops), GY_TEST(no_tokens))
