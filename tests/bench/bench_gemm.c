/*
 * Rates of matrix products, GFLOP/s, the best of a few runs: gy_gemm() beside the BLAS, on one
 * thread, in turns.
 *
 *     bench_gemm
 */
#include "kernel/gemm.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 7 };

typedef struct shape {
    const char *name;
    bool transpose_a, transpose_b;
    int64_t m, n, inner;
} shape;

static const shape shapes[] = {
    {"1024 cubed", false, false, 1024, 1024, 1024},
    {"mlp h1 y", false, true, 256, 2048, 784},
    {"mlp h1 dw", true, false, 2048, 784, 256},
    {"mlp h2 y", false, true, 256, 2048, 2048},
    {"mlp h2 dx", false, false, 256, 2048, 2048},
    {"mlp h2 dw", true, false, 2048, 2048, 256},
    {"mlp out y", false, true, 256, 10, 2048},
    {"mlp out dx", false, false, 256, 2048, 10},
    {"mlp out dw", true, false, 10, 2048, 256},
    {"lenet h1 y", false, true, 128, 1024, 3136},
    {"lenet h1 dx", false, false, 128, 3136, 1024},
    {"lenet h1 dw", true, false, 1024, 3136, 128},
    {"gpt_char qkv y", false, true, 3072, 1152, 384},
    {"gpt_char up y", false, true, 3072, 1536, 384},
    {"gpt_char up dx", false, false, 3072, 384, 1536},
    {"gpt_char up dw", true, false, 1536, 384, 3072},
    {"lstm y", false, true, 4096, 2048, 512},
    {"lstm dx", false, false, 4096, 512, 2048},
    {"lstm dw", true, false, 2048, 512, 4096},
    {"gpt2 logits y", false, true, 1024, 8192, 768},
    {"64 cubed", false, true, 64, 64, 64},
    {"32, 256, 256", false, true, 32, 256, 256},
    {"8, 512, 512", false, true, 8, 512, 512},
    {"16, 512, 512", false, true, 16, 512, 512},
    {"512, 16, 512", false, true, 512, 16, 512},
};

static float *draw(gy_context *ctx, int64_t n)
{
    float *x = NULL;
    if (gy_new_array(ctx, n, &x) != GY_OK) abort();
    for (int64_t i = 0; i < n; i++) x[i] = (float)(i % 7) - 3.0F;
    return x;
}

static void measure(gy_context *ctx, const gy_kernel *k, const shape *s)
{
    const int64_t lda = s->transpose_a ? s->m : s->inner, ldb = s->transpose_b ? s->inner : s->n;
    float *a = draw(ctx, s->m * s->inner), *b = draw(ctx, s->inner * s->n);
    float *c = draw(ctx, s->m * s->n);
    const double gflop = 2e-9 * (double)s->m * (double)s->n * (double)s->inner;
    const int64_t repeats = 1 + (int64_t)(0.02 / gflop);
    double ours = INFINITY, blas = INFINITY;
    for (int i = 0; i < RUNS; i++) {
        double start = gy_clock_s();
        for (int64_t r = 0; r < repeats; r++)
            gy_gemm(k, s->transpose_a, s->transpose_b, s->m, s->n, s->inner, 1, a, lda, b, ldb, 0,
                    c, s->n);
        double middle = gy_clock_s();
        for (int64_t r = 0; r < repeats; r++)
            gy_gemm_serial(s->transpose_a, s->transpose_b, s->m, s->n, s->inner, 1, a, lda, b, ldb,
                           0, c, s->n);
        ours = fmin(ours, middle - start);
        blas = fmin(blas, gy_clock_s() - middle);
    }
    const double work = gflop * (double)repeats;
    printf("%-16s %5lld %5lld %5lld   %6.1f %6.1f   %5.2f\n", s->name, (long long)s->m,
           (long long)s->n, (long long)s->inner, work / ours, work / blas, blas / ours);
    gy_free(ctx, a);
    gy_free(ctx, b);
    gy_free(ctx, c);
}

int main(void)
{
    gy_context *ctx = NULL;
    gy_kernel *k = NULL;
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK ||
        gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k) != GY_OK)
        return 1;
    printf("%-16s %5s %5s %5s   %6s %6s   ratio\n", "GFLOP/s", "m", "n", "inner", "ours", "BLAS");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) measure(ctx, k, &shapes[i]);
    gy_kernel_free(k);
    gy_context_free(ctx);
    return 0;
}
