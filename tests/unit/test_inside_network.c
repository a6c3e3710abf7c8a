/*
 * A network in memory, in a process by itself that never starts MPI: what it gives, how arrays may lie, what it
 * refuses, and that it takes nothing and leaves nothing.
 */
#include "allocations.h"
#include "gy_test.h"
#include "tempdir.h"

#include <gyre/gyre.h>

#include "base/fault.h"
#include "comm/comm.h"
#include "store/hdf5.h"

#include <math.h>
#include <pthread.h>

enum { N = 40, IN = 3, OUT = 2 };

static const char dense[] = "name: inside\n"
                            "model:\n"
                            "  input: [3]\n"
                            "  layers:\n"
                            "    - dense: {units: 16, activation: tanh}\n"
                            "    - dense: {units: 2}\n"
                            "loss: mse\n"
                            "data: {normalize: per_feature, normalize_targets: per_feature}\n"
                            "optimizer: {kind: adam, learning_rate: 0.01}\n"
                            "train: {batch_size: 40}\n";

static const char grid[] =
    "name: grid\n"
    "model:\n"
    "  input: [12, 4]\n"
    "  layers:\n"
    "    - conv1d: {filters: 8, kernel: 3, padding: same, activation: relu}\n"
    "    - batch_norm: {}\n"
    "    - lstm: {units: 6, return: last}\n"
    "    - dense: {units: 5}\n"
    "loss: cross_entropy\n";

/* A network, the samples that it learned of, a place for its files. */
typedef struct trial {
    gy_context *ctx;
    gy_tempdir dir;
    gy_network *net;
    float x[N * IN], y[N * OUT];
} trial;

static void expect_ok(gy_status status)
{
    CU_ASSERT_EQUAL(status, GY_OK);
    if (status != GY_OK) printf("%s\n", gy_error_last()->text);
}

