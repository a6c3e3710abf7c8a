/* A run on any number of ranks, each updating everything or its share, is the run on one: the same
 * losses, norms, rates and evaluations. */
#include "gy_test_mpi.h"
#include "tempdir.h"

#include <gyre/train.h>

#include "comm/comm.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>

enum { MOST = 400 };

/* What a run told. */
typedef struct trace {
    double v[MOST];
    int n;
} trace;

static void add(trace *t, double value)
{
    if (t->n < MOST) t->v[t->n++] = value;
}

static void observe(void *user, const gy_event *event)
{
    static const char *const names[] = {"loss", "learning_rate", "gradient_norm"};
    static const char *const results[] = {"validation_loss", "test_loss", "train_loss",
                                          "validation_accuracy", "train_r2"};
    trace *t = user;
    bool step = strcmp(event->type, "progress") == 0, end = strcmp(event->type, "end") == 0;
    for (int i = 0; i < 3 && step; i++) add(t, gy_event_number(event, names[i], NAN));
    for (int i = 0; i < 5 && end; i++) add(t, gy_event_number(event, results[i], 0));
}

static void train(const void *communicator, const char *yaml, const char *dir, const char *set,
                  trace *t)
{
    char run_dir[GY_TEMPDIR + 16];
    gy_comm *comm = NULL;
    gy_config *config = NULL;
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", dir);
    const char *const sets[] = {run_dir, "threads=1", set};
    gy_train_options options = {.resume = "none", .observer = observe, .observer_user = t};
    CU_ASSERT_EQUAL_FATAL(gy_comm_create(gy_test_ctx, communicator, &comm), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, sets, 3, &config), GY_OK);
    gy_status status = gy_train(gy_test_ctx, comm, config, &options);
    CU_ASSERT_EQUAL(status, GY_OK);
    if (status != GY_OK) printf("%s\n", gy_error_last()->text);
    gy_config_free(config);
    gy_comm_free(comm);
}

static void expect_alike(const trace *together, const trace *alone)
{
    CU_ASSERT_EQUAL(together->n, alone->n);
    CU_ASSERT(alone->n > 20);
    for (int i = 0; i < alone->n; i++) {
        double apart = fabs(together->v[i] - alone->v[i]);
        CU_ASSERT(apart <= 1e-4 * fabs(alone->v[i]) + 1e-7);
        if (apart > 1e-4 * fabs(alone->v[i]) + 1e-7)
            printf("value %d: %.9g, alone %.9g\n", i, together->v[i], alone->v[i]);
    }
}

/* Rank 0 trains once with all, once with all in shares, and once alone; the others wait. */
static void compare(const char *yaml)
{
    static trace together, shared, alone;
    gy_tempdir dir;
    MPI_Comm self = MPI_COMM_SELF;
    together.n = shared.n = alone.n = 0;
    bool first = gy_comm_rank(gy_test_comm) == 0;
    if (first) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    train(NULL, yaml, dir.path, "seed=1", &together);
    train(NULL, yaml, dir.path, "comm.shard_optimizer=true", &shared);
    if (first) train(&self, yaml, dir.path, "seed=1", &alone);
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, GY_OK), GY_OK);
    if (!first) return;
    expect_alike(&together, &alone);
    expect_alike(&shared, &alone);
    gy_tempdir_remove(&dir);
}

static void dropout_penalties_clipping(void)
{
    compare("data: {train: 'synthetic:spirals?n=150&features=3&classes=4', "
            "validation_fraction: 0.2}\n"
            "model:\n"
            "  input: [3]\n"
            "  layers:\n"
            "    - dense: {units: 20, activation: tanh}\n"
            "    - dropout: {rate: 0.3}\n"
            "    - dense: {units: 4}\n"
            "optimizer: {kind: adamw, learning_rate: 0.01, weight_decay: 0.1, l1: 0.001}\n"
            "schedule: {kind: cosine, warmup_steps: 3}\n"
            "train: {epochs: 3, batch_size: 20, micro_batch_size: 3, clip_norm: 0.3}\n"
            "comm: {bucket_mib: 0.001}\n");
}

/* 97 samples in batches of 16: one is left for the last batch, and most ranks have none. */
static void a_batch_of_one(void)
{
    compare("data: {train: 'synthetic:blobs?n=97&features=3&classes=3', "
            "test: 'synthetic:blobs?n=5&features=3&classes=3&seed=4'}\n"
            "model: {input: [3], layers: [dense: {units: 3}]}\n"
            "optimizer: {kind: sgd, learning_rate: 0.1, momentum: 0.9, nesterov: true}\n"
            "train: {epochs: 3, batch_size: 16}\n");
}

static void values_normalised_and_averaged(void)
{
    compare("data: {train: 'synthetic:regression?n=200&features=5', validation_fraction: 0.1, "
            "normalize: per_feature}\n"
            "model:\n"
            "  input: [5]\n"
            "  layers:\n"
            "    - dense: {units: 8, activation: silu, trainable: false}\n"
            "    - dense: {units: 8, activation: silu}\n"
            "    - dense: {units: 1}\n"
            "loss: huber\n"
            "metrics: [r2]\n"
            "optimizer: {kind: lamb, learning_rate: 0.02}\n"
            "train: {steps: 25, batch_size: 32, parameter_average: 0.9, "
            "early_stopping: {patience: 2}}\n");
}

