/* bench io: numbers that can be, and nothing left behind, also where a write, a flush, a renaming or an
 * allocation fails on the way. */
#include "countdown.h"
#include "tempdir.h"

#include <gyre/train.h>

#include "comm/comm.h"

enum { MOST = 2000, TRIALS = 24 };

static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=30&classes=3'}\n"
                           "model: {input: [30], layers: [dense: {units: 70}, batch_norm: {}, "
                           "dense: {units: 3}]}\n"
                           "optimizer: {kind: adam}\n"
                           "train: {parameter_average: 0.9}\n"
                           "checkpoint: {shards: 3}\n"
                           "threads: 1\n";

typedef struct told {
    int events;
    double bytes, files;
} told;

static void observe(void *user, const gy_event *event)
{
    static const char *const stages[] = {
        "copy_ms",   "save_ms",        "write_ms",       "flush_ms",      "rename_ms", "read_ms",
        "verify_ms", "plain_write_ms", "plain_flush_ms", "plain_read_ms", NULL};
    told *t = user;
    t->events++;
    t->bytes = gy_event_number(event, "bytes", -1);
    t->files = gy_event_number(event, "files", -1);
    for (int i = 0; stages[i] != NULL; i++) CU_ASSERT(gy_event_number(event, stages[i], -1) > 0);
    CU_ASSERT(gy_event_number(event, "copy_ms", 0) <= gy_event_number(event, "save_ms", 0));
}

/* One directory for all ranks. */
static void share(gy_tempdir *dir)
{
    gy_tempdir_make(dir);
    gy_tempdir own = *dir;
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, dir->path, sizeof dir->path, 0), GY_OK);
    if (gy_comm_rank(gy_test_comm) > 0) gy_tempdir_remove(&own);
}

/* Removing fails where something is left in it. */
static void expect_empty(const gy_tempdir *dir)
{
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    if (gy_comm_rank(gy_test_comm) == 0) CU_ASSERT_EQUAL(rmdir(dir->path), 0);
}

static void measures(const char *writer, bool configured)
{
    gy_tempdir dir;
    gy_config *config = NULL;
    const bool first = gy_comm_rank(gy_test_comm) == 0;
    const int ranks = gy_comm_ranks(gy_test_comm);
    told t = {0};
    share(&dir);
    gy_bench_io_options options = {.dir = dir.path,
                                   .bytes = 1 << 20,
                                   .turns = 2,
                                   .writer = writer,
                                   .shards = -1,
                                   .observer = observe,
                                   .observer_user = &t};
    if (configured)
        CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, NULL, 0, &config), GY_OK);
    CU_ASSERT_EQUAL(gy_bench_io(gy_test_ctx, gy_test_comm, config, &options), GY_OK);
    CU_ASSERT_EQUAL(t.events, first ? 1 : 0);
    /* 30·70 + 70, 2·70, 70·3 + 3 parameters in gaps of 16 and four times, 2·70 of buffers */
    const double floats = 4 * (2112 + 80 + 80 + 80 + 224 + 16) + 160;
    CU_ASSERT(!first || t.bytes == (configured ? 4 * floats : 1 << 20));
    const int shards = configured && writer == NULL ? 3 : ranks;
    CU_ASSERT(!first || t.files == 1 + shards);
    gy_config_free(config);
    expect_empty(&dir);
}

static void measures_all(void)
{
    measures(NULL, false);
    measures("all", false);
    measures(NULL, true);
    measures("all", true);
}

static void refuses(void)
{
    gy_bench_io_options options = {.dir = "/nowhere", .bytes = 1 << 20, .turns = 1, .shards = -1};
    CU_ASSERT_EQUAL(gy_bench_io(gy_test_ctx, gy_test_comm, NULL, &options), GY_E_USAGE);
    options.dir = NULL;
    options.writer = "some";
    CU_ASSERT_EQUAL(gy_bench_io(gy_test_ctx, gy_test_comm, NULL, &options), GY_E_USAGE);
}

static gy_status bench(gy_fault fault, int64_t k)
{
    gy_tempdir dir;
    share(&dir);
    const gy_bench_io_options options = {
        .dir = dir.path, .bytes = 1 << 16, .turns = 1, .writer = "all", .shards = -1};
    const int64_t before = gy_context_balance(gy_test_ctx);
    gy_test_set_alarm(); /* nothing may hang */
    gy_fault_arm(gy_test_ctx, fault, k);
    gy_status status = gy_bench_io(gy_test_ctx, gy_test_comm, NULL, &options);
    CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
    expect_empty(&dir);
    return status;
}

/* The k-th fails on one rank; countdown.h says which k are tried. */
static void count_down(gy_fault fault, int victim)
{
    gy_status status = GY_E_IO;
    CU_ASSERT_EQUAL(bench(fault, GY_TEST_NEVER), GY_OK);
    const int64_t n = gy_test_end_count(fault);
    gy_test_ks ks = gy_test_countdown(n, TRIALS, victim);
    for (; status != GY_OK && ks.k < MOST; ks.k += ks.step) {
        status = bench(fault, gy_comm_rank(gy_test_comm) == victim ? ks.k : 0);
        gy_fault_arm(gy_test_ctx, fault, 0);
    }
    CU_ASSERT(status == GY_OK && n > 1);
}

static void leaves_nothing_behind(void)
{
    const int last = gy_comm_ranks(gy_test_comm) - 1;
    count_down(GY_FAULT_WRITE, last);
    count_down(GY_FAULT_FLUSH, 0);
    count_down(GY_FAULT_RENAME, 0);
    count_down(GY_FAULT_ALLOC, last);
}

GY_TEST_MPI_MAIN(GY_TEST(measures_all), GY_TEST(refuses), GY_TEST(leaves_nothing_behind))
