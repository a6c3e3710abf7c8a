/*
 * The k-th allocation of one rank fails in whatever is done with ranks: a run that goes on, evaluation,
 * prediction, inspection, benchmarks, a network in memory. Every rank ends with the same status, nothing is left in memory,
 * and nobody waits. countdown.h says which k are tried.
 */
#include "countdown.h"
#include "tempdir.h"

#include <gyre/gyre.h>

#include "comm/comm.h"

enum { MOST = 10000, TRIALS = 12, PATH_BYTES = 2 * GY_TEMPDIR };

static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3', "
                           "validation_fraction: 0.2}\n"
                           "model: {input: [3], layers: [dense: {units: 3}, batch_norm: {}]}\n"
                           "optimizer: {kind: adam}\n"
                           "train: {epochs: 1, batch_size: 8, early_stopping: {patience: 3}}\n"
                           "threads: 1\n";
static const char source[] = "synthetic:blobs?n=20&features=3&classes=3";

static gy_tempdir dir; /* below it: a run of one epoch; where work is done */
static char start[PATH_BYTES], place[PATH_BYTES];

static gy_status train(const char *run, const char *epochs)
{
    char run_dir[PATH_BYTES + 16];
    gy_config *config = NULL;
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", run);
    const char *const sets[] = {run_dir, epochs};
    gy_train_options options = {.resume = "auto"};
    gy_status status = gy_config_parse(gy_test_ctx, "test", yaml, sets, 2, &config);
    status = gy_comm_agree(gy_test_comm, status);
    if (status == GY_OK) status = gy_train(gy_test_ctx, gy_test_comm, config, &options);
    gy_config_free(config);
    return status;
}

static gy_status go_on(void)
{
    return train(place, "train.epochs=2");
}

static gy_status evaluate(void)
{
    gy_apply_options options = {.data = source};
    return gy_evaluate(gy_test_ctx, gy_test_comm, start, &options);
}

static gy_status predict(void)
{
    char out[PATH_BYTES + 16];
    (void)snprintf(out, sizeof out, "%s/out.h5", place);
    gy_apply_options options = {.data = source};
    return gy_predict(gy_test_ctx, gy_test_comm, start, &options, out);
}

/* A configuration of its own, with the run's directory in `place`. */
static gy_status with(const char *text, gy_status (*work)(const gy_config *config))
{
    char run_dir[PATH_BYTES + 16];
    gy_config *config = NULL;
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", place);
    const char *const sets[] = {run_dir};
    gy_status status = gy_config_parse(gy_test_ctx, "test", text, sets, 1, &config);
    status = gy_comm_agree(gy_test_comm, status);
    if (status == GY_OK) status = work(config);
    gy_config_free(config);
    return status;
}

static gy_status train_on_tasks(const gy_config *config)
{
    const gy_train_options options = {.resume = "none"};
    return gy_meta(gy_test_ctx, gy_test_comm, config, &options, NULL, 0);
}

static gy_status seek_rate(const gy_config *config)
{
    const gy_train_options options = {.resume = "none"};
    return gy_find_learning_rate(gy_test_ctx, gy_test_comm, config, &options);
}

static gy_status meta(void)
{
    return with("data: {train: 'synthetic:sinusoid?n=90&points=10', test: "
                "'synthetic:sinusoid?n=20&points=10&seed=1'}\n"
                "model: {input: [1], layers: [dense: {units: 1}]}\n"
                "loss: mse\n"
                "meta: {tasks: 3, shots: 2, inner_steps: 1, adapt_steps: 1, queries: 2}\n"
                "train: {steps: 2}\n"
                "threads: 1\n",
                train_on_tasks);
}

static gy_status find_rate(void)
{
    return with(yaml, seek_rate);
}

static gy_status inspect(void)
{
    gy_anatomy *anatomy = NULL;
    GY_TRY(gy_anatomy_create(gy_test_ctx, gy_test_comm, start, NULL, 0, &anatomy));
    gy_anatomy_free(gy_test_ctx, anatomy);
    return GY_OK;
}

static gy_status bench_step(void)
{
    gy_config *config = NULL;
    gy_bench_step_options options = {.steps = 1};
    gy_status status = gy_config_parse(gy_test_ctx, "test", yaml, NULL, 0, &config);
    status = gy_comm_agree(gy_test_comm, status);
    if (status == GY_OK) status = gy_bench_step(gy_test_ctx, gy_test_comm, config, &options);
    gy_config_free(config);
    return status;
}