static const char *write_text(trial *t, const char *name, const char *text)
{
    const char *path = gy_tempdir_join(&t->dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
    return path;
}

static void begin(trial *t, const char *yaml)
{
    const gy_network_options options = {.training = true};
    *t = (trial){.ctx = gy_test_context()};
    gy_tempdir_make(&t->dir);
    for (int i = 0; i < N; i++) { /* exact in decimals */
        for (int j = 0; j < IN; j++) t->x[i * IN + j] = (float)(i * (3 + j) % 17 - 8) / 8;
        t->y[i * OUT] = t->x[i * IN] * t->x[i * IN + 1] + 3;
        t->y[i * OUT + 1] = t->x[i * IN + 2] - 100;
    }
    expect_ok(gy_network_open(t->ctx, NULL, write_text(t, "net.yaml", yaml), &options, &t->net));
    if (t->net == NULL) exit(1);
}

static void end(trial *t)
{
    gy_network_close(t->net);
    gy_tempdir_remove(&t->dir);
    gy_test_end(t->ctx);
}

static double teach_on(trial *t, int steps)
{
    double loss = 0;
    for (int i = 0; i < steps; i++) expect_ok(gy_network_step(t->net, N, t->x, t->y, NULL, &loss));
    return loss;
}

static double teach(trial *t, int steps)
{
    expect_ok(gy_network_learn(t->net, N, t->x, t->y));
    return teach_on(t, steps);
}

static void write_samples(trial *t, const char *path)
{
    gy_h5 *f = NULL;
    const char *const names[] = {"/x", "/y"};
    const float *const values[] = {t->x, t->y};
    const int64_t each[] = {IN, OUT};
    expect_ok(gy_h5_create(t->ctx, path, &f));
    for (int i = 0; i < 2; i++) {
        gy_h5_data *d = NULL;
        const gy_shape shape = {2, {N, each[i]}};
        expect_ok(gy_h5_data_create(f, names[i], GY_H5_FLOAT32, &shape, 0, 0, &d));
        expect_ok(gy_h5_data_write(d, 0, N, GY_H5_FLOAT32, values[i]));
        gy_h5_data_close(d);
    }
    expect_ok(gy_h5_close(f));
}

/* What gyre predict makes of the same samples, in a process without MPI, too. */
static void predict(trial *t, const char *run, float *y)
{
    gy_comm *comm = NULL;
    gy_h5 *f = NULL;
    gy_h5_data *d = NULL;
    const char *data = gy_tempdir_join(&t->dir, "samples.h5");
    const char *out = gy_tempdir_join(&t->dir, "outputs.h5");
    const gy_apply_options options = {.data = data};
    write_samples(t, data);
    expect_ok(gy_comm_alone(t->ctx, &comm));
    expect_ok(gy_predict(t->ctx, comm, run, &options, out));
    gy_comm_free(comm);
    expect_ok(gy_h5_open(t->ctx, out, GY_E_DATA, &f));
    expect_ok(gy_h5_data_open(f, "/outputs", &d));
    expect_ok(gy_h5_data_read_floats(d, y));
    gy_h5_data_close(d);
    expect_ok(gy_h5_close(f));
}

static void applies_as_predict_does(void)
{
    trial t;
    gy_network *net = NULL;
    float y[3][N * OUT];
    begin(&t, dense);
    const double first = teach(&t, 1), last = teach_on(&t, 300);
    CU_ASSERT(last < 0.1 * first);
    const char *run = gy_tempdir_join(&t.dir, "run");
    expect_ok(gy_network_save(t.net, run));
    predict(&t, run, y[0]);
    expect_ok(gy_network_open(t.ctx, NULL, run, NULL, &net));
    expect_ok(gy_network_apply(net, NULL, N, t.x, y[1]));
    expect_ok(gy_network_apply(t.net, NULL, N, t.x, y[2]));
    CU_ASSERT(memcmp(y[0], y[1], sizeof y[0]) == 0);
    CU_ASSERT(memcmp(y[0], y[2], sizeof y[0]) == 0);
    for (int i = 0; i < N; i++) CU_ASSERT(fabsf(y[0][i * OUT + 1] - t.y[i * OUT + 1]) < 1);
    CU_ASSERT_EQUAL(gy_network_steps(net), 301);
    gy_network_close(net);
    end(&t);
}

/* What it saved is a run like any other: verified, taken apart, trained further on data. */
static void saves_a_run(void)
{
    char data[GY_TEMPDIR + 16], run_dir[GY_TEMPDIR + 16];
    trial t;
    gy_comm *comm = NULL;
    gy_config *config = NULL;
    gy_network *net = NULL;
    gy_anatomy *anatomy = NULL;
    gy_verify_result verified = {0};
    const gy_train_options options = {.resume = "auto"};
    begin(&t, dense);
    (void)teach(&t, 5);
    const char *run = gy_tempdir_join(&t.dir, "run"), *samples = gy_tempdir_join(&t.dir, "s.h5");
    expect_ok(gy_network_save(t.net, run));
    write_samples(&t, samples);
    expect_ok(gy_comm_alone(t.ctx, &comm));
    expect_ok(gy_checkpoint_verify(t.ctx, run, NULL, NULL, &verified));
    CU_ASSERT_EQUAL(verified.checkpoints, 1);
    expect_ok(gy_anatomy_create(t.ctx, comm, run, NULL, 0, &anatomy));
    CU_ASSERT_EQUAL(anatomy->total, 3 * 16 + 16 + 16 * 2 + 2);
    gy_anatomy_free(t.ctx, anatomy);
    (void)snprintf(data, sizeof data, "data.train=%s", samples);
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", run);
    const char *const sets[] = {data, run_dir, "train.steps=9"};
    expect_ok(gy_config_load(t.ctx, gy_tempdir_join(&t.dir, "net.yaml"), sets, 3, &config));
    expect_ok(gy_train(t.ctx, comm, config, &options));
    expect_ok(gy_network_open(t.ctx, NULL, run, NULL, &net));
    CU_ASSERT_EQUAL(gy_network_steps(net), 9);
    gy_network_close(net);
    gy_config_free(config);
    gy_comm_free(comm);
    end(&t);
}

static void tells_shapes(void)
{
    trial t;
    int64_t shape[GY_NETWORK_AXES] = {0};
    begin(&t, grid);
    CU_ASSERT_EQUAL(gy_network_input(t.net, shape), 2);
    CU_ASSERT(shape[0] == 12 && shape[1] == 4);
    CU_ASSERT_EQUAL(gy_network_output(t.net, shape), 1);
    CU_ASSERT_EQUAL(shape[0], 5);
    CU_ASSERT_EQUAL(gy_network_target(t.net, shape), 0); /* a class */
    end(&t);
}

/* The same samples as they may lie: [i, j, variable] of 5 by 8 in a frame of 7 by 10 fields of doubles, backwards. */
static void takes_arrays_as_they_lie(void)
{
    enum { A = 5, B = 8, ROW = 10, FIELD = 7 * ROW };
    static double x[IN * FIELD], y[FIELD * OUT];
    float plain[N * OUT], cells[N * OUT];
    trial t;
    begin(&t, dense);
    (void)teach(&t, 3);
    expect_ok(gy_network_apply(t.net, NULL, N, t.x, plain));
    for (int k = 0; k < N; k++)
        for (int v = 0; v < IN; v++)
            x[v * FIELD + (5 - k / B) * ROW + 1 + k % B] = (double)t.x[k * IN + v];
    const gy_view in = {.type = GY_DOUBLE,
                        .data = x + 5 * ROW + 1,
                        .axes = 3,
                        .extent = {A, B, IN},
                        .stride = {-ROW, 1, FIELD}};
    const gy_view out = {.type = GY_DOUBLE,
                         .data = y + 4,
                         .axes = 3,
                         .extent = {A, B, OUT},
                         .stride = {ROW * OUT, OUT, 1}};
    const gy_view columns = {
        .data = cells, .axes = 2, .extent = {N, OUT}, .stride = {1, N}}; /* [variable][cell] */
    expect_ok(gy_network_apply_view(t.net, NULL, &in, &out));
    expect_ok(gy_network_apply_view(t.net, NULL, &in, &columns));
    for (int k = 0; k < N; k++)
        for (int v = 0; v < OUT; v++) {
            CU_ASSERT_EQUAL((float)y[4 + (k / B * ROW + k % B) * OUT + v], plain[k * OUT + v]);
            CU_ASSERT_EQUAL(cells[v * N + k], plain[k * OUT + v]);
        }
    CU_ASSERT_EQUAL(y[4 + B * OUT], 0); /* nothing beside it */
    double by_view = 0, by_array = 1;
    const gy_view targets = {.data = t.y, .axes = 2, .extent = {N, OUT}, .stride = {OUT, 1}};
    expect_ok(gy_network_loss_view(t.net, &in, &targets, NULL, &by_view));
    expect_ok(gy_network_loss(t.net, N, t.x, t.y, NULL, &by_array));
    CU_ASSERT_EQUAL(by_view, by_array);
    expect_ok(gy_network_step_view(t.net, &in, &targets, NULL, &by_view));
    end(&t);
}

/* In turns of what a workspace holds. */
static void takes_any_number(void)
{
    trial t;
    gy_workspace *w = NULL;
    float all[N * OUT], some[N * OUT];
    begin(&t, dense);
    (void)teach(&t, 3);
    expect_ok(gy_network_apply(t.net, NULL, N, t.x, all));
    expect_ok(gy_workspace_create(t.net, 7, &w));
    expect_ok(gy_network_apply(t.net, w, N, t.x, some));
    const bool baseline = strcmp(gy_context_simd(t.ctx), "baseline") == 0;
    for (int i = 0; i < N * OUT; i++)
        CU_ASSERT(baseline ? fabsf(all[i] - some[i]) < 1e-4f : all[i] == some[i]);
    expect_ok(gy_network_apply(t.net, w, 0, NULL, NULL));
    gy_workspace_free(w);
    gy_workspace_free(NULL);
    gy_network_close(NULL);
    end(&t);
}

static void expect_refused(gy_status status, gy_status expected, const char *word)
{
    const char *text = gy_error_last()->text;
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
    if (status != expected || strstr(text, word) == NULL)
        printf("%d instead of %d with '%s': %s\n", status, expected, word, text);
}

static void refuses_calls_that_are_not_valid(void)
{
    trial t;
    const char *const set = NULL;
    const gy_network_options no_sets = {.n_sets = 1}, no_set = {.sets = &set, .n_sets = 1};
    gy_network *net = NULL, *other = NULL;
    gy_workspace *w = NULL;
    gy_comm *comm = NULL;
    float y[N * OUT];
    const gy_view wide = {.data = t.x, .axes = 2, .extent = {N, 4}, .stride = {4, 1}};
    gy_view fits = {.data = t.x, .axes = 2, .extent = {10, IN}, .stride = {IN, 1}};
    begin(&t, dense);
    const char *path = gy_tempdir_join(&t.dir, "net.yaml");
    expect_refused(gy_network_apply(t.net, NULL, N, t.x, y), GY_E_USAGE, "gy_network_learn");
    expect_refused(gy_network_step(t.net, N, t.x, t.y, NULL, NULL), GY_E_USAGE, "gy_network_learn");
    expect_refused(gy_network_learn(t.net, N, t.x, NULL), GY_E_USAGE, "y");
    (void)teach(&t, 1);
    expect_refused(gy_network_learn(t.net, N, t.x, t.y), GY_E_USAGE, "stand");
    expect_refused(gy_network_apply(NULL, NULL, N, t.x, y), GY_E_USAGE, "none");
    expect_refused(gy_network_apply(t.net, NULL, -1, t.x, y), GY_E_USAGE, "-1");
    expect_refused(gy_network_apply(t.net, NULL, N, t.x, NULL), GY_E_USAGE, "NULL");
    expect_refused(gy_network_apply_view(t.net, NULL, &wide, &wide), GY_E_SHAPE, "[3]");
    expect_refused(gy_network_step_view(t.net, &fits, &wide, NULL, NULL), GY_E_SHAPE, "[2]");
    const gy_view none = {.data = NULL, .axes = 2, .extent = {0, IN}, .stride = {IN, 1}};
    const gy_view no_targets = {.axes = 2, .extent = {0, OUT}, .stride = {OUT, 1}};
    const gy_view *const missing = NULL;
    expect_refused(gy_network_apply_view(t.net, NULL, missing, &no_targets), GY_E_USAGE, "(x)");
    expect_refused(gy_network_apply_view(t.net, NULL, &none, missing), GY_E_USAGE, "(y)");
    expect_refused(gy_network_step_view(t.net, missing, missing, NULL, NULL), GY_E_USAGE, "(x)");
    expect_refused(gy_network_loss_view(t.net, &none, missing, NULL, NULL), GY_E_USAGE, "(y)");
    expect_ok(gy_network_apply_view(t.net, NULL, &none, &no_targets));
    expect_ok(gy_network_step_view(t.net, &none, &no_targets, NULL, NULL));
    expect_refused(gy_network_step(t.net, INT64_MAX / 2, t.x, t.y, NULL, NULL), GY_E_NOMEM, "many");
    expect_refused(gy_workspace_create(t.net, INT64_MAX / 2, &w), GY_E_NOMEM, "memory");
    fits.extent[0] = -1;
    expect_refused(gy_network_apply_view(t.net, NULL, &fits, &fits), GY_E_USAGE, "-1");
    fits.axes = 9;
    expect_refused(gy_network_apply_view(t.net, NULL, &fits, &fits), GY_E_USAGE, "9");
    expect_refused(gy_network_open(t.ctx, NULL, NULL, NULL, &net), GY_E_USAGE, "path");
    expect_refused(gy_network_open(t.ctx, NULL, path, &no_sets, &net), GY_E_USAGE, "sets");
    expect_refused(gy_network_open(t.ctx, NULL, path, &no_set, &net), GY_E_USAGE, "NULL");
    CU_ASSERT_EQUAL(gy_network_input(NULL, NULL) + gy_network_output(NULL, NULL) +
                        gy_network_target(NULL, NULL) + gy_network_steps(NULL),
                    0);
    expect_refused(gy_context_create(NULL, NULL, NULL), GY_E_USAGE, "out");
    expect_refused(gy_comm_create(NULL, NULL, &comm), GY_E_USAGE, "context");
    expect_refused(gy_comm_create(t.ctx, NULL, NULL), GY_E_USAGE, "out");
    expect_refused(gy_network_save(t.net, NULL), GY_E_USAGE, "run_dir");
    expect_refused(gy_network_open(t.ctx, NULL, "no such place", NULL, &net), GY_E_CONFIG,
                   "no such place");
    expect_ok(gy_network_open(t.ctx, NULL, path, NULL, &other));
    expect_refused(gy_network_step(other, N, t.x, t.y, NULL, NULL), GY_E_USAGE, "opened");
    expect_refused(gy_network_save(other, "run"), GY_E_USAGE, "opened");
    gy_network_close(other);
    end(&t);
}

static void refuses_configurations_of_runs(void)
{
    static const struct {
        const char *set, *word;
    } cases[] = {{"schedule.kind=linear", "train.steps"},
                 {"schedule.kind=cosine", "cosine"},
                 {"schedule.kind=step", "epochs"},
                 {"schedule.kind=plateau", "nothing is validated"},
                 {"meta={tasks: 4, shots: 2}", "meta.tasks"},
                 {"comm.survive=true", "comm.survive"}};
    trial t;
    begin(&t, dense);
    const char *path = gy_tempdir_join(&t.dir, "net.yaml");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_network *net = NULL;
        const gy_network_options options = {.training = true, .sets = &cases[i].set, .n_sets = 1};
        expect_refused(gy_network_open(t.ctx, NULL, path, &options, &net), GY_E_CONFIG,
                       cases[i].word);
        CU_ASSERT_PTR_NULL(net);
    }
    end(&t);
}

