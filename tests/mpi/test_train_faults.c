/*
 * The k-th write, flush, renaming or allocation of a short run fails: on one rank for all k, on more
 * for some, on the first and the last of them. Each run ends with a status on every rank and nothing
 * left in memory; whatever checkpoints are there then are whole. Where not all k are tried, each test
 * run begins with another: GYRE_FAULT_FROM=n, which is printed, brings back that of an earlier one.
 */
#include "gy_test_mpi.h"
#include "tempdir.h"

#include <gyre/checkpoint.h>
#include <gyre/train.h>

#include "base/fault.h"
#include "comm/comm.h"

#include <time.h>

enum { MOST = 5000 };

static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3', "
                           "validation_fraction: 0.2}\n"
                           "model: {input: [3], layers: [dense: {units: 3}]}\n"
                           "optimizer: {kind: adam}\n"
                           "train: {epochs: 2, batch_size: 8}\n"
                           "checkpoint: {every_steps: 2, keep: 2}\n"
                           "comm: {watchdog_seconds: 0}\n"
                           "threads: 1\n";

/* @param struck  out: whether there was a k-th */
static gy_status train(const char *dir, gy_fault fault, int64_t k, bool *struck)
{
    char run_dir[2 * GY_TEMPDIR];
    gy_config *config = NULL;
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", dir);
    const char *const sets[] = {run_dir};
    gy_train_options options = {.resume = "auto"};
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, sets, 1, &config), GY_OK);
    gy_fault_arm(gy_test_ctx, fault, k);
    gy_status status = gy_train(gy_test_ctx, gy_test_comm, config, &options);
    *struck = !gy_fault_is_armed(gy_test_ctx, fault);
    for (int f = 0; f < GY_FAULTS; f++) gy_fault_arm(gy_test_ctx, (gy_fault)f, 0);
    gy_config_free(config);
    return status;
}

/* On rank 0, whatever a run left behind. */
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

/* Where counting begins: another one each time. Collective. */
static int64_t first_k(int64_t step)
{
    const char *text = getenv("GYRE_FAULT_FROM");
    int64_t from = text != NULL ? atoll(text) : (int64_t)time(NULL);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &from, sizeof from, 0), GY_OK);
    if (gy_comm_rank(gy_test_comm) == 0) printf("GYRE_FAULT_FROM=%lld ", (long long)from);
    return 1 + from % step;
}

/* @param step  of k */
static void count_down(gy_fault fault, int victim, int64_t step)
{
    gy_tempdir dir;
    int64_t k = first_k(step), balance = gy_context_balance(gy_test_ctx);
    int rank = gy_comm_rank(gy_test_comm);
    if (rank == 0) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    gy_status status = GY_E_IO;
    for (bool struck = true; struck && k < MOST; k += step) {
        const char *run = gy_tempdir_join(&dir, "run");
        status = train(run, fault, rank == victim ? k : 0, &struck);
        CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, &struck, sizeof struck, victim), GY_OK);
        CU_ASSERT(status == GY_OK || status == GY_E_IO || status == GY_E_NOMEM ||
                  status == GY_E_CONFIG);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
        CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, GY_OK), GY_OK);
        verify(run);
    }
    CU_ASSERT_EQUAL(status, GY_OK); /* more than there are in a run, some of which need not work */
    if (rank == 0) gy_tempdir_remove(&dir);
}

static void count_down_on_some(gy_fault fault, int64_t step)
{
    int last = gy_comm_ranks(gy_test_comm) - 1;
    count_down(fault, 0, last == 0 ? 1 : 7 * step);
    if (last > 0 && fault == GY_FAULT_ALLOC) count_down(fault, last, 7 * step);
}

static void writes_fail(void)
{
    count_down_on_some(GY_FAULT_WRITE, 5);
}

static void flushes_fail(void)
{
    count_down_on_some(GY_FAULT_FLUSH, 1);
}

static void renames_fail(void)
{
    count_down_on_some(GY_FAULT_RENAME, 1);
}

static void allocations_fail(void)
{
    count_down_on_some(GY_FAULT_ALLOC, 9);
}

GY_TEST_MPI_MAIN(GY_TEST(writes_fail), GY_TEST(flushes_fail), GY_TEST(renames_fail),
                 GY_TEST(allocations_fail))
