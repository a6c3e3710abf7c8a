/* A network in memory that ranks train on what each of them has is the one that a rank trains on all of it. */
#include "gy_test_mpi.h"
#include "tempdir.h"

#include <gyre/network.h>
#include <gyre/train.h>

#include "base/part.h"
#include "comm/comm.h"
#include "data/data.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>

enum { IN = 3, OUT = 2, MOST = 48, STEPS = 9 };

static const char yaml[] = "name: inside\n"
                           "model:\n"
                           "  input: [3]\n"
                           "  layers:\n"
                           "    - dense: {units: 16, activation: tanh}\n"
                           "    - dropout: {rate: 0.1}\n"
                           "    - dense: {units: 2}\n"
                           "loss: mse\n"
                           "optimizer: {kind: adam, learning_rate: 0.01}\n"
                           "checkpoint: {keep: 2}\n";

/* Samples of a step of all ranks, and which of them are this rank's. */
typedef struct batch {
    float x[MOST * IN], y[MOST * OUT], w[MOST];
    int64_t first[64], n[64], all;
} batch;

static float draw(void)
{
    return (float)rand() / (float)RAND_MAX * 2 - 1;
}

/* Cut unevenly, some ranks having none. */
static void make(batch *b, int step)
{
    const int ranks = gy_comm_ranks(gy_test_comm);
    srand((unsigned)step + 1);
    b->all = 0;
    for (int r = 0; r < ranks; r++) {
        int64_t left = MOST - b->all;
        b->first[r] = b->all;
        b->n[r] = r == ranks - 1 ? left : (r + step) % 3 == 1 ? 0 : left / (2 + r % 2);
        b->all += b->n[r];
    }
    for (int i = 0; i < MOST; i++) {
        for (int j = 0; j < IN; j++) b->x[i * IN + j] = draw();
        b->y[i * OUT] = sinf(3 * b->x[i * IN]) + b->x[i * IN + 1];
        b->y[i * OUT + 1] = b->x[i * IN] * b->x[i * IN + 2] + 5;
        b->w[i] = draw() + 1;
    }
}

static void expect_ok(gy_status status)
{
    CU_ASSERT_EQUAL(status, GY_OK);
    if (status != GY_OK) printf("%s\n", gy_error_last()->text);
}

static const char *share_path(gy_tempdir *dir, const char *text)
{
    FILE *file;
    if (gy_comm_rank(gy_test_comm) == 0) {
        gy_tempdir_make(dir);
        file = fopen(gy_tempdir_join(dir, "net.yaml"), "w");
        if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
    }
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, dir, sizeof *dir, 0), GY_OK);
    return gy_tempdir_join(dir, "net.yaml");
}

static void unshare(gy_tempdir *dir)
{
    CU_ASSERT_EQUAL_FATAL(gy_comm_barrier(gy_test_comm), GY_OK);
    if (gy_comm_rank(gy_test_comm) == 0) gy_tempdir_remove(dir);
}

static gy_network *open_net(gy_comm *comm, const char *path, const char *set)
{
    gy_network *net = NULL;
    const gy_network_options options = {.training = true, .sets = &set, .n_sets = 1};
    expect_ok(gy_network_open(gy_test_ctx, comm, path, &options, &net));
    if (net == NULL) exit(1);
    return net;
}

static bool close_to(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (fabs(a) + fabs(b)) + 1e-12;
}

/* Together and on rank 0 alone; `weighs`: rank 0 and every third. */
static void compare(const char *set, double tolerance)
{
    static batch b;
    gy_tempdir dir;
    const int rank = gy_comm_rank(gy_test_comm);
    const char *path = share_path(&dir, yaml);
    gy_network *together = open_net(gy_test_comm, path, set);
    gy_network *alone = rank == 0 ? open_net(NULL, path, set) : NULL;
    for (int step = 0; step < STEPS; step++) {
        double loss = -1, mine = -1, before = -1;
        make(&b, step);
        const bool weighs = step % 2 == 1 && rank % 3 == 0;
        const float *x = b.x + b.first[rank] * IN, *y = b.y + b.first[rank] * OUT;
        const float *w = weighs ? b.w + b.first[rank] : NULL;
        if (step == 0) expect_ok(gy_network_learn(together, b.n[rank], x, y));
        expect_ok(gy_network_loss(together, b.n[rank], x, y, w, &before));
        expect_ok(gy_network_step(together, b.n[rank], x, y, w, &loss));
        if (rank > 0) continue;
        for (int r = 0; r < gy_comm_ranks(gy_test_comm); r++) /* who has none counts each once */
            for (int64_t i = 0; i < b.n[r] && r % 3 > 0; i++) b.w[b.first[r] + i] = 1;
        const float *all = step % 2 == 1 ? b.w : NULL;
        if (step == 0) expect_ok(gy_network_learn(alone, b.all, b.x, b.y));
        expect_ok(gy_network_loss(alone, b.all, b.x, b.y, all, &mine));
        CU_ASSERT(close_to(before, mine, tolerance));
        expect_ok(gy_network_step(alone, b.all, b.x, b.y, all, &mine));
        CU_ASSERT(close_to(loss, mine, tolerance));
        if (!close_to(loss, mine, tolerance)) printf("step %d: %.9g %.9g\n", step, loss, mine);
    }
    CU_ASSERT_EQUAL(gy_network_steps(together), STEPS);
    if (rank == 0) {
        float y[2][MOST * OUT];
        expect_ok(gy_network_apply(together, NULL, b.all, b.x, y[0]));
        expect_ok(gy_network_apply(alone, NULL, b.all, b.x, y[1]));
        for (int i = 0; i < MOST * OUT; i++)
            CU_ASSERT(fabsf(y[0][i] - y[1][i]) <= 20 * (float)tolerance);
    }
    gy_network_close(alone);
    gy_network_close(together);
    unshare(&dir);
}