/* Fills inputs of a grid network. */
static void fill(float *x, int64_t n, float *classes)
{
    for (int64_t i = 0; i < n * 48; i++) x[i] = (float)(i * 7 % 31 - 15) / 16;
    for (int64_t i = 0; i < n; i++) classes[i] = (float)(i % 5);
}

static void allocates_nothing(void)
{
    static float x[N * 48], classes[N], y[N * 5];
    double loss;
    trial t;
    begin(&t, grid);
    fill(x, N, classes);
    for (int turn = 0; turn < 2; turn++) { /* the first is what is allocated at a first call */
        const int64_t before = gy_test_allocations, ours = gy_alloc_count(t.ctx);
        for (int64_t n = N; n > 0; n /= 3) {
            expect_ok(gy_network_apply(t.net, NULL, n, x, y));
            expect_ok(gy_network_step(t.net, n, x, classes, NULL, &loss));
            expect_ok(gy_network_loss(t.net, n, x, classes, NULL, &loss));
        }
        if (turn == 0) continue;
        CU_ASSERT_EQUAL(gy_test_allocations, before);
        CU_ASSERT_EQUAL(gy_alloc_count(t.ctx), ours);
    }
    classes[3] = 5;
    expect_refused(gy_network_step(t.net, N, x, classes, NULL, NULL), GY_E_DATA, "sample 3");
    end(&t);
}

