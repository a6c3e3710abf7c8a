/* What every compression promises: what has come and what was left out are all of the gradients, the
 * same bits on every rank, however buckets are cut and pushed; a step that does not count leaves no trace;
 * what is kept and taken up goes on to the same bits; what is not finite arrives. */
#include "gy_test_mpi.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "base/setting.h"
#include "sync/compression_list.h"
#include "sync/sync.h"
#include "sync/wire_list.h"

#include <math.h>

enum { TENSORS = 5, N = 4416, STEPS = 4, SETTINGS = 64 };

static const gy_param tensors[TENSORS] = {
    {.name = "matrix", .shape = {2, {40, 33}}, .offset = 0, .count = 1320},
    {.name = "bias", .shape = {1, {40}}, .offset = 1328, .count = 40},
    {.name = "kernel", .shape = {4, {16, 3, 3, 5}}, .offset = 1376, .count = 720},
    {.name = "single", .shape = {1, {1}}, .offset = 2096, .count = 1},
    {.name = "last", .shape = {2, {48, 47}}, .offset = 2112, .count = 2256},
};
static const gy_params params = {.v = tensors, .n = TENSORS, .floats = N, .trainable = N};

typedef struct fixture {
    gy_sync *s;
    float g[N];
} fixture;

static fixture one, other;

static void begin(fixture *f, const gy_kind *kind, double mib, bool overlap)
{
    static int64_t settings[SETTINGS];
    gy_pool pool;
    CU_ASSERT_FATAL(kind->settings_size <= sizeof settings);
    gy_pool_init(&pool, gy_test_ctx);
    if (kind->settings != NULL)
        CU_ASSERT_EQUAL(gy_settings_default(kind->settings, &pool, settings), GY_OK);
    const gy_sync_settings all = {
        .all_reduce = {gy_registry_find(&gy_all_reduce_registry, "auto"), NULL},
        .wire = {gy_registry_find(&gy_wire_registry, "float32"), NULL},
        .compression = {kind, settings},
        .bucket_mib = mib,
        .overlap = overlap};
    const gy_sync_vector vector = {.g = f->g, .n = N, .params = &params, .seed = 5};
    CU_ASSERT_EQUAL_FATAL(gy_sync_create(gy_test_ctx, gy_test_comm, &all, &vector, &f->s), GY_OK);
    gy_pool_clear(&pool); /* settings of compressions are numbers */
}

static float gradient(int rank, int64_t i, int step)
{
    const gy_rng key = {.seed = 3, .use = (uint32_t)step, .stream = (uint32_t)rank};
    return (float)gy_rng_normal(key, (uint64_t)i, 0);
}

static void pass(fixture *f, int number, bool counts)
{
    const int rank = gy_comm_rank(gy_test_comm);
    double waited;
    memset(f->g, 0, sizeof f->g); /* the gaps */
    gy_sync_begin(f->s);
    for (int i = TENSORS - 1; i >= 0; i--) {
        const gy_param *t = &tensors[i];
        for (int64_t j = t->offset; j < t->offset + t->count; j++)
            f->g[j] = gradient(rank, j, number);
        CU_ASSERT_EQUAL(gy_sync_complete(f->s, t->offset), GY_OK);
        if ((rank + i) % 2 == 0) gy_sync_poll(f->s);
    }
    CU_ASSERT_EQUAL(gy_sync_finish(f->s, &waited), GY_OK);
    if (counts) gy_sync_commit(f->s);
}

static bool is_everywhere(const float *v)
{
    static float first[N];
    memcpy(first, v, sizeof first);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, first, sizeof first, 0), GY_OK);
    return memcmp(first, v, sizeof first) == 0;
}

