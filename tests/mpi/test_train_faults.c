/*
 * The k-th write, flush, renaming or allocation of a short run fails, on the first or the last rank. Each
 * run ends with a status on every rank and nothing left in memory; whatever checkpoints are there then
 * are whole. countdown.h says which k are tried.
 */
#include "countdown.h"
#include "tempdir.h"

#include <gyre/checkpoint.h>
#include <gyre/train.h>

enum { MOST = 5000, TRIALS = 24 };

static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3', "
                           "validation_fraction: 0.2}\n"
                           "model: {input: [3], layers: [dense: {units: 3}]}\n"
                           "optimizer: {kind: adam}\n"
                           "train: {epochs: 2, batch_size: 8}\n"
                           "checkpoint: {every_steps: 2, keep: 2}\n"
                           "comm: {watchdog_seconds: 0}\n"
                           "threads: 1\n";

static gy_status train(const gy_config *config)
{
    const gy_train_options options = {.resume = "auto"};
    return gy_train(gy_test_ctx, gy_test_comm, config, &options);
}

/* On rank 0, whatever a run left behind in its directory, which goes. */
static void verify(const char *dir)
{
    gy_verify_result result;
    char path[2 * GY_TEMPDIR], command[3 * GY_TEMPDIR];
    if (gy_comm_rank(gy_test_comm) > 0) return;
    (void)snprintf(path, sizeof path, "%s/checkpoints", dir);
    if (access(path, F_OK) == 0) {
        gy_status status = gy_checkpoint_verify(gy_test_ctx, dir, NULL, NULL, &result);
        bool none = status == GY_E_USAGE || status == GY_E_IO;
        CU_ASSERT(status == GY_OK || (none && strstr(gy_error_last()->text, "damaged") == NULL));
    }
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

/* @return whether there was a k-th, known to all */
static bool try_one(const gy_config *config, gy_fault fault, int victim, int64_t k)
{
    const int64_t balance = gy_context_balance(gy_test_ctx);
    gy_test_set_alarm(); /* nothing may hang */
    gy_fault_arm(gy_test_ctx, fault, gy_comm_rank(gy_test_comm) == victim ? k : 0);
    gy_status status = train(config);
    bool struck = gy_fault_left(gy_test_ctx, fault) == 0;
    gy_fault_arm(gy_test_ctx, fault, 0);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, &struck, sizeof struck, victim), GY_OK);
    bool may = status == GY_E_IO || status == GY_E_NOMEM || status == GY_E_CONFIG;
    CU_ASSERT(status == GY_OK || (struck && may));
    CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, GY_OK), GY_OK);
    return struck;
}

static void count_down(gy_fault fault, int victim, int64_t trials)
{
    gy_tempdir dir;
    char run_dir[GY_TEMPDIR + 16];
    gy_config *config = NULL;
    const bool first = gy_comm_rank(gy_test_comm) == 0;
    if (first) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    const char *run = gy_tempdir_join(&dir, "run");
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", run);
    const char *const sets[] = {run_dir};
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, sets, 1, &config), GY_OK);
    gy_fault_arm(gy_test_ctx, fault, GY_TEST_NEVER);
    CU_ASSERT_EQUAL(train(config), GY_OK);
    gy_test_ks ks = gy_test_countdown(gy_test_end_count(fault), trials, victim);
    bool struck = true;
    for (verify(run); struck && ks.k < MOST; ks.k += ks.step) {
        struck = try_one(config, fault, victim, ks.k);
        verify(run);
    }
    CU_ASSERT(!struck);
    gy_config_free(config);
    if (first) gy_tempdir_remove(&dir);
}

static void writes_fail(void)
{
    count_down(GY_FAULT_WRITE, 0, TRIALS);
}

static void flushes_fail(void)
{
    count_down(GY_FAULT_FLUSH, 0, TRIALS);
}

static void renames_fail(void)
{
    count_down(GY_FAULT_RENAME, 0, TRIALS);
}

static void allocations_fail(void)
{
    const int last = gy_comm_ranks(gy_test_comm) - 1;
    count_down(GY_FAULT_ALLOC, 0, 2 * TRIALS);
    if (last > 0) count_down(GY_FAULT_ALLOC, last, 2 * TRIALS);
}

GY_TEST_MPI_MAIN(GY_TEST(writes_fail), GY_TEST(flushes_fail), GY_TEST(renames_fail),
                 GY_TEST(allocations_fail))
