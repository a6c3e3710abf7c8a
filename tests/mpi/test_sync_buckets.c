/* Buckets: the sums of plain all-reduces, whenever gradients become complete. */
#include "gy_test_mpi.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "sync/sync.h"
#include "sync/wire_list.h"
#include "sync/compression_list.h"

#include <math.h>
#include <time.h>

enum { N = 20011 };

static float gradient(int rank, int64_t i, int step)
{
    gy_rng key = {.seed = 3, .use = (uint32_t)step, .stream = (uint32_t)rank};
    return (float)gy_rng_normal(key, (uint64_t)i, 0);
}

static gy_sync_settings settings_of(const char *kind, double mib, bool overlap)
{
    return (gy_sync_settings){.all_reduce = {gy_registry_find(&gy_all_reduce_registry, kind), NULL},
                              .wire = {&gy_wire_float32.kind, NULL},
                              .compression = {&gy_compression_none.kind, NULL},
                              .bucket_mib = mib,
                              .overlap = overlap};
}

static gy_status create(const gy_sync_settings *settings, float *w, float *g, int64_t n,
                        gy_sync **out)
{
    const gy_sync_vector vector = {.w = w, .g = g, .n = n};
    return gy_sync_create(gy_test_ctx, gy_test_comm, settings, &vector, out);
}

/* Completes in falling marks drawn for this rank alone, and writes what is not complete yet late. */
static void step(gy_sync *s, float *g, int64_t n, int number, bool poll)
{
    int rank = gy_comm_rank(gy_test_comm);
    gy_rng key = {.seed = 11, .use = (uint32_t)number, .stream = (uint32_t)rank};
    gy_sync_begin(s);
    int64_t mark = n;
    for (int turn = 0; mark > 0; turn++) {
        int64_t to = mark - (int64_t)(gy_rng_uniform(key, (uint64_t)turn, 0) * (double)n / 4) - 1;
        if (to < 0) to = 0;
        for (int64_t i = to; i < mark; i++) g[i] = gradient(rank, i, number);
        mark = to;
        CU_ASSERT_EQUAL(gy_sync_complete(s, mark), GY_OK);
        if (poll) gy_sync_poll(s);
    }
    double waited = -1.0;
    CU_ASSERT_EQUAL(gy_sync_finish(s, &waited), GY_OK);
    CU_ASSERT(waited >= 0.0);
}

/* The same buckets, one after the other. */
static void plainly(const gy_sync_settings *settings, float *g, int64_t n, int buckets)
{
    int64_t each = buckets == 0 ? n : (int64_t)(settings->bucket_mib * 262144.0 + 15) / 16 * 16;
    for (int64_t end = n; end > 0; end -= each) {
        int64_t start = end > each ? end - each : 0;
        gy_reduction r = {.x = g + start, .n = end - start};
        CU_ASSERT_EQUAL(gy_all_reduce_run(gy_test_comm, settings->all_reduce.kind, &r), GY_OK);
    }
}

static void compare(const char *kind, double mib, bool overlap, gy_progress progress, bool poll)
{
    int rank = gy_comm_rank(gy_test_comm);
    gy_sync_settings settings = settings_of(kind, mib, overlap);
    settings.progress = progress;
    float *g = NULL, *want = NULL;
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &g), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &want), GY_OK);
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, N, &s), GY_OK);
    int64_t before = gy_alloc_count(gy_test_ctx);
    for (int number = 1; number <= 3; number++) {
        step(s, g, N, number, poll);
        if (number == 1) CU_ASSERT_EQUAL(gy_alloc_count(gy_test_ctx), before);
        for (int64_t i = 0; i < N; i++) want[i] = gradient(rank, i, number);
        plainly(&settings, want, N, gy_sync_buckets(s));
        CU_ASSERT_EQUAL(memcmp(g, want, N * sizeof *g), 0);
    }
    gy_sync_free(s);
    gy_free(gy_test_ctx, want);
    gy_free(gy_test_ctx, g);
}

static void equals_plain_all_reduces(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int how = 0; how < 6; how++)
            compare(gy_all_reduce_registry.kinds[k]->name, 0.012, how / 2 > 0,
                    how / 2 == 2 ? GY_PROGRESS_THREAD : GY_PROGRESS_POLL, how % 2 == 1);
}

/* Two numbers have one sum: on two ranks no size changes a bit. On more it is the order of adding that
 * differs, and nothing else. */