/* As before, or told that there is no memory, and as before in the next call. @return whether it was told */
static bool apply_where_allocation_fails(trial *t, const float *before)
{
    float y[N * OUT];
    gy_fault_arm(t->ctx, GY_FAULT_ALLOC, 1);
    const gy_status status = gy_network_apply(t->net, NULL, N, t->x, y);
    const bool struck = gy_fault_left(t->ctx, GY_FAULT_ALLOC) == 0;
    gy_fault_arm(t->ctx, GY_FAULT_ALLOC, 0);
    CU_ASSERT_EQUAL(status, struck ? GY_E_NOMEM : GY_OK);
    if (struck) expect_ok(gy_network_apply(t->net, NULL, N, t->x, y));
    CU_ASSERT_EQUAL(memcmp(y, before, sizeof y), 0);
    return struck;
}

/* Memory that is short of a large step is not short of the next one. @return whether there was a k-th allocation */
static bool go_on_where_allocation_fails(int k, int *starved)
{
    enum { LARGE = 1000, HIDDEN = 16 };
    static float x[LARGE * IN], y[LARGE * OUT];
    float applied[N * OUT];
    trial t;
    begin(&t, dense);
    (void)teach(&t, 1);
    expect_ok(gy_network_step(t.net, 8, t.x, t.y, NULL, NULL));
    expect_ok(gy_network_apply(t.net, NULL, N, t.x, applied));
    const int64_t before = gy_alloc_bytes(t.ctx);
    gy_fault_arm(t.ctx, GY_FAULT_ALLOC, k);
    const gy_status status = gy_network_step(t.net, LARGE, x, y, NULL, NULL);
    const bool struck = gy_fault_left(t.ctx, GY_FAULT_ALLOC) == 0;
    gy_fault_arm(t.ctx, GY_FAULT_ALLOC, 0);
    CU_ASSERT_EQUAL(status, struck ? GY_E_NOMEM : GY_OK);
    CU_ASSERT_EQUAL(gy_network_steps(t.net), struck ? 2 : 3);
    if (struck) *starved += apply_where_allocation_fails(&t, applied);
    expect_ok(gy_network_step(t.net, 8, t.x, t.y, NULL, NULL));
    if (struck) CU_ASSERT(gy_alloc_bytes(t.ctx) - before < LARGE * HIDDEN * (int)sizeof *x);
    end(&t);
    return struck;
}

