/*
 * Products in bfloat16: the bits of a plain loop that does what vdpbf16ps does, at every level, for whatever threads
 * and shapes, or of one that does what tdpbf16ps does, in tiles; near to double; numbers that are none pass through.
 */
#include "levels.h"

#include "base/context_impl.h"
#include "kernel/gemm.h"
#include "kernel/vector/flush.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 70000 };
static float a[ROOM], b[ROOM], c[ROOM], d[ROOM], want[ROOM], bias[ROOM], sums[ROOM];

static uint32_t bits_of(float x)
{
    uint32_t n;
    memcpy(&n, &x, sizeof n);
    return n;
}

static float float_of(uint32_t n)
{
    float x;
    memcpy(&x, &n, sizeof x);
    return x;
}

/* As the manual has VCVTNEPS2BF16. */
static float rounded(float x)
{
    const uint32_t n = bits_of(x);
    if ((n & 0x7f800000) == 0) return float_of(n & 0x80000000);
    if (x != x) return float_of((n | 0x400000) & 0xffff0000);
    return float_of((n + 0x7fff + (n >> 16 & 1)) & 0xffff0000);
}

typedef struct product {
    bool ta, tb;
    int64_t m, n, inner, lda, ldb, ldc;
    float alpha, beta;
} product;

static float left(const product *p, int64_t i, int64_t l)
{
    if (l >= p->inner) return 0.0f;
    const float x = p->ta ? a[l * p->lda + i] : a[i * p->lda + l];
    return rounded(p->alpha == 1.0f ? x : p->alpha * x);
}

static float right(const product *p, int64_t l, int64_t j)
{
    return l < p->inner ? rounded(p->tb ? b[j * p->ldb + l] : b[l * p->ldb + j]) : 0.0f;
}

/* Pair by pair, the second number of each first. */
static float by_pairs(const product *p, int64_t i, int64_t j, float sum)
{
    for (int64_t l = 0; l < p->inner; l += 2) {
        sum = fmaf(left(p, i, l + 1), right(p, l + 1, j), sum);
        sum = fmaf(left(p, i, l), right(p, l, j), sum);
    }
    return sum;
}

/* Sixteen pairs by themselves, first numbers apart from second ones. */
static float by_tiles(const product *p, int64_t i, int64_t j, float sum)
{
    enum { NUMBERS = 32 };
    for (int64_t from = 0; from < p->inner; from += NUMBERS) {
        float first = 0.0f, second = 0.0f;
        for (int64_t l = from; l < from + NUMBERS; l += 2) {
            first = fmaf(left(p, i, l), right(p, l, j), first);
            second = fmaf(left(p, i, l + 1), right(p, l + 1, j), second);
        }
        sum += first + second;
    }
    return sum;
}

/* want = d beta + … */
static __attribute__((noinline)) void by_hand(const gy_kernel *k, const product *p)
{
    const bool tiles = gy_test_in_tiles(k);
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            float *to = &want[i * p->ldc + j];
            *to = p->beta == 0.0f ? 0.0f : p->beta * d[i * p->ldc + j];
            *to = tiles ? by_tiles(p, i, j, *to) : by_pairs(p, i, j, *to);
        }
}

static void run(const gy_kernel *k, const product *p)
{
    memcpy(c, d, sizeof c);
    gy_gemm(k, p->ta, p->tb, p->m, p->n, p->inner, p->alpha, a, p->lda, b, p->ldb, p->beta, c,
            p->ldc);
}

static bool same_rows(const product *p)
{
    for (int64_t i = 0; i < p->m; i++)
        if (memcmp(c + i * p->ldc, want + i * p->ldc, sizeof *c * (size_t)p->n) != 0) return false;
    return true;
}

static const int64_t shapes[][3] = {{1, 1, 1},      {1, 17, 33},    {17, 1, 33},    {2, 3, 5},
                                    {7, 10, 784},   {64, 64, 64},   {33, 65, 17},   {5, 300, 1},
                                    {60, 200, 150}, {19, 100, 399}, {12, 21, 1571}, {2, 4113, 15}};

