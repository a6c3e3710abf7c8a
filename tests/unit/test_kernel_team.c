/*
 * A kernel of one thread allocates nothing, and computes the same inside a parallel region of its
 * caller, whose threads each have a kernel of their own.
 */
#include "allocations.h"
#include "levels.h"

#include "kernel/attention.h"
#include "kernel/conv.h"
#include "kernel/gemm.h"
#include "kernel/norm.h"
#include "kernel/pooling.h"
#include "kernel/update.h"

#include <string.h>

enum { BATCH = 3, SIDE = 9, CHANNELS = 17, PIXELS = SIDE * SIDE * CHANNELS, ROOM = 1 << 20 };

/* What a thread of the caller has: a kernel, and room that its passes fill. */
typedef struct desk {
    gy_context *ctx;
    gy_kernel *k;
    float *x, *w, *y, *dx, *dw, *scratch;
} desk;

static void begin(desk *d)
{
    *d = (desk){.ctx = gy_test_context()};
    float **all[] = {&d->x, &d->w, &d->y, &d->dx, &d->dw, &d->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (gy_new_array(d->ctx, ROOM, all[i]) != GY_OK) abort();
    if (gy_kernel_create(d->ctx, 1, GY_PRECISION_float32, &d->k) != GY_OK) abort();
    gy_test_values(1, BATCH * PIXELS, 1.0, d->x);
    gy_test_values(2, CHANNELS * 25 * CHANNELS, 1.0, d->w);
}

static void end(desk *d)
{
    float *all[] = {d->x, d->w, d->y, d->dx, d->dw, d->scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gy_free(d->ctx, all[i]);
    gy_kernel_free(d->k);
    gy_test_end(d->ctx);
}

static void convolve(desk *d, gy_conv_algorithm a)
{
    const gy_window side = {SIDE, 3, 1, 1, 1, SIDE};
    gy_conv c = {.axis = {GY_WINDOW_NONE, side, side},
                 .channels = CHANNELS,
                 .filters = CHANNELS,
                 .groups = 1};
    gy_conv_plan(&c, a, 1);
    if (c.scratch > ROOM) abort();
    gy_conv_forward(d->k, &c, BATCH, d->x, d->w, NULL, NULL, GY_ACTIVATION_relu, NULL, d->y,
                    d->scratch);
    gy_conv_backward_data(d->k, &c, BATCH, d->w, d->y, d->dx, d->scratch);
    gy_conv_backward_weight(d->k, &c, BATCH, d->dx, d->y, 0, d->dw, d->scratch);
}

static void attend(desk *d)
{
    const gy_attention a = {
        .batch = 2, .time = 20, .heads = 2, .key_value_heads = 1, .width = 10, .causal = true};
    const gy_heads q = {d->dw, 20, 400}, kv = {d->x, 10, 200}, out = {d->y, 20, 400};
    const gy_attention_back back = {.q = q,
                                    .key = kv,
                                    .value = kv,
                                    .lse = d->y + 1000,
                                    .d_out = q,
                                    .d_q = {d->dx, 20, 400},
                                    .d_key = {d->dx + 1000, 10, 200},
                                    .d_value = {d->dx + 2000, 10, 200}};
    if (gy_attention_scratch(&a, true, 1) > ROOM) abort();
    gy_attention_forward(d->k, &a, q, kv, kv, out, d->y + 1000, d->scratch);
    gy_attention_backward(d->k, &a, &back, d->scratch);
}

/* A bit of everything; dw and y are what it makes of what it began with. */
static void work(desk *d)
{
    const gy_row_norm norm = {100, 50, true, 1e-5f};
    const gy_window pairs = {SIDE, 2, 1, 1, 0, SIDE - 1};
    const gy_pooling pool = {{GY_WINDOW_NONE, pairs, pairs}, CHANNELS};
    for (int a = GY_CONV_auto + 1; a < GY_CONV_COUNT; a++) convolve(d, (gy_conv_algorithm)a);
    attend(d);
    gy_row_norm_forward(d->k, &norm, d->dx, d->w, d->w, d->y, NULL);
    gy_avg_pool_forward(d->k, &pool, BATCH, d->dx, d->y);
    gy_linear_forward(d->k, 40, 30, 50, d->y, d->w, NULL, d->w, GY_ACTIVATION_gelu, d->scratch,
                      d->dx);
    gy_linear_backward(d->k, 40, 30, 50, d->y, d->w, d->dx, NULL, d->dw, 0, d->scratch, 0);
    gy_linear_forward(d->k, 1, 30, 50, d->dw, d->w, NULL, d->w, GY_ACTIVATION_tanh, NULL, d->y);
    gy_update_momentum(d->k, 1000, 0.1f, 1, 0, 0.9f, true, d->y, d->dw, d->scratch);
}

static void one_thread_allocates_nothing(void)
{
    desk d;
    begin(&d);
    work(&d); /* what libraries allocate at their first call */
    int64_t before = gy_test_allocations;
    work(&d);
    CU_ASSERT_EQUAL(gy_test_allocations, before);
    if (GY_TEST_COUNTS) {
        void *volatile some = malloc(1); /* it does count */
        free(some);
        CU_ASSERT_TRUE(gy_test_allocations > before);
    }
    end(&d);
}

static void threads_of_the_caller(void)
{
    enum { THREADS = 3 };
    desk alone, all[THREADS];
    begin(&alone);
    work(&alone);
    for (int t = 0; t < THREADS; t++) begin(&all[t]);
#pragma omp parallel for num_threads(THREADS)
    for (int t = 0; t < THREADS; t++) work(&all[t]);
    for (int t = 0; t < THREADS; t++) {
        CU_ASSERT_EQUAL(memcmp(all[t].y, alone.y, ROOM * sizeof(float)), 0);
        CU_ASSERT_EQUAL(memcmp(all[t].dx, alone.dx, ROOM * sizeof(float)), 0);
        CU_ASSERT_EQUAL(memcmp(all[t].dw, alone.dw, ROOM * sizeof(float)), 0);
        end(&all[t]);
    }
    end(&alone);
}

GY_TEST_MAIN(GY_TEST(one_thread_allocates_nothing), GY_TEST(threads_of_the_caller))
