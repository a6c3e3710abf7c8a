/* Rounded numbers are those that forms and products have, at every level. */
#include "levels.h"

#include "form/form_list.h"
#include "kernel/gemm.h"
#include "kernel/product.h"
#include "kernel/rounded.h"

#include <math.h>
#include <string.h>

enum { ROWS = 7, COLUMNS = 75, OUTPUTS = 9 };

static void fill(float *x, int64_t rows)
{
    gy_test_values(3, rows * COLUMNS, 2.0, x);
    for (int64_t i = 0; i < COLUMNS; i++) x[i] = 0; /* no range */
    for (int64_t i = 0; i < COLUMNS; i++)
        x[COLUMNS + i] = 3 + x[2 * COLUMNS + i] / 4; /* far from 0 */
}

static void levels_agree(const gy_kernel *k)
{
    static float w[OUTPUTS * COLUMNS], expanded[OUTPUTS * COLUMNS], x[ROWS * COLUMNS],
        rounded[ROWS * COLUMNS], want[ROWS * OUTPUTS], got[ROWS * OUTPUTS];
    const gy_shape shape = {2, {OUTPUTS, COLUMNS}};
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_form form;
    gy_pool_init(&pool, ctx);
    fill(w, OUTPUTS);
    fill(x, ROWS);
    CU_ASSERT_EQUAL_FATAL(gy_form_pack(&pool, &gy_form_int8, NULL, &shape, w, &form), GY_OK);
    gy_form_expand(&form, expanded);
    gy_round_weights(k, OUTPUTS, COLUMNS, w);
    for (int i = 0; i < OUTPUTS * COLUMNS; i++) CU_ASSERT(w[i] == expanded[i]); /* −0 is 0 */
    gy_round_inputs(k, ROWS, COLUMNS, x, rounded);
    CU_ASSERT(memcmp(x, rounded, sizeof x) != 0);
    gy_linear_forward(k, ROWS, COLUMNS, OUTPUTS, rounded, w, NULL, NULL, GY_ACTIVATION_none, NULL,
                      want);
    gy_product_forward(k, ROWS, x, &form, NULL, GY_ACTIVATION_none, got);
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        CU_ASSERT(fabsf(got[i] - want[i]) <= 1e-4f * (1 + fabsf(want[i])));
    x[5] = NAN;
    w[5] = INFINITY;
    gy_round_inputs(k, 1, COLUMNS, x, rounded);
    gy_round_weights(k, 1, COLUMNS, w);
    CU_ASSERT(isnan(rounded[5]) && !isfinite(w[5]));
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void rounded_numbers_are_those_of_forms(void)
{
    gy_test_levels(levels_agree);
}

GY_TEST_MAIN(GY_TEST(rounded_numbers_are_those_of_forms))