static product shape_of(size_t s, int turned)
{
    product p = {.ta = (turned & 1) != 0,
                 .tb = (turned & 2) != 0,
                 .m = shapes[s][0],
                 .n = shapes[s][1],
                 .inner = shapes[s][2],
                 .alpha = 1.0f};
    p.lda = (p.ta ? p.m : p.inner) + 3;
    p.ldb = (p.tb ? p.inner : p.n) + 1;
    p.ldc = p.n + 2;
    return p;
}

static void bits(const gy_kernel *k)
{
    gy_test_values(1, ROOM, 1.0, a);
    gy_test_values(2, ROOM, 1.0, b);
    gy_test_values(3, ROOM, 1.0, d);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int turned = 0; turned < 4; turned++) {
            product p = shape_of(s, turned);
            run(k, &p);
            by_hand(k, &p);
            CU_ASSERT_TRUE(same_rows(&p));
            p.alpha = -0.3f;
            p.beta = turned & 1 ? 1.0f : 0.3f;
            run(k, &p);
            by_hand(k, &p);
            CU_ASSERT_TRUE(same_rows(&p));
        }
}

static void bits_are_those_of_the_instructions(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, bits);
}

/* Sums among the smallest numbers; the baseline has no FMA and flushes a product before it is added. */
static void tiny(const gy_kernel *k)
{
    gy_test_values(1, ROOM, 2e-19, a);
    gy_test_values(2, ROOM, 2e-19, b);
    gy_test_values(3, ROOM, 1e-38, d);
    product p = shape_of(5, 2);
    p.beta = 1.0f;
    run(k, &p);
    const unsigned before = flush_denormals();
    by_hand(k, &p);
    put_back_denormals(before);
    CU_ASSERT_TRUE(same_rows(&p) || strcmp(getenv("GYRE_SIMD"), "baseline") == 0);
    volatile float small = 1e-38f; /* all is as it was */
    CU_ASSERT_TRUE(small * 0.5f > 0.0f);
}

static void denormal_numbers_are_zeros(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, tiny);
}

static void values(const gy_kernel *k)
{
    static const uint32_t special[] = {0,          0x80000000, 1,          0x007fffff, 0x807fffff,
                                       0x00800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff,
                                       0x7f7fffff, 0xff7f8000, 0x7f7f7fff, 0x7f800000, 0xff800000,
                                       0x7f800001, 0x7fffffff, 0xffc00000, 0x42f6e979};
    const int64_t n = sizeof special / sizeof *special;
    for (int tb = 0; tb < 2; tb++) {
        for (int64_t i = 0; i < n; i++) b[i] = float_of(special[i]);
        a[0] = 1.0f;
        gy_gemm(k, false, tb, 1, n, 1, 1.0f, a, 1, b, tb ? 1 : n, 0.0f, c, n);
        for (int64_t i = 0; i < n; i++) {
            const float x = rounded(b[i]);
            CU_ASSERT_TRUE(isnan(x) ? isnan(c[i]) : c[i] == x);
        }
        memcpy(a, b, sizeof a);
        b[0] = 1.0f;
        gy_gemm(k, tb, false, n, 1, 1, 1.0f, a, tb ? n : 1, b, 1, 0.0f, c, 1);
        for (int64_t i = 0; i < n; i++) {
            const float x = rounded(a[i]);
            CU_ASSERT_TRUE(isnan(x) ? isnan(c[i]) : c[i] == x);
        }
    }
}

static void values_are_rounded_to_the_nearest(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, values);
}

