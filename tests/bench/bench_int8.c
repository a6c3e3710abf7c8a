/*
 * Forward passes by int8 weights beside those by float32: dense layers and convolutions, in pairs, the least of
 * several of each, in seconds of the processor, so that others on the machine disturb little. The ratio is float32's time by int8's.
 *
 *     bench_int8
 */
#include "kernel/conv.h"
#include "kernel/gemm.h"
#include "kernel/product.h"

#include "base/count.h"
#include "form/form_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 15 };

static const struct {
    const char *name;
    int64_t rows, in, out;
} products[] = {
    {"dense 1 x 2048 to 2048", 1, 2048, 2048},     {"dense 64 x 2048 to 2048", 64, 2048, 2048},
    {"dense 256 x 2048 to 2048", 256, 2048, 2048}, {"dense 64 x 784 to 2048", 64, 784, 2048},
    {"dense 64 x 3136 to 1024", 64, 3136, 1024},   {"dense 64 x 2048 to 10", 64, 2048, 10},
    {"dense 64 x 128 to 64", 64, 128, 64},         {"dense 768 x 128 to 512", 768, 128, 512},
};

static const struct {
    const char *name;
    int64_t batch, side, channels, filters, kernel, stride, groups;
} convs[] = {
    {"lenet c1", 64, 28, 1, 32, 5, 1, 1},
    {"lenet c2", 64, 14, 32, 64, 5, 1, 1},
    {"lenet c2, one sample", 1, 14, 32, 64, 5, 1, 1},
    {"resnet20 stem", 64, 32, 3, 16, 3, 1, 1},
    {"resnet20 stage 0", 64, 32, 16, 16, 3, 1, 1},
    {"resnet20 stage 1, half", 64, 32, 16, 32, 3, 2, 1},
    {"resnet20 stage 2", 64, 8, 64, 64, 3, 1, 1},
    {"64 to 64 at 32", 16, 32, 64, 64, 3, 1, 1},
    {"256 to 256 at 8", 16, 8, 256, 256, 3, 1, 1},
    {"1x1 256 to 64 at 16", 16, 16, 256, 64, 1, 1, 1},
    {"7x7 3 to 64 at 64, half", 4, 64, 3, 64, 7, 2, 1},
    {"depthwise 128 at 28", 16, 28, 128, 128, 3, 1, 128},
};

static float *draw(gy_context *ctx, int64_t n)
{
    float *x = NULL;
    if (gy_new_array(ctx, n + 1, &x) != GY_OK) abort();
    uint32_t seed = 1;
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        x[i] = (float)(seed >> 8) / 8388608.0F - 1.0F;
    }
    return x;
}

static gy_form pack(gy_pool *pool, gy_shape shape, const float *w)
{
    gy_form form;
    if (gy_form_pack(pool, &gy_form_int8, NULL, &shape, w, &form) != GY_OK) abort();
    return form;
}

static void tell(const char *name, double work, const double best[2])
{
    printf("%-28s %8.1f %8.1f   %5.2f\n", name, work / best[0], work / best[1], best[0] / best[1]);
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void least(double *best, double start)
{
    const double took = seconds() - start;
    if (*best == 0 || took < *best) *best = took;
}

static void measure_product(gy_context *ctx, const gy_kernel *k, size_t i)
{
    gy_pool pool;
    double best[2] = {0, 0};
    const int64_t rows = products[i].rows, in = products[i].in, out = products[i].out;
    gy_pool_init(&pool, ctx);
    float *x = draw(ctx, rows * in), *w = draw(ctx, in * out), *y = draw(ctx, rows * out);
    const gy_form form = pack(&pool, (gy_shape){2, {out, in}}, w);
    for (int pair = 0; pair < PAIRS; pair++) {
        double start = seconds();
        gy_linear_forward(k, rows, in, out, x, w, NULL, w, GY_ACTIVATION_relu, NULL, y);
        least(&best[0], start);
        start = seconds();
        gy_product_forward(k, rows, x, &form, w, GY_ACTIVATION_relu, y);
        least(&best[1], start);
    }
    tell(products[i].name, 2e-9 * (double)rows * (double)(in * out), best);
    float *all[] = {x, w, y};
    for (size_t j = 0; j < 3; j++) gy_free(ctx, all[j]);
    gy_pool_clear(&pool);
}

/* As the model does where floats are faster. */
static void convolve_floats(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                            const gy_form *form, float *y, float *scratch)
{
    float *w = scratch + gy_round_up(c->scratch, 16);
    gy_product_expand(k, form, w);
    gy_conv_forward(k, c, batch, x, w, NULL, x, GY_ACTIVATION_relu, NULL, y, scratch);
}

static void measure_conv(gy_context *ctx, const gy_kernel *k, size_t i)
{
    gy_pool pool;
    double best[2] = {0, 0};
    const int64_t side = convs[i].side, stride = convs[i].stride, batch = convs[i].batch;
    const int64_t out = (side + stride - 1) / stride,
                  pad = (out - 1) * stride + convs[i].kernel - side;
    const gy_window axis = {side, convs[i].kernel, stride, 1, pad > 0 ? pad / 2 : 0, out};
    gy_conv c = {.axis = {GY_WINDOW_NONE, axis, axis},
                 .channels = convs[i].channels,
                 .filters = convs[i].filters,
                 .groups = convs[i].groups};
    gy_conv of_form = c;
    gy_conv_plan(&c, GY_CONV_auto, gy_kernel_threads(k));
    const bool can =
        gy_conv_plan_form(&of_form, &gy_form_int8, gy_simd_best(), gy_kernel_threads(k));
    const int64_t depth = c.channels / c.groups, size = convs[i].kernel;
    const int64_t inputs = batch * side * side * c.channels,
                  outputs = batch * out * out * c.filters;
    const int64_t weights = c.filters * size * size * depth;
    gy_pool_init(&pool, ctx);
    float *x = draw(ctx, inputs), *w = draw(ctx, weights), *y = draw(ctx, outputs);
    float *scratch =
        draw(ctx, gy_round_up(c.scratch, 16) + weights + batch * of_form.per_sample + 64);
    const gy_form form = pack(&pool, (gy_shape){4, {c.filters, size, size, depth}}, w);
    for (int pair = 0; pair < PAIRS; pair++) {
        double start = seconds();
        gy_conv_forward(k, &c, batch, x, w, NULL, x, GY_ACTIVATION_relu, NULL, y, scratch);
        least(&best[0], start);
        start = seconds();
        if (can)
            gy_conv_forward_form(k, &of_form, batch, x, &form, x, GY_ACTIVATION_relu, y, scratch);
        else
            convolve_floats(k, &c, batch, x, &form, y, scratch);
        least(&best[1], start);
    }
    tell(convs[i].name, 2e-9 * (double)outputs * (double)(size * size * depth), best);
    float *all[] = {x, w, y, scratch};
    for (size_t j = 0; j < 4; j++) gy_free(ctx, all[j]);
    gy_pool_clear(&pool);
}

int main(void)
{
    gy_context *ctx = NULL;
    gy_kernel *k = NULL;
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK ||
        gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k) != GY_OK)
        return 1;
    printf("%-28s %8s %8s   %s\n", "GFLOP/s", "float32", "int8", "ratio");
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) measure_product(ctx, k, i);
    for (size_t i = 0; i < sizeof convs / sizeof *convs; i++) measure_conv(ctx, k, i);
    gy_kernel_free(k);
    gy_context_free(ctx);
    return 0;
}
