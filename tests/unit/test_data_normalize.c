/* Means and deviations against plain loops, and the same bits on 1, 2, 3 and 7 ranks. */
#include "gy_test.h"

#include "data/data.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

enum { RANKS_MOST = 7, SAMPLES = 700, FEATURES = 12 };

static const char source_text[] = "synthetic:images?n=700&shape=2x2x3";

/* Ranks as threads, adding in the order they come. */
typedef struct world {
    int ranks;
    pthread_barrier_t meet;
    pthread_mutex_t lock;
    double total[1 << 14];
} world;

typedef struct member {
    world *world;
    int rank;
    int kind;
    gy_context *ctx;
    gy_normalizer out;
    gy_status status;
    bool broken; /* its source is another */
} member;

static gy_status sum(void *user, double *values, int n)
{
    member *m = user;
    world *w = m->world;
    if (pthread_barrier_wait(&w->meet) == PTHREAD_BARRIER_SERIAL_THREAD)
        memset(w->total, 0, sizeof w->total);
    pthread_barrier_wait(&w->meet);
    pthread_mutex_lock(&w->lock);
    for (int i = 0; i < n; i++) w->total[i] += values[i];
    pthread_mutex_unlock(&w->lock);
    pthread_barrier_wait(&w->meet);
    memcpy(values, w->total, (size_t)n * sizeof *values);
    return GY_OK;
}

static void *run(void *user)
{
    member *m = user;
    gy_source *s = NULL;
    gy_split split, validation;
    const gy_shape input = {3, {2, 2, 3}};
    const gy_normalizing what = {(gy_normalize)m->kind, false, 0.5, 3.0, &input};
    const char *text = m->broken ? "synthetic:images?n=600&shape=2x2x3" : source_text;
    m->status = gy_source_open(m->ctx, text, NULL, &s);
    if (m->status != GY_OK) return NULL;
    gy_split_fraction(SAMPLES, 0.2, 9, &split, &validation);
    m->status =
        gy_normalizer_learn(m->ctx, &what, s, &split, m->rank, m->world->ranks, sum, m, &m->out);
    gy_source_close(s);
    return NULL;
}

static void learn_on(gy_context *ctx, int ranks, int kind, bool broken, member *members)
{
    static world w;
    pthread_t threads[RANKS_MOST];
    w.ranks = ranks;
    pthread_barrier_init(&w.meet, NULL, (unsigned)ranks);
    pthread_mutex_init(&w.lock, NULL);
    for (int r = 0; r < ranks; r++) {
        members[r] = (member){.world = &w, .rank = r, .kind = kind, .ctx = ctx};
        members[r].broken = broken && r == 1;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[r], NULL, run, &members[r]), 0);
    }
    for (int r = 0; r < ranks; r++) pthread_join(threads[r], NULL);
    pthread_mutex_destroy(&w.lock);
    pthread_barrier_destroy(&w.meet);
}

/* What it should be, by loops over the whole split. */
static void expect(gy_context *ctx, int kind, double *mean, double *deviation)
{
    gy_source *s = NULL;
    gy_split split, validation;
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, source_text, NULL, &s), GY_OK);
    gy_split_fraction(SAMPLES, 0.2, 9, &split, &validation);
    double sums[FEATURES] = {0}, squares[FEATURES] = {0}, n[FEATURES] = {0};
    for (int64_t i = 0; i < split.samples; i++) {
        float x[FEATURES];
        int64_t at = gy_split_at(&split, i);
        CU_ASSERT_EQUAL(gy_source_read(s, &at, 1, x, NULL), GY_OK);
        for (int j = 0; j < FEATURES; j++) {
            int to = kind == GY_NORMALIZE_PER_FEATURE   ? j
                     : kind == GY_NORMALIZE_PER_CHANNEL ? j % 3
                                                        : 0;
            double v = ((double)x[j] + 3.0) * 0.5;
            sums[to] += v;
            squares[to] += v * v;
            n[to]++;
        }
    }
    for (int j = 0; j < FEATURES && n[j] > 0; j++) {
        mean[j] = sums[j] / n[j];
        deviation[j] = sqrt(squares[j] / n[j] - mean[j] * mean[j]);
    }
    gy_source_close(s);
}