static void sizes_change_no_sum(void)
{
    static const double mibs[] = {8192, 1, 0.05, 0.012, 0.001};
    static float g[N], first[N];
    const int ranks = gy_comm_ranks(gy_test_comm);
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int m = 0; m < 5; m++) {
            const gy_sync_settings settings =
                settings_of(gy_all_reduce_registry.kinds[k]->name, mibs[m], true);
            gy_sync *s = NULL;
            int64_t wrong = 0;
            CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, N, &s), GY_OK);
            step(s, g, N, 1, true);
            gy_sync_free(s);
            if (m == 0) memcpy(first, g, sizeof g);
            for (int64_t i = 0; i < N; i++)
                wrong += ranks > 2 ? !(fabsf(g[i] - first[i]) <= 0x1p-21f * (float)ranks)
                                   : g[i] != first[i];
            CU_ASSERT_EQUAL(wrong, 0);
        }
}

static void one_bucket_holds_all(void)
{
    compare("ring", 4.0, true, GY_PROGRESS_POLL, true);
}

static void counts_buckets(void)
{
    bool alone = gy_comm_ranks(gy_test_comm) == 1;
    float g[100] = {0};
    gy_sync_settings settings = settings_of("ring", 0.0001, true); /* 26 floats → 32 */
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, 100, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_buckets(s), alone ? 0 : 4);
    CU_ASSERT_STRING_EQUAL(gy_sync_algorithm(s), alone ? "none" : "ring");
    gy_sync_free(s);
}

static void no_gradients(void)
{
    float g[1] = {1.0f};
    double waited;
    gy_sync_settings settings = settings_of("auto", 4.0, true);
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, 0, &s), GY_OK);
    gy_sync_begin(s);
    CU_ASSERT_EQUAL(gy_sync_complete(s, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_finish(s, &waited), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_buckets(s), 0);
    CU_ASSERT_EQUAL(g[0], 1.0f);
    gy_sync_free(s);
}

static void creation_survives_lack_of_memory(void)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm), k = 0;
    float g[64] = {0.0f};
    gy_sync_settings settings = settings_of("hierarchical", 0.0001, true);
    settings.progress = GY_PROGRESS_THREAD;
    gy_status status = GY_E_NOMEM;
    while (status != GY_OK && k < 200) {
        gy_sync *s = NULL;
        int64_t before = gy_context_balance(gy_test_ctx);
        k++;
        gy_alloc_fail_at(gy_test_ctx, rank == ranks / 2 ? k : 0);
        status = create(&settings, NULL, g, 64, &s);
        gy_alloc_fail_at(gy_test_ctx, 0);
        CU_ASSERT(status == GY_OK || status == GY_E_NOMEM);
        gy_sync_free(s);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
    }
    CU_ASSERT(k > 1 && k < 200);
}

/* Owners get the sums, update, and all get what they made. */
static void owners_update(const char *wire, bool overlap, gy_progress progress)
{
    int rank = gy_comm_rank(gy_test_comm), ranks = gy_comm_ranks(gy_test_comm);
    gy_sync_settings settings = settings_of("auto", 0.012, overlap);
    settings.shard_optimizer = true;
    settings.progress = progress;
    settings.wire.kind = gy_registry_find(&gy_wire_registry, wire);
    float *g = NULL, *w = NULL;
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &g), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &w), GY_OK);
    CU_ASSERT_EQUAL_FATAL(create(&settings, w, g, N, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_is_sharded(s), ranks > 1);
    const gy_ranges *mine = gy_sync_owned(s);
    double owned = (double)gy_ranges_count(mine), waited = 0, tolerance = 2.1 * 0x1p-8;
    int64_t before = gy_alloc_count(gy_test_ctx), wrong = 0;
    for (int number = 1; number <= 3; number++) {
        step(s, g, N, number, true);
        for (int i = 0; i < mine->n; i++)
            for (int64_t j = mine->v[i].from; j < mine->v[i].to; j++) w[j] = g[j];
        CU_ASSERT_EQUAL(gy_sync_spread(s), GY_OK);
        for (int64_t to = 0; to < N; to += 1 + rank * 531) {
            CU_ASSERT_EQUAL(gy_sync_need(s, to, &waited), GY_OK);
            if (to == 0) continue;
            double sum = 0, size = 0;
            for (int r = 0; r < ranks; r++) {
                sum += (double)gradient(r, to - 1, number);
                size += fabs((double)gradient(r, to - 1, number));
            }
            wrong += !(fabs((double)w[to - 1] - sum) <= tolerance * size);
        }
        CU_ASSERT_EQUAL(gy_sync_need(s, N, NULL), GY_OK);
        memset(g, 0, N * sizeof *g);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(waited >= 0);
    CU_ASSERT_EQUAL(gy_alloc_count(gy_test_ctx), before);
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, &owned, 1), GY_OK);
    CU_ASSERT_EQUAL(owned, N);
    gy_sync_free(s);
    gy_free(gy_test_ctx, w);
    gy_free(gy_test_ctx, g);
}