static gy_status bench_io(void)
{
    gy_bench_io_options options = {.dir = place, .bytes = 4096, .turns = 1, .writer = "all"};
    return gy_bench_io(gy_test_ctx, gy_test_comm, NULL, &options);
}

static gy_status bench_all_reduce(void)
{
    static const int64_t bytes[] = {4096};
    gy_bench_all_reduce_options options = {.bytes = bytes, .n_bytes = 1};
    return gy_bench_all_reduce(gy_test_ctx, gy_test_comm, &options);
}

/* Gone on with in memory: allocations of one rank between collective calls. */
static gy_status use(gy_network *net)
{
    float x[3 * 4] = {0}, y[3 * 4];
    const float classes[4] = {0, 1, 2, 1};
    const int64_t n = 2 + gy_comm_rank(gy_test_comm);
    GY_TRY(gy_network_step(net, n, x, classes, classes, NULL));
    GY_TRY(gy_network_loss(net, n, x, classes, NULL, NULL));
    GY_TRY(gy_comm_agree(gy_test_comm, gy_network_apply(net, NULL, n, x, y)));
    return gy_network_save(net, place);
}

static gy_status in_memory(void)
{
    gy_network *net = NULL;
    const gy_network_options options = {.training = true};
    GY_TRY(gy_network_open(gy_test_ctx, gy_test_comm, place, &options, &net));
    gy_status status = use(net);
    gy_network_close(net);
    return status;
}

/* A copy of the run of one epoch, anew. Collective. */
static void renew(void)
{
    char command[4 * PATH_BYTES];
    (void)snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", place, start, place);
    if (gy_comm_rank(gy_test_comm) == 0) CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
}

/* @return whether there was a k-th, known to all */
static bool try_one(gy_status (*work)(void), int victim, int64_t k)
{
    const int64_t balance = gy_context_balance(gy_test_ctx);
    const bool mine = gy_comm_rank(gy_test_comm) == victim;
    renew();
    gy_test_set_alarm(); /* nothing may hang */
    gy_fault_arm(gy_test_ctx, GY_FAULT_ALLOC, mine ? k : 0);
    gy_status status = work();
    bool struck = gy_fault_left(gy_test_ctx, GY_FAULT_ALLOC) == 0;
    gy_fault_arm(gy_test_ctx, GY_FAULT_ALLOC, 0);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, &struck, sizeof struck, victim), GY_OK);
    double same[2] = {(double)status, -(double)status};
    CU_ASSERT_EQUAL(gy_comm_max(gy_test_comm, same, 2), GY_OK);
    CU_ASSERT_EQUAL(same[0], -same[1]);
    CU_ASSERT(struck || status == GY_OK);
    CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
    return struck;
}

static void count_down(gy_status (*work)(void))
{
    renew();
    gy_fault_arm(gy_test_ctx, GY_FAULT_ALLOC, GY_TEST_NEVER);
    CU_ASSERT_EQUAL(work(), GY_OK);
    const int64_t n = gy_test_end_count(GY_FAULT_ALLOC);
    for (int victim = 0; victim < gy_comm_ranks(gy_test_comm); victim++) {
        gy_test_ks ks = gy_test_countdown(n, TRIALS, victim);
        while (ks.k < MOST && try_one(work, victim, ks.k)) ks.k += ks.step;
        CU_ASSERT(ks.k < MOST);
    }
}

static void begin(void)
{
    if (gy_comm_rank(gy_test_comm) == 0) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    (void)snprintf(start, sizeof start, "%s", gy_tempdir_join(&dir, "start"));
    (void)snprintf(place, sizeof place, "%s", gy_tempdir_join(&dir, "place"));
    CU_ASSERT_EQUAL_FATAL(train(start, "train.epochs=1"), GY_OK);
}

static void goes_on(void)
{
    begin();
    count_down(go_on);
}

static void evaluates(void)
{
    count_down(evaluate);
}

static void predicts(void)
{
    count_down(predict);
}

static void goes_on_in_memory(void)
{
    count_down(in_memory);
}

static void finds_starts_and_rates(void)
{
    count_down(meta);
    count_down(find_rate);
}

static void inspects(void)
{
    count_down(inspect);
}

static void measures(void)
{
    count_down(bench_step);
    count_down(bench_io);
    if (gy_comm_ranks(gy_test_comm) > 1) count_down(bench_all_reduce);
    if (gy_comm_rank(gy_test_comm) == 0) gy_tempdir_remove(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(goes_on), GY_TEST(evaluates), GY_TEST(predicts),
                 GY_TEST(goes_on_in_memory), GY_TEST(inspects), GY_TEST(finds_starts_and_rates),
                 GY_TEST(measures))