static void nothing_is_lost(const gy_kind *kind, double mib, bool overlap)
{
    static double all[N], come[N];
    begin(&one, kind, mib, overlap);
    memset(all, 0, sizeof all);
    memset(come, 0, sizeof come);
    for (int number = 1; number <= STEPS; number++) {
        pass(&one, number, true);
        CU_ASSERT(is_everywhere(one.g));
        for (int t = 0; t < TENSORS; t++)
            for (int64_t i = tensors[t].offset; i < tensors[t].offset + tensors[t].count; i++) {
                come[i] += (double)one.g[i];
                for (int r = 0; r < gy_comm_ranks(gy_test_comm); r++)
                    all[i] += (double)gradient(r, i, number);
            }
    }
    static double left[N];
    const float *residual = gy_sync_residual(one.s);
    for (int64_t i = 0; i < N; i++) left[i] = residual != NULL ? (double)residual[i] : 0;
    const bool compresses = gy_comm_ranks(gy_test_comm) > 1;
    CU_ASSERT_EQUAL(residual != NULL, compresses);
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, left, compresses ? N : 0), GY_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < N; i++)
        wrong += !(fabs(come[i] + left[i] - all[i]) <= 1e-4 * gy_comm_ranks(gy_test_comm));
    CU_ASSERT_EQUAL(wrong, 0);
    gy_sync_free(one.s);
}

static void overlap_changes_no_bit(const gy_kind *kind, double mib)
{
    begin(&one, kind, mib, true);
    begin(&other, kind, mib, false);
    for (int number = 1; number <= STEPS; number++) {
        pass(&one, number, true);
        pass(&other, number, true);
        CU_ASSERT_EQUAL(memcmp(one.g, other.g, sizeof one.g), 0);
    }
    gy_sync_free(one.s);
    gy_sync_free(other.s);
}

static void skips_leave_no_trace(const gy_kind *kind, double mib)
{
    const int ranks = gy_comm_ranks(gy_test_comm);
    double waited;
    begin(&one, kind, mib, true);
    begin(&other, kind, mib, true);
    pass(&one, 1, true);
    pass(&one, 2, false);
    gy_sync_begin(one.s);
    for (int64_t i = 0; i < N; i++) one.g[i] = 1;
    if (gy_comm_rank(gy_test_comm) == ranks - 1) one.g[1340] = NAN;
    CU_ASSERT_EQUAL(gy_sync_finish(one.s, &waited), GY_OK);
    CU_ASSERT(isnan(one.g[1340]));
    pass(&one, 3, true);
    pass(&other, 1, true);
    pass(&other, 3, true);
    CU_ASSERT_EQUAL(memcmp(one.g, other.g, sizeof one.g), 0);
    gy_sync_free(one.s);
    gy_sync_free(other.s);
}

/* As a checkpoint has it: each rank's residual, and what all remember. */
static void kept_goes_on(const gy_kind *kind, double mib)
{
    begin(&one, kind, mib, true);
    begin(&other, kind, mib, true);
    for (int number = 1; number < STEPS; number++) pass(&one, number, true);
    CU_ASSERT_EQUAL(gy_sync_memory_name(one.s) == NULL,
                    ((const gy_compression_kind *)kind)->memory == NULL);
    memcpy(gy_sync_residual(other.s), gy_sync_residual(one.s), sizeof one.g);
    if (gy_sync_memory_name(one.s) != NULL) {
        const float *kept = gy_sync_memory_keep(one.s);
        CU_ASSERT(is_everywhere(kept));
        memcpy(gy_sync_memory_room(other.s), kept, sizeof one.g);
        gy_sync_memory_take(other.s);
    }
    pass(&one, STEPS, true);
    pass(&other, STEPS, true);
    CU_ASSERT_EQUAL(memcmp(one.g, other.g, sizeof one.g), 0);
    gy_sync_free(one.s);
    gy_sync_free(other.s);
}

static void all_of_them_promise(void)
{
    static const double mibs[] = {0.004, 4};
    for (int k = 0; k < gy_compression_registry.n; k++)
        for (int m = 0; m < 2; m++) {
            const gy_kind *kind = gy_compression_registry.kinds[k];
            if (((const gy_compression_kind *)kind)->create == NULL) continue;
            nothing_is_lost(kind, mibs[m], m == 0);
            if (gy_comm_ranks(gy_test_comm) == 1) continue;
            overlap_changes_no_bit(kind, mibs[m]);
            skips_leave_no_trace(kind, mibs[m]);
            kept_goes_on(kind, mibs[m]);
        }
}

GY_TEST_MPI_MAIN(GY_TEST(all_of_them_promise))