static void images(void)
{
    compare("data: {train: 'synthetic:images?n=90&shape=9x9x2&classes=3', "
            "augment: {flip: true, crop_padding: 1, noise: 0.1}}\n"
            "model:\n"
            "  input: [9, 9, 2]\n"
            "  layers:\n"
            "    - conv2d: {filters: 4, kernel: 3, activation: relu}\n"
            "    - max_pool2d: {size: 2}\n"
            "    - flatten\n"
            "    - dense: {units: 3}\n"
            "train: {epochs: 2, batch_size: 10}\n"
            "comm: {bucket_mib: 0.001}\n");
}

static void fields(void)
{
    compare(
        "data: {train: 'synthetic:fields?n=45&shape=8x6x2', validation_fraction: 0.2}\n"
        "model:\n"
        "  input: [8, 6, 2]\n"
        "  layers:\n"
        "    - conv2d: {filters: 6, kernel: 3, border: circular, activation: gelu}\n"
        "    - parallel: {merge: add, branches: [[spectral2d: {filters: 6, modes: 2}],\n"
        "        [max_pool2d: {size: 2}, conv2d_transposed: {filters: 6, kernel: 4, stride: 2}],\n"
        "        [avg_pool2d: {size: 2}, upsample2d: {factor: 2, mode: linear}]]}\n"
        "    - conv2d: {filters: 2, kernel: 3, border: reflect}\n"
        "loss: relative_l2\n"
        "metrics: [nrmse]\n"
        "train: {epochs: 3, batch_size: 8}\n");
}

static void volumes(void)
{
    compare("data: {train: 'synthetic:fields?n=40&shape=4x4x6x1', validation_fraction: 0.2}\n"
            "model:\n"
            "  input: [4, 4, 6, 1]\n"
            "  layers:\n"
            "    - conv3d: {filters: 16, kernel: 3, activation: tanh}\n"
            "    - conv3d: {filters: 16, kernel: 3, algorithm: winograd, activation: tanh}\n"
            "    - avg_pool3d: {size: 2}\n"
            "    - upsample3d: {factor: 2, mode: linear}\n"
            "    - max_pool3d: {size: 2}\n"
            "    - conv3d_transposed: {filters: 3, kernel: 2, stride: 2}\n"
            "    - conv3d: {filters: 1, kernel: 3, border: replicate}\n"
            "loss: mse\n"
            "train: {epochs: 4, batch_size: 8}\n");
}

/* 45 samples in batches of 8: the last is of 5, so that of 8 ranks three have none. */
static void statistics_of_the_batch(void)
{
    compare("data: {train: 'synthetic:images?n=45&shape=5x4x2&classes=3', "
            "test: 'synthetic:images?n=7&shape=5x4x2&classes=3&seed=2'}\n"
            "model:\n"
            "  input: [5, 4, 2]\n"
            "  layers:\n"
            "    - batch_norm: {momentum: 0.3}\n"
            "    - conv2d: {filters: 5, kernel: 3, bias: false}\n"
            "    - batch_norm\n"
            "    - activation: {kind: relu}\n"
            "    - flatten\n"
            "    - dense: {units: 6}\n"
            "    - batch_norm: {epsilon: 0.01}\n"
            "    - dense: {units: 3}\n"
            "optimizer: {kind: sgd, learning_rate: 0.05}\n"
            "train: {epochs: 3, batch_size: 8}\n");
}

/* A program's ranks that call gy_train() each in its own way; nothing is written. */
static void refuse(const char *set, const gy_train_options *options, gy_status want,
                   const char *part)
{
    static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3'}\n"
                               "model: {input: [3], layers: [dense: {units: 3}]}\n"
                               "run_dir: /nowhere/run\n"
                               "train: {batch_size: 8}\n";
    char name[32];
    gy_config *config = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, &set, 1, &config), GY_OK);
    CU_ASSERT_EQUAL(gy_train(gy_test_ctx, gy_test_comm, config, options), want);
    CU_ASSERT_EQUAL(gy_status_exit_code(want), 2);
    (void)snprintf(name, sizeof name, "rank %d on ", gy_comm_ranks(gy_test_comm) - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, name));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, part));
    gy_config_free(config);
}

static void calls_that_differ_are_refused(void)
{
    const int last = gy_comm_ranks(gy_test_comm) - 1;
    const bool odd = gy_comm_rank(gy_test_comm) == last;
    const gy_train_options same = {.resume = "auto"};
    if (last == 0) return;
    refuse(odd ? "seed=2" : "seed=1", &same, GY_E_CONFIG, "seed): it has 2, rank 0 has 1");
    refuse(odd ? "train.clip_norm=1" : "train.epochs=10", &same, GY_E_CONFIG, "train.clip_norm)");
    const gy_train_options other[] = {{.resume = "auto", .dry_run = true},
                                      {.resume = "none"},
                                      {.resume = "auto", .init = "start.h5"}};
    for (int i = 0; i < 3; i++)
        refuse("seed=1", odd ? &other[i] : &same, GY_E_USAGE, "the options of the run");
}

GY_TEST_MPI_MAIN(GY_TEST(dropout_penalties_clipping), GY_TEST(a_batch_of_one),
                 GY_TEST(values_normalised_and_averaged), GY_TEST(images), GY_TEST(fields),
                 GY_TEST(volumes), GY_TEST(statistics_of_the_batch),
                 GY_TEST(calls_that_differ_are_refused))
