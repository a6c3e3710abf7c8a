/*
 * Rates of matrix products, GFLOP/s of processor time, the best of a few runs: by panels and by the BLAS, in turns, on
 * one thread, and which of them gy_gemm() takes; then in bfloat16, and how many times that is as fast as what is taken
 * in float32. NT, NN, TN: what is transposed.
 *
 *     bench_gemm [RUNS [WORD]]     WORD: lines with it in their names alone
 */
#include "kernel/gemm_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    {"gpt_char qkv dx", false, false, 3072, 384, 1152},
    {"gpt_char qkv dw", true, false, 1152, 384, 3072},
    {"gpt_char out y", false, true, 3072, 384, 384},
    {"gpt_char out dw", true, false, 384, 384, 3072},
    {"gpt_char up y", false, true, 3072, 1536, 384},
    {"gpt_char up dx", false, false, 3072, 384, 1536},
    {"gpt_char up dw", true, false, 1536, 384, 3072},
    {"gpt_char down dw", true, false, 384, 1536, 3072},
    {"lstm y", false, true, 4096, 2048, 512},
    {"lstm dx", false, false, 4096, 512, 2048},
    {"lstm dw", true, false, 2048, 512, 4096},
    {"gru dw", true, false, 1536, 512, 4096},
    {"gpt2 up y", false, true, 1024, 3072, 768},
    {"gpt2 up dx", false, false, 1024, 768, 3072},
    {"gpt2 up dw", true, false, 3072, 768, 1024},
    {"gpt2 down dw", true, false, 768, 3072, 1024},
    {"gpt2 logits y", false, true, 1024, 8192, 768},
    {"gpt2 logits dw", true, false, 8192, 768, 1024},
    {"lstm step dw", true, false, 512, 512, 4096},
    {"64 cubed", false, true, 64, 64, 64},
    {"32, 256, 256", false, true, 32, 256, 256},
    {"8, 512, 512", false, true, 8, 512, 512},
    {"16, 512, 512", false, true, 16, 512, 512},
    {"512, 16, 512", false, true, 512, 16, 512},
    {"1, 512, 512", false, true, 1, 512, 512},
    {"1, 512, 512 dx", false, false, 1, 512, 512},
    {"1, 512, 512 dw", true, false, 512, 512, 1},
    {"3, 512, 512", false, true, 3, 512, 512},
};

static float *draw(gy_context *ctx, int64_t n)
{
    float *x = NULL;
    if (gy_new_array(ctx, n, &x) != GY_OK) abort();
    for (int64_t i = 0; i < n; i++) x[i] = (float)(i % 7) - 3.0F;
    return x;
}

/* Of this thread alone: others may want the processor too. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double by_panels(const gy_kernel *k, const gy_product *p, int64_t repeats)
{
    const double start = seconds();
    for (int64_t r = 0; r < repeats; r++)
        gy_gemm_packed(k, p, (gy_block_of){0, p->m, 0, p->n}, false, k->work);
    return seconds() - start;
}

static double by_blas(const gy_product *p, int64_t repeats)
{
    const double start = seconds();
    for (int64_t r = 0; r < repeats; r++)
        gy_gemm_serial(p->transpose_a, p->transpose_b, p->m, p->n, p->inner, 1, p->a, p->lda, p->b,
                       p->ldb, 0, p->c, p->ldc);
    return seconds() - start;
}

/* As gy_gemm() chooses. */
static double by_choice(const gy_kernel *k, const gy_product *p, int64_t repeats)
{
    const double start = seconds();
    for (int64_t r = 0; r < repeats; r++) gy_gemm_run(k, p);
    return seconds() - start;
}

static void measure(gy_context *ctx, const gy_kernel *k, const gy_kernel *half, const shape *s,
                    int runs)
{
    float *a = draw(ctx, s->m * s->inner), *b = draw(ctx, s->inner * s->n);
    float *c = draw(ctx, s->m * s->n);
    const gy_product p = {.transpose_a = s->transpose_a,
                          .transpose_b = s->transpose_b,
                          .m = s->m,
                          .n = s->n,
                          .inner = s->inner,
                          .alpha = 1.0F,
                          .a = a,
                          .b = b,
                          .c = c,
                          .lda = s->transpose_a ? s->m : s->inner,
                          .ldb = s->transpose_b ? s->inner : s->n,
                          .ldc = s->n};
    const double gflop = 2e-9 * (double)s->m * (double)s->n * (double)s->inner;
    const int64_t repeats = 1 + (int64_t)(0.02 / gflop);
    double panels = INFINITY, blas = INFINITY, chosen = INFINITY, rounded = INFINITY;
    for (int i = 0; i < runs; i++) {
        panels = fmin(panels, by_panels(k, &p, repeats));
        blas = fmin(blas, by_blas(&p, repeats));
        chosen = fmin(chosen, by_choice(k, &p, repeats));
        rounded = fmin(rounded, by_choice(half, &p, repeats));
    }
    const double work = gflop * (double)repeats;
    printf("%-16s %c%c %5lld %5lld %5lld   %6.1f %6.1f   %5.2f   %-6s %6.1f %6.2f\n", s->name,
           s->transpose_a ? 'T' : 'N', s->transpose_b ? 'T' : 'N', (long long)s->m, (long long)s->n,
           (long long)s->inner, work / panels, work / blas, blas / panels,
           gy_gemm_packs(k, p.m, p.n, p.inner) ? "panels" : "BLAS", work / rounded,
           chosen / rounded);
    gy_free(ctx, a);
    gy_free(ctx, b);
    gy_free(ctx, c);
}

int main(int argc, char **argv)
{
    gy_context *ctx = NULL;
    gy_kernel *k = NULL, *half = NULL;
    const int runs = argc > 1 ? atoi(argv[1]) : 7;
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK ||
        gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k) != GY_OK ||
        gy_kernel_create(ctx, 1, GY_PRECISION_bfloat16, &half) != GY_OK)
        return 1;
    printf("%-16s    %5s %5s %5s   %6s %6s   ratio   takes  bfloat16 ratio\n", "GFLOP/s", "m", "n",
           "inner", "panels", "BLAS");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (argc <= 2 || strstr(shapes[i].name, argv[2]) != NULL)
            measure(ctx, k, half, &shapes[i], runs);
    gy_kernel_free(k);
    gy_kernel_free(half);
    gy_context_free(ctx);
    return 0;
}