static void same_on_any_number_of_ranks(void)
{
    static const int counts[] = {1, 2, 3, 7};
    static const int elements[] = {0, 12, 3, 1};
    gy_context *ctx = gy_test_context();
    for (int kind = GY_NORMALIZE_PER_FEATURE; kind <= GY_NORMALIZE_GLOBAL; kind++) {
        member members[RANKS_MOST], first;
        double mean[FEATURES], deviation[FEATURES];
        expect(ctx, kind, mean, deviation);
        for (int k = 0; k < 4; k++) {
            learn_on(ctx, counts[k], kind, false, members);
            size_t bytes = (size_t)elements[kind] * sizeof(float);
            if (k == 0) first = members[0];
            for (int r = 0; r < counts[k]; r++) {
                gy_normalizer *out = &members[r].out;
                CU_ASSERT_EQUAL_FATAL(members[r].status, GY_OK);
                CU_ASSERT_EQUAL_FATAL(out->n, elements[kind]);
                CU_ASSERT_EQUAL(memcmp(out->mean, first.out.mean, bytes), 0);
                CU_ASSERT_EQUAL(memcmp(out->deviation, first.out.deviation, bytes), 0);
                for (int64_t j = 0; j < out->n; j++) {
                    CU_ASSERT_DOUBLE_EQUAL(out->mean[j], mean[j], 1e-6);
                    CU_ASSERT_DOUBLE_EQUAL(out->deviation[j], deviation[j], 1e-6);
                }
                if (k > 0) gy_normalizer_clear(ctx, out);
            }
        }
        gy_normalizer_clear(ctx, &first.out);
    }
    gy_test_end(ctx);
}

/* A rank whose source lacks samples fails, and the others do not wait for ever. */
static void one_failing_rank_ends_all(void)
{
    gy_context *ctx = gy_test_context();
    member members[RANKS_MOST];
    learn_on(ctx, 3, GY_NORMALIZE_GLOBAL, true, members);
    CU_ASSERT_EQUAL(members[0].status, GY_STOPPED);
    CU_ASSERT_EQUAL(members[1].status, GY_E_DATA);
    CU_ASSERT_EQUAL(members[2].status, GY_STOPPED);
    gy_test_end(ctx);
}

static void applies_as_learned(void)
{
    float mean[2] = {1.0f, 2.0f}, deviation[2] = {2.0f, 1.0f};
    gy_normalizer n = {.kind = GY_NORMALIZE_PER_CHANNEL,
                       .n = 2,
                       .mean = mean,
                       .deviation = deviation,
                       .scale = 0.5,
                       .offset = 2.0};
    float x[8] = {0, 2, 4, 6, 8, 10, 12, 14};
    static const float want[8] = {0, 0, 1, 2, 2, 4, 3, 6}; /* ((x + 2)/2 − mean)/deviation */
    gy_normalizer_apply(&n, 2, 4, x);
    for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(x[i], want[i]);
    n.n = 0; /* none: scale and offset remain */
    float one = 4.0f;
    gy_normalizer_apply(&n, 1, 1, &one);
    CU_ASSERT_EQUAL(one, 3.0f);
}

static void no_deviation_counts_as_one(void)
{
    gy_context *ctx = gy_test_context();
    gy_source *s = NULL;
    gy_normalizer out;
    const gy_shape input = {1, {2}};
    const gy_normalizing what = {GY_NORMALIZE_PER_FEATURE, false, 1.0, 0.0, &input};
    gy_split split = gy_split_all(3);
    CU_ASSERT_EQUAL_FATAL(gy_source_open(ctx, "synthetic:blobs?n=30&classes=1&noise=0", NULL, &s),
                          GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_normalizer_learn(ctx, &what, s, &split, 0, 1, NULL, NULL, &out),
                          GY_OK);
    CU_ASSERT_EQUAL(out.deviation[0], 1.0f);
    gy_normalizer_clear(ctx, &out);
    gy_source_close(s);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(same_on_any_number_of_ranks), GY_TEST(one_failing_rank_ends_all),
             GY_TEST(applies_as_learned), GY_TEST(no_deviation_counts_as_one))
