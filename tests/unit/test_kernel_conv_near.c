/*
 * How near convolution is to one in double where it is not exact, by Winograd's algorithm or in bfloat16: the root of
 * the mean square of what it is off by, of that of the result, in all three passes. In bfloat16 all levels have the
 * same bits, and of few channels they are float32's.
 */
#include "levels.h"

#include "kernel/conv.h"

#include <math.h>
#include <string.h>

enum { SIDE = 9, PIXELS = SIDE * SIDE, FILTERS = 16, CHANNELS = 256, TAPS = 25 };
static float x[PIXELS * CHANNELS], w[FILTERS * TAPS * CHANNELS], dz[PIXELS * FILTERS];
static float got[FILTERS * TAPS * CHANNELS];
static double y[PIXELS * FILTERS], dx[PIXELS * CHANNELS], dw[FILTERS * TAPS * CHANNELS];

/* The pixel that tap t of a kernel `size` wide meets at pixel p, −1 outside. */
static int64_t pixel_under(int64_t p, int64_t t, int64_t size)
{
    const int64_t row = p / SIDE + t / size - size / 2, column = p % SIDE + t % size - size / 2;
    return row < 0 || row >= SIDE || column < 0 || column >= SIDE ? -1 : row * SIDE + column;
}

static void convolve(const gy_conv *c, int64_t size)
{
    memset(y, 0, sizeof y);
    memset(dx, 0, sizeof dx);
    memset(dw, 0, sizeof dw);
    for (int64_t i = 0; i < PIXELS * size * size; i++) {
        const int64_t p = i / (size * size), t = i % (size * size), at = pixel_under(p, t, size);
        for (int64_t f = 0; at >= 0 && f < FILTERS; f++)
            for (int64_t d = 0; d < c->channels; d++) {
                const int64_t tap = (f * size * size + t) * c->channels + d;
                const int64_t in = at * c->channels + d, out = p * FILTERS + f;
                y[out] += (double)w[tap] * (double)x[in];
                dx[in] += (double)w[tap] * (double)dz[out];
                dw[tap] += (double)dz[out] * (double)x[in];
            }
    }
}

static double error(int64_t n, const double *want)
{
    double off = 0.0, size = 0.0;
    for (int64_t i = 0; i < n; i++) {
        off += pow((double)got[i] - want[i], 2);
        size += want[i] * want[i];
    }
    return sqrt(off / size);
}

/* A convolution; bits: NULL, or where its results of the first level are, for the others to have. */
typedef struct trial {
    gy_conv_algorithm algorithm;
    int64_t size, channels;
    double limit;
    float *bits;
} trial;

static void compare(trial *t, int64_t n, const double *want)
{
    CU_ASSERT(error(n, want) < t->limit);
    if (t->bits == NULL) return;
    if (strcmp(getenv("GYRE_SIMD"), gy_simd_names[0]) == 0)
        memcpy(t->bits, got, sizeof *got * (size_t)n);
    CU_ASSERT(memcmp(t->bits, got, sizeof *got * (size_t)n) == 0);
    t->bits += n;
}

static void near(const gy_kernel *k, trial t)
{
    const int64_t area = t.size * t.size;
    const gy_window side = {SIDE, t.size, 1, 1, t.size / 2, SIDE};
    gy_conv c = {.axis = {GY_WINDOW_NONE, side, side},
                 .channels = t.channels,
                 .filters = FILTERS,
                 .groups = 1};
    gy_conv_plan(&c, t.algorithm, gy_kernel_threads(k));
    float *scratch = calloc((size_t)c.scratch, sizeof *scratch);
    if (scratch == NULL) abort();
    convolve(&c, t.size);
    gy_conv_forward(k, &c, 1, x, w, NULL, NULL, GY_ACTIVATION_none, NULL, got, scratch);
    compare(&t, PIXELS * FILTERS, y);
    gy_conv_backward_data(k, &c, 1, w, dz, got, scratch);
    compare(&t, PIXELS * t.channels, dx);
    gy_conv_backward_weight(k, &c, 1, x, dz, 0, got, scratch);
    compare(&t, FILTERS * area * t.channels, dw);
    free(scratch);
}

static void draw(void)
{
    gy_test_values(1, sizeof x / sizeof *x, 1.0, x);
    gy_test_values(2, sizeof w / sizeof *w, 1.0, w);
    gy_test_values(3, sizeof dz / sizeof *dz, 1.0, dz);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = fmaxf(x[i], 0.0f);
}

static void by_winograd(const gy_kernel *k)
{
    static const int64_t channels[] = {16, 50, CHANNELS};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (int64_t size = 3; size <= 5; size += 2)
            near(k, (trial){GY_CONV_winograd, size, channels[i], 1.4e-6, NULL});
}

