/* How many threads a rank has, and why: by the setting, grains, OMP_NUM_THREADS, cores, and little work. */
#include "gy_test.h"
#include "specs.h"

#include "loss/loss_list.h"
#include "network/network.h"

enum { IN = 1000, LITTLE = 2, MUCH = 4096 };

/* Of a layer that passes `batch` samples at once. */
static int threads(gy_net_spec spec, int64_t batch, gy_threads_by *by)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_net network;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool);
    gy_test_add(&list, "dense", NULL, "units", "100", NULL);
    spec.input = (gy_shape){1, {IN}};
    spec.layers = (gy_layer_specs){list.v, list.n};
    spec.where = "test";
    spec.loss = (gy_choice){.kind = &gy_loss_mse.kind};
    CU_ASSERT_EQUAL_FATAL(gy_net_open(ctx, &spec, &network), GY_OK);
    gy_net_cut(&network, batch, 1, 0);
    int n = gy_kernel_threads(network.kernel);
    *by = network.threads_by;
    gy_net_close(&network);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
    return n;
}

static void as_they_are_asked_for(void)
{
    gy_threads_by by;
    CU_ASSERT_EQUAL(threads((gy_net_spec){.threads = 3, .omp_threads = 2}, LITTLE, &by), 3);
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_SETTING);
    CU_ASSERT_EQUAL(threads((gy_net_spec){.omp_threads = 5}, MUCH, &by), 5);
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_OMP);
    CU_ASSERT_EQUAL(threads((gy_net_spec){.ranks = 1}, MUCH, &by), gy_kernel_cores());
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_CORES);
}

static void grains_take_one(void)
{
    gy_threads_by by;
    CU_ASSERT_EQUAL(threads((gy_net_spec){.omp_threads = 5, .grains = 2}, MUCH, &by), 1);
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_GRAINS);
}

static void little_work_takes_one(void)
{
    gy_threads_by by;
    CU_ASSERT_EQUAL(threads((gy_net_spec){.omp_threads = 5}, LITTLE, &by), 1);
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_WORK);
    CU_ASSERT_EQUAL(threads((gy_net_spec){.omp_threads = 1}, LITTLE, &by), 1);
    CU_ASSERT_EQUAL(by, GY_THREADS_BY_OMP); /* it was one before */
}

GY_TEST_MAIN(GY_TEST(as_they_are_asked_for), GY_TEST(grains_take_one),
             GY_TEST(little_work_takes_one))