static void is_that_of_one_rank(void)
{
    compare("seed=3", 1e-5);
}

static void is_so_where_each_updates_a_part(void)
{
    compare("comm.shard_optimizer=true", 1e-5);
}

static void is_so_in_micro_batches(void)
{
    compare("train.micro_batch_size=5", 1e-5);
}

static void is_so_with_means_that_were_learned(void)
{
    compare("data={normalize: per_feature, normalize_targets: per_feature}", 1e-5);
}

/* Grains that fit are the same bits; those that do not are refused by every rank, and nothing is spoilt. */
static void is_the_same_bits_with_grains(void)
{
    enum { GRAINS = 8 };
    static batch b;
    gy_tempdir dir;
    const int rank = gy_comm_rank(gy_test_comm), ranks = gy_comm_ranks(gy_test_comm);
    const char *path = share_path(&dir, yaml), *set = "comm.reproducible_grains=8";
    gy_network *together = open_net(gy_test_comm, path, set);
    gy_network *alone = rank == 0 ? open_net(NULL, path, set) : NULL;
    for (int step = 0; step < STEPS; step++) {
        double loss = -1, mine = -1;
        int64_t first, n;
        make(&b, step);
        gy_part_of_grains(MOST, GRAINS, rank, ranks, &first, &n);
        expect_ok(gy_network_step(together, n, b.x + first * IN, b.y + first * OUT, NULL, &loss));
        if (rank == 0) expect_ok(gy_network_step(alone, MOST, b.x, b.y, NULL, &mine));
        if (rank == 0) CU_ASSERT_EQUAL(loss, mine);
        if (ranks == 1) continue;
        n = rank == 0 ? MOST - 1 : rank == 1 ? 1 : 0;
        CU_ASSERT_EQUAL(gy_network_step(together, n, b.x, b.y, NULL, NULL), GY_E_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "reproducible_grains"));
    }
    if (rank == 0) {
        float y[2][MOST * OUT];
        expect_ok(gy_network_apply(together, NULL, MOST, b.x, y[0]));
        expect_ok(gy_network_apply(alone, NULL, MOST, b.x, y[1]));
        CU_ASSERT(memcmp(y[0], y[1], sizeof y[0]) == 0);
    }
    gy_network_close(alone);
    gy_network_close(together);
    unshare(&dir);
}

/* What differs at the end of a long text, and numbers before it, differ. */
static void refuses_long_names_that_differ(gy_network *net, bool is_last)
{
    char name[400];
    gy_network *none = NULL;
    const gy_network_options more = {.most = is_last ? 4 : 3};
    memset(name, 'r', sizeof name);
    name[sizeof name - 1] = 0;
    CU_ASSERT_EQUAL(gy_network_open(gy_test_ctx, gy_test_comm, name, &more, &none), GY_E_USAGE);
    name[sizeof name - 2] = is_last ? 'b' : 'a';
    CU_ASSERT_EQUAL(gy_network_open(gy_test_ctx, gy_test_comm, name, NULL, &none), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_network_save(net, name), GY_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "differ"));
}