static void parameters_are_updated_by_their_owners(void)
{
    for (int i = 0; i < gy_wire_registry.n; i++)
        for (int how = 0; how < 3; how++)
            owners_update(gy_wire_registry.kinds[i]->name, how > 0,
                          how == 2 ? GY_PROGRESS_THREAD : GY_PROGRESS_POLL);
}

/* Where others sum the gradients, parameters are spread all the same, and nothing is made for sums. */
static void spreads_without_sums(void)
{
    static float w[N];
    gy_sync_settings settings = settings_of("direct", 0.012, true);
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(create(&settings, w, NULL, N, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_buckets(s), 0);
    gy_sync_free(s);
    settings.shard_optimizer = true;
    const int64_t before = gy_alloc_bytes(gy_test_ctx);
    CU_ASSERT_EQUAL_FATAL(create(&settings, w, NULL, N, &s), GY_OK);
    const int64_t bytes = gy_alloc_bytes(gy_test_ctx) - before;
    const gy_ranges *mine = gy_sync_owned(s);
    for (int64_t i = 0; i < N; i++) w[i] = NAN;
    for (int i = 0; i < mine->n; i++)
        for (int64_t j = mine->v[i].from; j < mine->v[i].to; j++) w[j] = (float)j;
    CU_ASSERT_EQUAL(gy_sync_spread(s), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_need(s, N, NULL), GY_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < N; i++) wrong += w[i] != (float)i;
    CU_ASSERT_EQUAL(wrong, 0);
    gy_sync_free(s);
    static float g[N];
    CU_ASSERT_EQUAL_FATAL(create(&settings, w, g, N, &s), GY_OK);
    CU_ASSERT(gy_comm_ranks(gy_test_comm) == 1 || gy_alloc_bytes(gy_test_ctx) - before > bytes);
    gy_sync_free(s);
}

/* Operations have rooms for as many as are under way at once, however many buckets there are. */
static void rooms_are_few(void)
{
    enum { MANY = 64, EACH = 1 << 14 };
    float *g = NULL;
    gy_sync *s = NULL;
    const gy_sync_settings settings = settings_of("direct", EACH * 4 / 1048576.0, true);
    const gy_reduction r = {.n = EACH};
    gy_room_size room = {.floats = 0};
    gy_all_reduce_add_size(gy_test_comm, settings.all_reduce.kind, &r, &room);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, MANY * EACH, &g), GY_OK);
    const int64_t before = gy_alloc_bytes(gy_test_ctx);
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, MANY * EACH, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_sync_room_bytes(s), 4 * room.bytes); /* 0 for one rank */
    CU_ASSERT(gy_alloc_bytes(gy_test_ctx) - before < 4 * room.bytes + MANY * 2048);
    gy_sync_free(s);
    gy_free(gy_test_ctx, g);
}

/* Nothing is lost: what has come and what was left out make all gradients; the same on all ranks. */
static void leaves_out(double fraction)
{
    int rank = gy_comm_rank(gy_test_comm), ranks = gy_comm_ranks(gy_test_comm);
    static float g[N];
    static double come[N], left[N];
    gy_sync_settings settings = settings_of("auto", 0.012, true);
    settings.compression = (gy_choice){&gy_compression_top_k.kind, &fraction};
    gy_sync *s = NULL;
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, N, &s), GY_OK);
    for (int i = 0; i < N; i++) come[i] = 0;
    for (int number = 1; number <= 3; number++) {
        step(s, g, N, number, true);
        gy_sync_commit(s);
        static float first[N];
        memcpy(first, g, sizeof g);
        CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, first, sizeof first, 0), GY_OK);
        CU_ASSERT_EQUAL(memcmp(first, g, sizeof g), 0);
        int64_t sent = 0;
        for (int i = 0; i < N; i++) sent += g[i] != 0;
        CU_ASSERT(ranks == 1 || sent <= (int64_t)(fraction * N + 8 * gy_sync_buckets(s)) * ranks);
        for (int i = 0; i < N; i++) come[i] += (double)g[i];
    }
    const float *residual = gy_sync_residual(s);
    CU_ASSERT_EQUAL(residual == NULL, ranks == 1);
    for (int i = 0; i < N; i++) left[i] = residual == NULL ? 0 : (double)residual[i];
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, left, N), GY_OK);
    int64_t wrong = 0;
    for (int i = 0; i < N; i++) {
        double all = 0;
        for (int number = 1; number <= 3; number++)
            for (int r = 0; r < (residual == NULL ? 1 : ranks); r++)
                all += (double)gradient(residual == NULL ? rank : r, i, number);
        wrong += !(fabs(come[i] + left[i] - all) <= 1e-5);
        wrong += fraction == 1 && left[i] != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    gy_sync_free(s);
}

