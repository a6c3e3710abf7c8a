/* Sums of grains: the bits of one rank that adds them all in a row, whatever ranks and all-reduce. */
#include "gy_test_mpi.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "kernel/exact.h"
#include "sync/grains.h"

#include <math.h>

enum { N = 5003, GRAINS = 12 };

static gy_kernel *kernel;

/* Elements of a grain's vector, of very different sizes. */
static void draw(int grain, int step, float *x)
{
    gy_rng key = {.seed = 7, .use = (uint32_t)step, .stream = (uint32_t)grain};
    for (int64_t i = 0; i < N; i++)
        x[i] = (float)ldexp(gy_rng_normal(key, (uint64_t)i, 0), (int)(i % 70 - grain * i % 31));
}

static void sum_alone(int step, float *x, float *y)
{
    gy_exact e = {.n = N, .width = gy_exact_width(GRAINS)};
    float *planes = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &e.bins), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, GY_EXACT_PLANES * N, &planes), GY_OK);
    for (int p = 0; p < GY_EXACT_PLANES; p++) e.planes[p] = planes + p * N;
    gy_exact_clear(kernel, &e);
    for (int grain = 0; grain < GRAINS; grain++) {
        draw(grain, step, x);
        gy_exact_add(kernel, &e, 0, N, x);
    }
    gy_exact_take(kernel, &e, 0, N, y);
    gy_free(gy_test_ctx, planes);
    gy_free(gy_test_ctx, e.bins);
}

/* Grains fall to ranks by turns, from the last; vectors come in two pieces. */
static void sum_together(gy_grains *g, int step, float *x, float *y)
{
    int rank = gy_comm_rank(gy_test_comm), ranks = gy_comm_ranks(gy_test_comm);
    double waited = -1;
    gy_grains_begin(g);
    for (int grain = GRAINS - 1; grain >= 0; grain--) {
        if ((grain + step) % ranks != rank) continue;
        draw(grain, step, x);
        gy_grains_add(g, 1777, N - 1777, x + 1777);
        gy_grains_add(g, 0, 1777, x);
    }
    CU_ASSERT_EQUAL(gy_grains_finish(g, &waited), GY_OK);
    CU_ASSERT_TRUE(waited >= 0);
    gy_grains_take(g, 0, 3, y);
    gy_grains_take(g, 3, N - 3, y + 3);
}

static gy_sync_settings settings_of(const char *kind, double mib)
{
    return (gy_sync_settings){.all_reduce = {gy_registry_find(&gy_all_reduce_registry, kind), NULL},
                              .bucket_mib = mib,
                              .overlap = true,
                              .reproducible_grains = GRAINS};
}

static void compare(const char *kind, double mib)
{
    gy_sync_settings settings = settings_of(kind, mib);
    gy_grains *g = NULL;
    float *v = NULL, *want, *got;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, 3 * N, &v), GY_OK);
    want = v + N;
    got = want + N;
    CU_ASSERT_EQUAL_FATAL(gy_grains_create(gy_test_ctx, gy_test_comm, kernel, &settings, N, &g),
                          GY_OK);
    int64_t before = gy_alloc_count(gy_test_ctx);
    for (int step = 0; step < 3; step++) {
        sum_together(g, step, v, got);
        if (step == 0) CU_ASSERT_EQUAL(gy_alloc_count(gy_test_ctx), before);
        sum_alone(step, v, want);
        CU_ASSERT_EQUAL(memcmp(got, want, N * sizeof *got), 0);
    }
    gy_grains_free(g);
    gy_free(gy_test_ctx, v);
}

static void bits_are_those_of_one_rank(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        compare(gy_all_reduce_registry.kinds[k]->name, 0.012);
        compare(gy_all_reduce_registry.kinds[k]->name, 4);
    }
}

/* NaN of one rank alone is a NaN everywhere. */
static void nan_gets_through(void)
{
    gy_sync_settings settings = settings_of("ring", 4);
    int rank = gy_comm_rank(gy_test_comm), last = gy_comm_ranks(gy_test_comm) - 1;
    float x[3] = {1, rank == last ? NAN : 1, 2}, y[3] = {0};
    double waited;
    gy_grains *g = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_grains_create(gy_test_ctx, gy_test_comm, kernel, &settings, 3, &g),
                          GY_OK);
    gy_grains_begin(g);
    gy_grains_add(g, 0, 3, x);
    CU_ASSERT_EQUAL(gy_grains_finish(g, &waited), GY_OK);
    gy_grains_take(g, 0, 3, y);
    CU_ASSERT_TRUE(y[0] == (float)(last + 1) && isnan(y[1]) && y[2] == 2 * (float)(last + 1));
    gy_grains_free(g);
}

static void creation_survives_lack_of_memory(void)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm), k = 0;
    gy_sync_settings settings = settings_of("ring", 0.001);
    gy_status status = GY_E_NOMEM;
    while (status != GY_OK && k < 200) {
        gy_grains *g = NULL;
        int64_t before = gy_context_balance(gy_test_ctx);
        k++;
        gy_alloc_fail_at(gy_test_ctx, rank == ranks / 2 ? k : 0);
        status = gy_grains_create(gy_test_ctx, gy_test_comm, kernel, &settings, 500, &g);
        gy_alloc_fail_at(gy_test_ctx, 0);
        CU_ASSERT(status == GY_OK || status == GY_E_NOMEM);
        gy_grains_free(g);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
    }
    CU_ASSERT(k > 1 && k < 200);
}

static void make_kernel(void)
{
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(gy_test_ctx, 1, GY_PRECISION_float32, &kernel), GY_OK);
}

static void free_kernel(void)
{
    gy_kernel_free(kernel);
}

GY_TEST_MPI_MAIN(GY_TEST(make_kernel), GY_TEST(bits_are_those_of_one_rank),
                 GY_TEST(nan_gets_through), GY_TEST(creation_survives_lack_of_memory),
                 GY_TEST(free_kernel))
