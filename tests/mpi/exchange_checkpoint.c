/* Written by one number of ranks, read by another, in another layout: see exchange_checkpoint.sh. */
#include "checkpoint_trial.h"

static void writes_or_reads(void)
{
    const char *run = getenv("GYRE_TRIAL_RUN"), *role = getenv("GYRE_TRIAL_ROLE");
    CU_ASSERT_TRUE_FATAL(run != NULL && role != NULL);
    bool writes = strcmp(role, "write") == 0;
    gy_trial t;
    gy_trial_make(&t, !writes, 300);
    if (writes) {
        CU_ASSERT_EQUAL(gy_trial_write(&t, run, 7, 0, 3, 0), GY_OK);
    } else {
        char *path = NULL;
        CU_ASSERT_EQUAL_FATAL(gy_checkpoint_newest(gy_test_ctx, gy_test_comm, run, &path), GY_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(path);
        CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_ALL, 2), GY_OK);
        CU_ASSERT_EQUAL(gy_trial_walk(&t, false, true, 7), 0);
        gy_free(gy_test_ctx, path);
    }
    gy_trial_free(&t);
}

GY_TEST_MPI_MAIN(GY_TEST(writes_or_reads))