static void what_is_left_out_comes_later(void)
{
    leaves_out(0.01);
    leaves_out(0.3);
    leaves_out(1);
}

/* A wire of half the bits halves what is sent. */
static void wires_send_less(void)
{
    static float g[20000];
    int64_t sent[2] = {0};
    for (int i = 0; i < 2; i++) {
        gy_sync *s = NULL;
        gy_sync_settings settings = settings_of("direct", 4, true);
        settings.wire.kind = gy_registry_find(&gy_wire_registry, i == 0 ? "float32" : "bfloat16");
        CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, 20000, &s), GY_OK);
        sent[i] = -gy_all_reduce_sent(gy_test_comm);
        step(s, g, 20000, 1, false);
        sent[i] += gy_all_reduce_sent(gy_test_comm);
        gy_sync_free(s);
    }
    CU_ASSERT_EQUAL(sent[0], 2 * sent[1]);
    CU_ASSERT(gy_comm_ranks(gy_test_comm) == 1 || sent[1] > 0);
}

/* Calls of others between begin and finish, while a thread drives buckets that nobody polls: all
 * are home in the end without a look of this thread's. */
static void a_thread_drives_alone(void)
{
    static float g[N];
    gy_sync_settings settings = settings_of("ring", 0.012, true);
    settings.progress = GY_PROGRESS_THREAD;
    gy_sync *s = NULL;
    const gy_sync_vector vector = {.g = g, .n = N};
    CU_ASSERT_EQUAL_FATAL(gy_sync_create(gy_test_ctx, gy_test_comm, &settings, &vector, &s), GY_OK);
    int64_t want = 0;
    for (int step = 0; step < 2; step++) {
        int64_t sent = gy_all_reduce_sent(gy_test_comm);
        gy_sync_begin(s);
        CU_ASSERT_EQUAL(gy_sync_complete(s, 0), GY_OK);
        for (int i = 0; step == 1 && i < 10000; i++) {
            double ranks = 1;
            const struct timespec pause = {.tv_nsec = 1000000};
            gy_sync_hold(s);
            CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, &ranks, 1), GY_OK);
            double left = (double)(want - (gy_all_reduce_sent(gy_test_comm) - sent));
            CU_ASSERT_EQUAL(gy_comm_max(gy_test_comm, &left, 1), GY_OK);
            gy_sync_release(s);
            CU_ASSERT_EQUAL(ranks, gy_comm_ranks(gy_test_comm));
            if (left <= 0) break; /* the thread has sent everything */
            (void)nanosleep(&pause, NULL);
            CU_ASSERT_FATAL(i < 9999);
        }
        double waited;
        CU_ASSERT_EQUAL(gy_sync_finish(s, &waited), GY_OK);
        want = gy_all_reduce_sent(gy_test_comm) - sent;
    }
    gy_sync_free(s);
}

/* Given up in the middle of a step, as a rank does that has failed elsewhere. */
static void can_be_freed_in_a_step(void)
{
    float *g = NULL;
    gy_sync *s = NULL;
    gy_sync_settings settings = settings_of("ring", 4.0, true);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &g), GY_OK);
    CU_ASSERT_EQUAL_FATAL(create(&settings, NULL, g, 40, &s), GY_OK);
    gy_sync_begin(s);
    if (gy_comm_rank(gy_test_comm) == 0) CU_ASSERT_EQUAL(gy_sync_complete(s, 0), GY_OK);
    gy_sync_free(s);
    gy_free(gy_test_ctx, g);
}

static void settings_have_defaults(void)
{
    gy_pool pool;
    gy_pool_init(&pool, gy_test_ctx);
    gy_sync_settings settings = {0};
    CU_ASSERT_EQUAL(gy_settings_default(gy_sync_setting_rows, &pool, &settings), GY_OK);
    CU_ASSERT_STRING_EQUAL(settings.all_reduce.kind->name, "auto");
    CU_ASSERT_EQUAL(settings.bucket_mib, 4.0);
    CU_ASSERT(settings.overlap);
    gy_pool_clear(&pool);
}

/* The test of a step given up comes last: what it sent may still be on its way. */
GY_TEST_MPI_MAIN(GY_TEST(equals_plain_all_reduces), GY_TEST(sizes_change_no_sum),
                 GY_TEST(one_bucket_holds_all), GY_TEST(counts_buckets), GY_TEST(no_gradients),
                 GY_TEST(settings_have_defaults), GY_TEST(parameters_are_updated_by_their_owners),
                 GY_TEST(spreads_without_sums), GY_TEST(rooms_are_few),
                 GY_TEST(what_is_left_out_comes_later), GY_TEST(wires_send_less),
                 GY_TEST(creation_survives_lack_of_memory), GY_TEST(a_thread_drives_alone),
                 GY_TEST(can_be_freed_in_a_step))
