/* Communicators outside of MPI's life: a status, never an abort; and one that needs none of it. */
#include "gy_test.h"

#include <gyre/comm.h>

#include "comm/all_reduce.h"
#include "comm/host_memory.h"

#include <mpi.h>
#include <string.h>

static gy_context *ctx;

static void cannot_make_one(const char *why)
{
    gy_comm *comm = NULL;
    CU_ASSERT_EQUAL(gy_comm_create(ctx, NULL, &comm), GY_E_COMM);
    CU_ASSERT_PTR_NULL(comm);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, why));
}

/* MPI ends a process that calls it before its start. */
static void expect_alone(gy_comm *comm)
{
    double x[2] = {3, 5};
    int all = 0;
    char *text = NULL, *copy = NULL;
    gy_record record = {.sum = {7}, .max = {9}, .n_sum = 1, .n_max = 1};
    CU_ASSERT_EQUAL(gy_comm_rank(comm), 0);
    CU_ASSERT_EQUAL(gy_comm_ranks(comm), 1);
    CU_ASSERT_EQUAL(gy_comm_hosts(comm), 1);
    CU_ASSERT_TRUE(strlen(gy_comm_host(comm, 0)) > 0);
    CU_ASSERT_EQUAL(gy_comm_sum(comm, x, 2), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_max(comm, x, 2), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_reduce(comm, &record), GY_OK);
    CU_ASSERT(x[0] == 3 && x[1] == 5 && record.sum[0] == 7 && record.max_rank[0] == 0);
    CU_ASSERT_EQUAL(gy_comm_broadcast(comm, x, sizeof x, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_broadcast_text(comm, &text), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_all_gather(comm, &(int){4}, sizeof(int), &all), GY_OK);
    CU_ASSERT_EQUAL(all, 4);
    CU_ASSERT_EQUAL(gy_comm_barrier(comm), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_new_array(comm, 3, &copy), GY_OK);
    gy_free(ctx, copy);
    CU_ASSERT_EQUAL(gy_comm_agree(comm, GY_OK), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_agree(comm, gy_raise(GY_E_DATA, "odd")), GY_E_DATA);
    CU_ASSERT_TRUE(gy_comm_agreed(comm));
    CU_ASSERT_EQUAL(gy_comm_tell_threads(comm, 64), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_measure(comm), GY_OK);
    CU_ASSERT_FALSE(gy_comm_takes_threads());
}

static void sum_alone(gy_comm *comm)
{
    enum { N = 100 };
    gy_host_memory *memory = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_host_memory_create(comm, N, &memory), GY_OK);
    float *x = gy_host_memory_values(memory);
    x[N - 1] = 2;
    for (int i = 0; i < gy_all_reduce_registry.n; i++) {
        const gy_reduction r = {.x = x, .n = N};
        CU_ASSERT_EQUAL(gy_all_reduce_run(comm, gy_all_reduce_registry.kinds[i], &r), GY_OK);
    }
    CU_ASSERT_EQUAL(x[N - 1], 2.0f);
    gy_host_memory_free(memory);
}

static void alone_without_mpi(void)
{
    gy_comm *comm = NULL;
    ctx = gy_test_context();
    CU_ASSERT_EQUAL_FATAL(gy_comm_alone(ctx, &comm), GY_OK);
    expect_alone(comm);
    sum_alone(comm);
    gy_comm_free(comm);
    gy_test_end(ctx);
}

static void before_during_and_after(void)
{
    gy_comm *comm = NULL;
    MPI_Comm none = MPI_COMM_NULL;
    ctx = gy_test_context();
    cannot_make_one("MPI does not run");
    CU_ASSERT_EQUAL(gy_comm_create_f(ctx, 0, &comm), GY_E_COMM);
    CU_ASSERT_EQUAL_FATAL(gy_comm_start(ctx), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_create(ctx, &none, &comm), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_comm_create_f(ctx, (int)MPI_Comm_c2f(none), &comm), GY_E_USAGE);
    CU_ASSERT_EQUAL_FATAL(gy_comm_create_f(ctx, (int)MPI_Comm_c2f(MPI_COMM_WORLD), &comm), GY_OK);
    gy_comm_free(comm);
    CU_ASSERT_EQUAL_FATAL(gy_comm_create(ctx, NULL, &comm), GY_OK);
    gy_comm_stop(ctx);
    gy_comm_free(comm); /* as the destructors of a program may */
    cannot_make_one("MPI does not run");
    CU_ASSERT_EQUAL(gy_comm_start(ctx), GY_E_COMM); /* it starts once a process */
    gy_comm_stop(ctx);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(alone_without_mpi), GY_TEST(before_during_and_after))
