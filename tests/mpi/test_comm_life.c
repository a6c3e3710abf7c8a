/* Communicators outside of MPI's life: a status, never an abort. */
#include "gy_test.h"

#include <gyre/comm.h>

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

static void before_during_and_after(void)
{
    gy_comm *comm = NULL;
    MPI_Comm none = MPI_COMM_NULL;
    ctx = gy_test_context();
    cannot_make_one("MPI does not run");
    CU_ASSERT_EQUAL_FATAL(gy_comm_start(ctx), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_create(ctx, &none, &comm), GY_E_USAGE);
    CU_ASSERT_EQUAL_FATAL(gy_comm_create(ctx, NULL, &comm), GY_OK);
    gy_comm_stop(ctx);
    gy_comm_free(comm); /* as the destructors of a program may */
    cannot_make_one("MPI does not run");
    CU_ASSERT_EQUAL(gy_comm_start(ctx), GY_E_COMM); /* it starts once a process */
    gy_comm_stop(ctx);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(before_during_and_after))