static void winograd(void)
{
    draw();
    gy_test_levels(by_winograd);
}

static void by_rounded(const gy_kernel *k)
{
    static const int64_t channels[] = {16, 49, CHANNELS};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
        near(k, (trial){GY_CONV_winograd, 3, channels[i], 1.2e-2, NULL});
        near(k, (trial){GY_CONV_winograd, 5, channels[i], 1.4e-2, NULL});
    }
}

/* With products in bfloat16, on a handle of its own. */
static void rounded(const gy_kernel *like)
{
    gy_context *ctx = gy_test_context();
    gy_kernel *k = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, gy_kernel_threads(like), GY_PRECISION_float32, &k),
                          GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_kernel_set_winograd(k, GY_PRECISION_bfloat16), GY_OK);
    by_rounded(k);
    if (gy_context_simd_level(ctx) == gy_simd_best() && gy_kernel_threads(k) > 1) {
        gy_test_emulate_pairs(k);
        by_rounded(k);
        gy_test_emulate_tiles(k);
        by_rounded(k);
    }
    gy_kernel_free(k);
    gy_test_end(ctx);
}

static void winograd_in_bfloat16(void)
{
    draw();
    gy_test_levels(rounded);
}

static void directly(const gy_kernel *k)
{
    static const int64_t channels[] = {3, 4, 49, 64}; /* the first stays in float32 */
    static const double limit = 3e-3; /* 2.1e-3 is what rounding both operands comes to */
    static float bits[4][4][2][FILTERS * TAPS * CHANNELS];
    const bool own = gy_test_in_tiles(k); /* bits */
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (int64_t size = 2; size <= 5; size++)
            near(k, (trial){GY_CONV_direct, size, channels[i], limit,
                            i == 0 || own ? NULL : bits[i][size - 2][gy_kernel_threads(k) > 1]});
}

static void direct_in_bfloat16(void)
{
    draw();
    gy_test_levels_in(GY_PRECISION_bfloat16, directly);
}

/* All three passes, one behind the other; gives the floats. */
static int64_t pass(const gy_kernel *k, const int64_t shape[3], float *out)
{
    const gy_window side = {SIDE, 3, 1, 1, 1, SIDE};
    gy_conv c = {.axis = {GY_WINDOW_NONE, side, side},
                 .channels = shape[0],
                 .filters = shape[1],
                 .groups = shape[2]};
    float *const at[] = {out, out + PIXELS * c.filters, out + PIXELS * (c.filters + c.channels)};
    gy_conv_plan(&c, GY_CONV_direct, gy_kernel_threads(k));
    float *scratch = calloc((size_t)c.scratch, sizeof *scratch);
    if (scratch == NULL) abort();
    gy_conv_forward(k, &c, 1, x, w, NULL, NULL, GY_ACTIVATION_none, NULL, at[0], scratch);
    gy_conv_backward_data(k, &c, 1, w, dz, at[1], scratch);
    gy_conv_backward_weight(k, &c, 1, x, dz, 0, at[2], scratch);
    free(scratch);
    return at[2] - out + 9 * c.filters * c.channels / c.groups;
}

/* Of few inputs and few filters packing would take as long as the products: they stay in float32. */
static void of_few(const gy_kernel *rounded)
{
    static const int64_t shapes[][3] = {{4, 4, 1}, {8, 8, 2}, {7, 7, 1},
                                        {8, 4, 1}, {4, 8, 1}, {16, 8, 2}};
    enum { FEW = 3, MOST = 2 * PIXELS * FILTERS + 9 * FILTERS * FILTERS };
    static float want[MOST];
    gy_context *ctx = gy_test_context();
    gy_kernel *k = NULL;
    CU_ASSERT_EQUAL_FATAL(
        gy_kernel_create(ctx, gy_kernel_threads(rounded), GY_PRECISION_float32, &k), GY_OK);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int64_t *s = shapes[i], n = pass(k, s, want);
        const int64_t begin[] = {0, PIXELS * s[1], PIXELS * (s[0] + s[1]), n};
        CU_ASSERT_EQUAL(pass(rounded, s, got), n);
        for (int j = 0; j < 3; j++) {
            const size_t bytes = sizeof *got * (size_t)(begin[j + 1] - begin[j]);
            CU_ASSERT_EQUAL(memcmp(got + begin[j], want + begin[j], bytes) == 0, i < FEW);
        }
    }
    gy_kernel_free(k);
    gy_test_end(ctx);
}

static void of_few_channels_is_float32(void)
{
    draw();
    gy_test_levels_in(GY_PRECISION_bfloat16, of_few);
}

GY_TEST_MAIN(GY_TEST(winograd), GY_TEST(winograd_in_bfloat16), GY_TEST(direct_in_bfloat16),
             GY_TEST(of_few_channels_is_float32))
