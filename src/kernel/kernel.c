/* The handle of the kernels. */
#include "kernel_impl.h"

#include "base/clock.h"
#include "gemm_impl.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define TABLE(level) &gy_vector_##level,
#else
#define TABLE(level) &gy_vector_baseline,
#endif

#define NAME(precision) #precision,
const char *const gy_precision_names[GY_PRECISION_COUNT + 1] = {GY_PRECISION_LIST(NAME) NULL};

static const gy_int8_unit *int8_unit(gy_simd level)
{
#if defined(__x86_64__)
    if (level >= GY_SIMD_v4) return gy_simd_has_vnni(level) ? &gy_int8_v4_vnni : &gy_int8_v4;
    if (level == GY_SIMD_v3) return gy_simd_has_vnni(level) ? &gy_int8_v3_vnni : &gy_int8_v3;
#endif
    (void)level;
    return &gy_int8_baseline;
}

bool gy_kernel_packs(const gy_context *ctx)
{
    return gy_context_simd_level(ctx) >= GY_SIMD_v3;
}

static const gy_vector *vector_of(const gy_context *ctx)
{
    static const gy_vector *const tables[GY_SIMD_COUNT] = {GY_SIMD_LIST(TABLE)};
    return tables[gy_context_simd_level(ctx)];
}

const char *gy_kernel_products(const gy_context *ctx, gy_precision precision)
{
    return vector_of(ctx)->operand[precision]->by;
}

/* Tiles are the system's to give. The level is what all ranks agreed on: none goes on by itself at another. */
static gy_status choose_operand(const gy_context *ctx, gy_precision precision,
                                const gy_operand **out)
{
    const bool tiles =
        precision == GY_PRECISION_bfloat16 && gy_context_simd_level(ctx) == GY_SIMD_v4_amx;
    GY_REQUIRE(!tiles || gy_simd_ask_tiles(), GY_E_USAGE,
               "cannot use the instruction set" GY_AT "%s" GY_WHY
               "the system refuses AMX tiles" GY_HINT "set GYRE_SIMD=%s",
               gy_simd_names[GY_SIMD_v4_amx], gy_simd_names[GY_SIMD_v4_bf16]);
    *out = vector_of(ctx)->operand[precision];
    return GY_OK;
}

gy_status gy_kernel_create(gy_context *ctx, int threads, gy_precision precision, gy_kernel **out)
{
    gy_status status;
    gy_kernel *k;
    GY_TRY(gy_new(ctx, &k));
    k->ctx = ctx;
    k->threads = threads > 0 ? threads : gy_kernel_cores();
    k->vector = vector_of(ctx);
    GY_TRY_GOTO(fail, choose_operand(ctx, precision, &k->operand));
    GY_TRY_GOTO(fail, gy_kernel_set_winograd(k, GY_PRECISION_float32));
    k->packs = gy_kernel_packs(ctx);
    k->fetches = gy_gemm_fetches();
    k->int8 = int8_unit(gy_context_simd_level(ctx));
    const size_t work = (size_t)(k->threads * gy_gemm_packed_work) * sizeof *k->work;
    GY_TRY_GOTO(fail, gy_alloc_room(ctx, work, (void **)&k->work));
    *out = k;
    return GY_OK;
fail:
    gy_kernel_free(k);
    return status;
}

void gy_kernel_free(gy_kernel *k)
{
    if (k == NULL) return;
    gy_free(k->ctx, k->work);
    gy_free(k->ctx, k);
}

gy_status gy_kernel_set_winograd(gy_kernel *k, gy_precision precision)
{
    return choose_operand(k->ctx, precision, &k->winograd);
}

int gy_kernel_threads(const gy_kernel *k)
{
    return k->threads;
}

void gy_kernel_use(gy_kernel *k, int threads)
{
    k->threads = threads < k->threads ? threads : k->threads;
}

int gy_kernel_cores(void)
{
    return omp_get_num_procs();
}

/* OpenMP has read it; of what it cannot read it has said so. */
int gy_kernel_omp_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    return text != NULL && text[0] != '\0' ? omp_get_max_threads() : 0;
}

void gy_kernel_on_poll(gy_kernel *k, void (*poll)(void *user), void *user)
{
    k->poll = poll;
    k->user = user;
}

void gy_kernel_poll(const gy_kernel *k)
{
    if (k->poll != NULL) k->poll(k->user);
}

gy_status gy_kernel_peak(gy_kernel *k, double *gflops)
{
    enum { N = 1024, TRIES = 4 };
    float *x;
    GY_TRY(gy_new_array(k->ctx, 3 * N * N, &x));
    for (int64_t i = 0; i < 2 * N * N; i++) x[i] = (float)(i % 7);
    double best = INFINITY;
    const gy_kernel before = *k;
    k->packs = false; /* the BLAS's own */
    k->operand = k->vector->operand[GY_PRECISION_float32];
    for (int i = 0; i < TRIES; i++) {
        double start = gy_clock_s();
        gy_gemm(k, false, false, N, N, N, 1.0f, x, N, x + N * N, N, 0.0f, x + 2 * N * N, N);
        best = fmin(best, gy_clock_s() - start);
    }
    *k = before;
    gy_free(k->ctx, x);
    *gflops = 2e-9 * N * N * N / best;
    return GY_OK;
}
