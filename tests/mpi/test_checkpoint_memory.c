/* Every allocation of a write and of a read fails once, on the first and on the last rank. */
#include "checkpoint_trial.h"

static const char step_5[] = "run/checkpoints/step-000000005";

static void fail_on(int victim, int64_t k)
{
    if (gy_comm_rank(gy_test_comm) == victim) gy_alloc_fail_at(gy_test_ctx, k);
}

static void writes_fail_cleanly(void)
{
    gy_tempdir dir;
    gy_trial t;
    int last = gy_comm_ranks(gy_test_comm) - 1;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 3);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 2, 1, 0), GY_OK);
    int64_t balance = gy_context_balance(gy_test_ctx), k = 1;
    gy_verify_result result;
    for (int victim = last;; victim = 0) {
        gy_status status = GY_E_NOMEM;
        for (k = 1; status != GY_OK && k < 2000; k++) {
            fail_on(victim, k);
            status = gy_trial_write(&t, run, 9, 2, 1, 0);
            gy_alloc_fail_at(gy_test_ctx, 0);
            CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
            if (status == GY_OK) break;
            CU_ASSERT_EQUAL(status, GY_E_NOMEM);
            CU_ASSERT_STRING_EQUAL_FATAL(gy_trial_list(&dir, "run"), "HEAD latest step-000000005 ");
            const char *old = gy_tempdir_join(&dir, step_5);
            if (k % 16 == 0 && gy_trial_is_first())
                CU_ASSERT_EQUAL(gy_checkpoint_verify(gy_test_ctx, old, NULL, NULL, &result), GY_OK);
        }
        CU_ASSERT_EQUAL(status, GY_OK);
        if (victim == 0) break;
        CU_ASSERT_TRUE(k >= 2);
        CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 10, 2, 1, 0), GY_OK);
        CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 2, 1, 0), GY_OK);
        if (gy_trial_is_first()) {
            char command[2 * GY_TEMPDIR];
            (void)snprintf(command, sizeof command, "rm -rf '%s'/checkpoints/step-*1?", run);
            CU_ASSERT_EQUAL(system(command), 0);
        }
    }
    CU_ASSERT_TRUE(k > 20);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

static void reads_fail_cleanly(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 3);
    const char *path = gy_tempdir_join(&dir, step_5), *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 2, 1, 0), GY_OK);
    int64_t balance = gy_context_balance(gy_test_ctx), k;
    gy_status status = GY_E_NOMEM;
    for (k = 1; status != GY_OK && k < 2000; k++) {
        fail_on(0, k);
        status = gy_trial_read(&t, path, GY_MATCH_ALL, 2);
        gy_alloc_fail_at(gy_test_ctx, 0);
        CU_ASSERT_TRUE(status == GY_OK || status == GY_E_NOMEM);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
    }
    CU_ASSERT_TRUE(status == GY_OK && k > 30);
    status = GY_E_NOMEM;
    for (k = 1; status != GY_OK && k < 2000; k++) {
        gy_checkpoint_head head;
        gy_pool pool;
        char *found = NULL;
        gy_pool_init(&pool, gy_test_ctx);
        fail_on(0, k);
        status = gy_checkpoint_newest(gy_test_ctx, gy_test_comm, run, &found);
        if (status == GY_OK)
            status = gy_checkpoint_read_head(gy_test_ctx, gy_test_comm, path, &pool, &head);
        gy_alloc_fail_at(gy_test_ctx, 0);
        CU_ASSERT_TRUE(status == GY_OK || status == GY_E_NOMEM);
        gy_free(gy_test_ctx, found);
        gy_pool_clear(&pool);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
    }
    CU_ASSERT_TRUE(status == GY_OK && k > 30);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(writes_fail_cleanly), GY_TEST(reads_fail_cleanly))