/* What one rank does wrong all come to know, and go on. */
static void fails_on_all_ranks_alike(void)
{
    static batch b;
    gy_tempdir dir;
    double loss = 0;
    const int rank = gy_comm_rank(gy_test_comm), last = gy_comm_ranks(gy_test_comm) - 1;
    const char *path = share_path(&dir, yaml);
    const gy_view none = {.axes = 2, .extent = {0, IN}}, targets = {.axes = 2, .extent = {0, OUT}};
    const gy_network_options wrong = {.threads = rank == last ? -1 : 0};
    gy_network *net = NULL;
    CU_ASSERT_EQUAL(gy_network_open(gy_test_ctx, gy_test_comm, path, &wrong, &net), GY_E_USAGE);
    net = open_net(gy_test_comm, path, "seed=1");
    CU_ASSERT_EQUAL(gy_network_save(net, rank == last ? NULL : path), GY_E_USAGE);
    if (last > 0)
        CU_ASSERT_EQUAL(gy_network_save(net, rank == last ? "b.run" : "a.run"), GY_E_USAGE);
    if (last > 0) refuses_long_names_that_differ(net, rank == last);
    CU_ASSERT_EQUAL(gy_network_step_view(net, &none, rank == last ? NULL : &targets, NULL, NULL),
                    GY_E_USAGE);
    make(&b, 0);
    const float *x = rank == last ? NULL : b.x;
    CU_ASSERT_EQUAL(gy_network_step(net, rank == last ? -1 : 3, b.x, b.y, NULL, NULL), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_network_step(net, 3, x, b.y, NULL, NULL), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_network_loss(net, 3, x, b.y, NULL, NULL), GY_E_USAGE);
    b.w[1] = rank == last ? -1.0f : 1.0f;
    CU_ASSERT_EQUAL(gy_network_step(net, 3, b.x, b.y, b.w, NULL), GY_E_DATA);
    b.x[0] = rank == last ? NAN : 1.0f;
    CU_ASSERT_EQUAL(gy_network_step(net, 3, b.x, b.y, NULL, NULL), GY_E_DIVERGED);
    make(&b, 0);
    CU_ASSERT_EQUAL(gy_network_steps(net), 0);
    memset(b.w, 0, sizeof b.w);
    expect_ok(gy_network_step(net, 3, b.x, b.y, b.w, &loss));
    expect_ok(gy_network_step(net, 0, NULL, NULL, NULL, &loss));
    CU_ASSERT_EQUAL(gy_network_steps(net), 0);
    expect_ok(gy_network_step(net, 3, b.x, b.y, NULL, &loss));
    CU_ASSERT_EQUAL(gy_network_steps(net), 1);
    gy_network_close(net);
    unshare(&dir);
}

/* Saved by all, opened by one, who goes on as they would have. */
static void goes_on_from_what_it_saved(void)
{
    static batch b;
    gy_tempdir dir;
    double loss[2] = {0};
    const int rank = gy_comm_rank(gy_test_comm);
    gy_network *net = open_net(gy_test_comm, share_path(&dir, yaml),
                               "data={normalize: per_feature, normalize_targets: global}");
    const char *run = gy_tempdir_join(&dir, "run");
    for (int step = 0; step < 6; step++) {
        make(&b, step);
        const float *x = b.x + b.first[rank] * IN, *y = b.y + b.first[rank] * OUT;
        if (step == 0) expect_ok(gy_network_learn(net, b.n[rank], x, y));
        if (step == 5) expect_ok(gy_network_loss(net, b.n[rank], x, y, NULL, &loss[0]));
        expect_ok(gy_network_step(net, b.n[rank], x, y, NULL, NULL));
        if (step % 2 == 0) expect_ok(gy_network_save(net, run));
        if (step == 4) expect_ok(gy_network_save(net, run)); /* again */
    }
    if (rank == 0) {
        gy_network *on = NULL;
        const gy_network_options options = {.training = true};
        expect_ok(gy_network_open(gy_test_ctx, NULL, run, &options, &on));
        CU_ASSERT_EQUAL(gy_network_steps(on), 5);
        CU_ASSERT_EQUAL(gy_network_learn(on, b.all, b.x, b.y), GY_E_USAGE);
        expect_ok(gy_network_loss(on, b.all, b.x, b.y, NULL, &loss[1]));
        CU_ASSERT(close_to(loss[0], loss[1], 1e-5));
        expect_ok(gy_network_step(on, b.all, b.x, b.y, NULL, NULL));
        expect_ok(gy_network_save(on, run));
        gy_network_close(on);
    }
    gy_network_close(net);
    unshare(&dir);
}

/* On a communicator of the caller's, whose errors stay the caller's matter. */
static void leaves_error_handlers(void)
{
    gy_tempdir dir;
    gy_comm *comm = NULL;
    MPI_Comm mine;
    MPI_Errhandler before, after, world;
    const char *path = share_path(&dir, yaml);
    (void)MPI_Comm_dup(MPI_COMM_WORLD, &mine);
    (void)MPI_Comm_get_errhandler(mine, &before);
    CU_ASSERT_EQUAL_FATAL(gy_comm_create(gy_test_ctx, &mine, &comm), GY_OK);
    gy_network *net = open_net(comm, path, "seed=1");
    gy_network_close(net);
    gy_comm_free(comm);
    (void)MPI_Comm_get_errhandler(mine, &after);
    (void)MPI_Comm_get_errhandler(MPI_COMM_WORLD, &world);
    CU_ASSERT(before == after && after == MPI_ERRORS_ARE_FATAL);
    CU_ASSERT(world == MPI_ERRORS_ARE_FATAL);
    (void)MPI_Comm_free(&mine);
    unshare(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(is_that_of_one_rank), GY_TEST(is_so_where_each_updates_a_part),
                 GY_TEST(is_so_in_micro_batches), GY_TEST(is_so_with_means_that_were_learned),
                 GY_TEST(is_the_same_bits_with_grains), GY_TEST(fails_on_all_ranks_alike),
                 GY_TEST(goes_on_from_what_it_saved), GY_TEST(leaves_error_handlers))