/* Against double: 2.5e-3 of the result; numbers that have 8 bits lose none. */
static void near(const gy_kernel *k)
{
    for (int whole = 0; whole < 2; whole++) {
        gy_test_values(1, ROOM, 100.0, a);
        gy_test_values(2, ROOM, 100.0, b);
        for (int64_t i = 0; whole && i < ROOM; i++) {
            a[i] = roundf(a[i]);
            b[i] = roundf(b[i]);
        }
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            const product p = shape_of(s, (int)(s & 3));
            double error = 0.0, size = 0.0;
            run(k, &p);
            for (int64_t i = 0; i < p.m; i++)
                for (int64_t j = 0; j < p.n; j++) {
                    double sum = 0.0;
                    for (int64_t l = 0; l < p.inner; l++)
                        sum += (double)(p.ta ? a[l * p.lda + i] : a[i * p.lda + l]) *
                               (double)(p.tb ? b[j * p.ldb + l] : b[l * p.ldb + j]);
                    error += pow((double)c[i * p.ldc + j] - sum, 2);
                    size += sum * sum;
                }
            CU_ASSERT_TRUE(whole ? error == 0.0 : p.m * p.n < 100 || sqrt(error / size) < 2.5e-3);
        }
    }
}

static void products_are_near_to_double(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, near);
}

/* The dense layer: bias where sums begin, relu where they end, sums of what is not rounded yet. */
static void dense(const gy_kernel *k)
{
    const int64_t rows = 131, in = 67, out = 45;
    const product forward = {.tb = true,
                             .m = rows,
                             .n = out,
                             .inner = in,
                             .lda = in,
                             .ldb = in,
                             .ldc = out,
                             .alpha = 1.0f,
                             .beta = 1.0f};
    gy_test_values(4, ROOM, 1.0, a);
    gy_test_values(5, ROOM, 0.3, b);
    gy_test_values(6, out, 1.0, bias);
    for (int64_t i = 0; i < rows * out; i++) d[i] = bias[i % out];
    by_hand(k, &forward);
    for (int64_t i = 0; i < rows * out; i++) want[i] = want[i] > 0.0f ? want[i] : 0.0f;
    gy_linear_forward(k, rows, in, out, a, b, NULL, bias, GY_ACTIVATION_relu, NULL, c);
    CU_ASSERT_TRUE(same_rows(&forward));

    const product weights = {.ta = true,
                             .m = out,
                             .n = in,
                             .inner = rows,
                             .lda = out,
                             .ldb = in,
                             .ldc = in,
                             .alpha = 1.0f};
    gy_linear_gradients(k, rows, in, out, b, in, a, out, c, 0.0f, sums, 0.0f);
    by_hand(k, &weights);
    CU_ASSERT_TRUE(same_rows(&weights));
    for (int64_t i = 0; i < out; i++) {
        double sum = 0.0;
        for (int64_t r = 0; r < rows; r++) sum += (double)a[r * out + i];
        CU_ASSERT_DOUBLE_EQUAL(sums[i], sum, 1e-5);
    }
}

static void dense_layer_is_a_product(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, dense);
}

/* Where the system gives no tiles a handle at their level is refused, and the level stays. */
static void tiles_may_be_refused(void)
{
    gy_context *ctx = gy_test_context();
    const gy_status status = gy_simd_ask_tiles() ? GY_OK : GY_E_USAGE;
    gy_kernel *k = NULL;
    ctx->simd = GY_SIMD_v4_amx;
    CU_ASSERT_EQUAL(gy_kernel_create(ctx, 1, GY_PRECISION_bfloat16, &k), status);
    if (status != GY_OK) CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "GYRE_SIMD=v4_bf16"));
    CU_ASSERT_EQUAL((int)gy_context_simd_level(ctx), GY_SIMD_v4_amx);
    gy_kernel_free(k);
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k), GY_OK);
    CU_ASSERT_EQUAL(gy_kernel_set_winograd(k, GY_PRECISION_bfloat16), status);
    gy_kernel_free(k);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(bits_are_those_of_the_instructions), GY_TEST(denormal_numbers_are_zeros),
             GY_TEST(values_are_rounded_to_the_nearest), GY_TEST(products_are_near_to_double),
             GY_TEST(dense_layer_is_a_product), GY_TEST(tiles_may_be_refused))