static void goes_on_where_a_large_step_found_no_memory(void)
{
    int k = 1, starved = 0;
    gy_context *ctx = gy_test_context();
    const bool packs = strcmp(gy_context_simd(ctx), "baseline") != 0;
    gy_test_end(ctx);
    while (k < 30 && go_on_where_allocation_fails(k, &starved)) k++;
    CU_ASSERT(k > 4 && k < 30);
    CU_ASSERT_EQUAL(starved, packs ? 1 : 0); /* where the new arena was not to be had */
}

/* What a thread of the caller has. */
typedef struct worker {
    pthread_barrier_t *all;
    gy_network *net;
    gy_workspace *w;
    const float *x;
    float y[N * 5];
    gy_status status;
} worker;

static void *apply_often(void *user)
{
    worker *me = user;
    (void)pthread_barrier_wait(me->all);
    for (int i = 0; i < 20 && me->status == GY_OK; i++)
        me->status = gy_network_apply(me->net, me->w, N, me->x, me->y);
    return NULL;
}

static void threads_apply_one_network(void)
{
    enum { THREADS = 4, ROUNDS = 5 };
    static float x[N * 48], classes[N], y[N * 5];
    static worker workers[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t all;
    trial t;
    begin(&t, grid);
    fill(x, N, classes);
    if (pthread_barrier_init(&all, NULL, THREADS) != 0) abort();
    for (int k = 0; k < THREADS; k++) {
        workers[k] = (worker){.all = &all, .net = t.net, .x = x};
        expect_ok(gy_workspace_create(t.net, N, &workers[k].w));
    }
    for (int turn = 0; turn < ROUNDS; turn++) { /* they meet at the weights of its step */
        expect_ok(gy_network_step(t.net, N, x, classes, NULL, NULL));
        for (int k = 0; k < THREADS; k++)
            if (pthread_create(&threads[k], NULL, apply_often, &workers[k]) != 0) abort();
        for (int k = 0; k < THREADS; k++) (void)pthread_join(threads[k], NULL);
        expect_ok(gy_network_apply(t.net, NULL, N, x, y));
        for (int k = 0; k < THREADS; k++) {
            expect_ok(workers[k].status);
            CU_ASSERT_EQUAL(memcmp(workers[k].y, y, sizeof y), 0);
        }
    }
    for (int k = 0; k < THREADS; k++) gy_workspace_free(workers[k].w);
    (void)pthread_barrier_destroy(&all);
    end(&t);
}

GY_TEST_MAIN(GY_TEST(applies_as_predict_does), GY_TEST(saves_a_run), GY_TEST(tells_shapes),
             GY_TEST(takes_arrays_as_they_lie), GY_TEST(takes_any_number),
             GY_TEST(refuses_calls_that_are_not_valid), GY_TEST(refuses_configurations_of_runs),
             GY_TEST(allocates_nothing), GY_TEST(goes_on_where_a_large_step_found_no_memory),
             GY_TEST(threads_apply_one_network))
