/*
 * Rates of convolution: GFLOP/s counted as direct convolution (2 · outputs · kernel · channels a
 * pass), the best of a few runs, beside the rate of a large product in the same program; and how many
 * times as fast each pass is in bfloat16, in turns. On one thread by processor time.
 *
 *     bench_conv [THREADS [ALGORITHM|all [NAME]]]
 */
#include "kernel/conv.h"
#include "kernel/gemm.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5 };

typedef struct shape {
    const char *name;
    int64_t batch, side, channels, filters, kernel, stride, groups;
    int axes; /* 0: two */
} shape;

static const shape shapes[] = {
    {"32 to 32 at 32", 64, 32, 32, 32, 3, 1, 1},
    {"64 to 64 at 32", 64, 32, 64, 64, 3, 1, 1},
    {"128 to 128 at 16", 64, 16, 128, 128, 3, 1, 1},
    {"256 to 256 at 8", 64, 8, 256, 256, 3, 1, 1},
    {"lenet c1", 128, 28, 1, 32, 5, 1, 1},
    {"lenet c2", 128, 14, 32, 64, 5, 1, 1},
    {"vgg c1a", 64, 32, 3, 64, 3, 1, 1},
    {"vgg c2a", 64, 16, 64, 128, 3, 1, 1},
    {"vgg c3a", 64, 8, 128, 256, 3, 1, 1},
    {"resnet20 stem", 128, 32, 3, 16, 3, 1, 1},
    {"resnet20 stage 0", 128, 32, 16, 16, 3, 1, 1},
    {"resnet20 stage 1, half", 128, 32, 16, 32, 3, 2, 1},
    {"resnet20 stage 1", 128, 16, 32, 32, 3, 1, 1},
    {"resnet20 stage 2, half", 128, 16, 32, 64, 3, 2, 1},
    {"resnet20 stage 2", 128, 8, 64, 64, 3, 1, 1},
    {"1x1 256 to 64 at 16", 64, 16, 256, 64, 1, 1, 1},
    {"7x7 3 to 64 at 64, half", 16, 64, 3, 64, 7, 2, 1},
    {"depthwise 128 at 28", 64, 28, 128, 128, 3, 1, 128},
    {"depthwise 128, half", 64, 28, 128, 128, 3, 2, 128},
    {"32 groups of 4 at 28", 64, 28, 128, 128, 3, 1, 32},
    {"32 to 1 at 64", 16, 64, 32, 1, 3, 1, 1},
    {"3d 1 to 16 at 64", 1, 64, 1, 16, 3, 1, 1, 3},
    {"3d 16 to 1 at 32", 4, 32, 16, 1, 3, 1, 1, 3},
    {"3d 16 to 32 at 32", 4, 32, 16, 32, 3, 1, 1, 3},
    {"3d 32 to 64 at 32", 2, 32, 32, 64, 3, 1, 1, 3},
    {"3d 64 to 64 at 16", 4, 16, 64, 64, 3, 1, 1, 3},
    {"3d 64 to 128 at 16, half", 4, 16, 64, 128, 3, 2, 1, 3},
    {"3d 128 to 128 at 8", 8, 8, 128, 128, 3, 1, 1, 3},
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

static gy_conv conv_of(const shape *s)
{
    int64_t out = (s->side + s->stride - 1) / s->stride;
    int64_t pad = (out - 1) * s->stride + s->kernel - s->side;
    const gy_window side = {s->side, s->kernel, s->stride, 1, pad > 0 ? pad / 2 : 0, out};
    return (gy_conv){.axis = {s->axes == 3 ? side : GY_WINDOW_NONE, side, side},
                     .channels = s->channels,
                     .filters = s->filters,
                     .groups = s->groups};
}

/* Of a thread that is alone its own: others may want the processor too. */
static double seconds(const gy_kernel *k)
{
    struct timespec t;
    if (gy_kernel_threads(k) > 1) return gy_clock_s();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(gy_context *ctx, gy_kernel *const kernels[GY_PRECISION_COUNT], const shape *s,
                    gy_conv_algorithm a)
{
    gy_conv c = conv_of(s);
    if (!gy_conv_can(&c, a)) return;
    gy_conv_plan(&c, a, gy_kernel_threads(kernels[0]));
    int64_t inputs = s->batch * gy_windows_in(c.axis) * c.channels;
    int64_t outputs = s->batch * gy_windows_out(c.axis) * c.filters;
    int64_t weights = c.filters * gy_windows_size(c.axis) * (c.channels / c.groups);
    double work = 2e-9 * (double)outputs * (double)weights / (double)c.filters;
    float *x = draw(ctx, inputs), *y = draw(ctx, outputs), *w = draw(ctx, weights);
    float *dx = draw(ctx, inputs), *dz = draw(ctx, outputs), *dw = draw(ctx, weights);
    float *scratch = draw(ctx, c.scratch), best[GY_PRECISION_COUNT][3];
    for (int j = 0; j < 3 * GY_PRECISION_COUNT; j++) best[j / 3][j % 3] = 1e30F;
    for (int i = 0; i < RUNS * GY_PRECISION_COUNT; i++) {
        const gy_kernel *k = kernels[i % GY_PRECISION_COUNT];
        float *least = best[i % GY_PRECISION_COUNT];
        double at[4] = {seconds(k)};
        gy_conv_forward(k, &c, s->batch, x, w, NULL, NULL, GY_ACTIVATION_none, NULL, y, scratch);
        at[1] = seconds(k);
        gy_conv_backward_data(k, &c, s->batch, w, dz, dx, scratch);
        at[2] = seconds(k);
        gy_conv_backward_weight(k, &c, s->batch, x, dz, 0, dw, scratch);
        at[3] = seconds(k);
        for (int j = 0; j < 3; j++) {
            float took = (float)(at[j + 1] - at[j]);
            if (took < least[j]) least[j] = took;
        }
    }
    const float *plain = best[0], *half = best[GY_PRECISION_bfloat16];
    const double all = (double)(plain[0] + plain[1] + plain[2]);
    printf("%-24s %-9s %6.1f %6.1f %6.1f   all %6.1f   %7.2f ms   bfloat16 %5.2f %5.2f %5.2f\n",
           s->name, gy_conv_names[c.algorithm], work / (double)plain[0], work / (double)plain[1],
           work / (double)plain[2], 3 * work / all, 1e3 * all, (double)(plain[0] / half[0]),
           (double)(plain[1] / half[1]), (double)(plain[2] / half[2]));
    float *arrays[] = {x, y, w, dx, dz, dw, scratch};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) gy_free(ctx, arrays[i]);
}

static void measure_product(gy_context *ctx, const gy_kernel *k)
{
    enum { N = 768 };
    float *a = draw(ctx, N * N), *b = draw(ctx, N * N), *c = draw(ctx, N * N);
    double best = 1e30;
    for (int i = 0; i < RUNS; i++) {
        double start = seconds(k);
        gy_gemm(k, false, false, N, N, N, 1, a, N, b, N, 0, c, N);
        double took = seconds(k) - start;
        if (took < best) best = took;
    }
    printf("sgemm %d^3: %.1f GFLOP/s\n", N, 2e-9 * N * N * N / best);
    gy_free(ctx, a);
    gy_free(ctx, b);
    gy_free(ctx, c);
}

int main(int argc, char **argv)
{
    gy_context *ctx = NULL;
    gy_kernel *k[GY_PRECISION_COUNT] = {NULL};
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    const char *algorithm = argc > 2 ? argv[2] : "all";
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK) return 1;
    for (int p = 0; p < GY_PRECISION_COUNT; p++)
        if (gy_kernel_create(ctx, threads, (gy_precision)p, &k[p]) != GY_OK) return 1;
    measure_product(ctx, k[0]);
    printf("%-34s forward  data  weights\n", "GFLOP/s");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (argc > 3 && strstr(shapes[i].name, argv[3]) == NULL) continue;
        for (int a = 0; a < GY_CONV_COUNT; a++)
            if (strcmp(algorithm, gy_conv_names[a]) == 0 ||
                (a > 0 && strcmp(algorithm, "all") == 0))
                measure(ctx, k, &shapes[i], (gy_conv_algorithm)a);
    }
    measure_product(ctx, k[0]);
    for (int p = 0; p < GY_PRECISION_COUNT; p++) gy_kernel_free(k[p]);
    gy_context_free(ctx);
    return 0;
}
