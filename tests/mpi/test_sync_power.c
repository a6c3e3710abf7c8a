/* power_sgd: what comes of a step, against the algorithm written in doubles for all ranks at once. */
#include "gy_test_mpi.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "sync/compression_list.h"
#include "sync/sync.h"
#include "sync/wire_list.h"

#include <math.h>

enum { HEIGHT = 40, WIDTH = 33, RANK = 3, TENSORS = 6, N = 4416, MOST = 1 << 20 };

/* A matrix, its bias, a kernel of convolution, a matrix too small, a norm, a matrix to the end. */
static const gy_param tensors[TENSORS] = {
    {.name = "a", .shape = {2, {HEIGHT, WIDTH}}, .offset = 0, .count = 1320},
    {.name = "b", .shape = {1, {40}}, .offset = 1328, .count = 40},
    {.name = "c", .shape = {4, {16, 3, 3, 5}}, .offset = 1376, .count = 720},
    {.name = "d", .shape = {2, {2, 3}}, .offset = 2096, .count = 6},
    {.name = "e", .shape = {1, {16}}, .offset = 2112, .count = 16},
    {.name = "f", .shape = {2, {48, 47}}, .offset = 2128, .count = 2256},
};
static const gy_params params = {.v = tensors, .n = TENSORS, .floats = N, .trainable = N};

typedef struct fixture {
    int64_t rank; /* of power_sgd; the first, as its settings */
    gy_sync_settings settings;
    float g[N];
    gy_sync *s;
} fixture;

static void begin(fixture *f, int64_t rank, double mib)
{
    *f = (fixture){.rank = rank};
    f->settings =
        (gy_sync_settings){.all_reduce = {gy_registry_find(&gy_all_reduce_registry, "auto"), NULL},
                           .wire = {&gy_wire_float32.kind, NULL},
                           .compression = {&gy_compression_power_sgd.kind, &f->rank},
                           .bucket_mib = mib,
                           .overlap = true};
    const gy_sync_vector vector = {.g = f->g, .n = N, .params = &params, .seed = 5};
    CU_ASSERT_EQUAL_FATAL(gy_sync_create(gy_test_ctx, gy_test_comm, &f->settings, &vector, &f->s),
                          GY_OK);
}

/* Of a low rank where asked; 0 in the gaps. */
static float gradient(const gy_param *t, int rank, int64_t i, int step, int of_rank)
{
    const int64_t columns = t->count / t->shape.d[0];
    const gy_rng key = {.seed = 3, .use = (uint32_t)step, .stream = (uint32_t)rank};
    if (of_rank == 0) return (float)gy_rng_normal(key, (uint64_t)(t->offset + i), 0);
    double sum = 0;
    for (int k = 0; k < of_rank; k++)
        sum += gy_rng_normal(key, (uint64_t)(t->offset + i / columns), (uint64_t)(1 + k)) *
               gy_rng_normal((gy_rng){.seed = 4}, (uint64_t)(t->offset + i % columns),
                             (uint64_t)(1 + k));
    return (float)sum;
}

static void pass(fixture *f, int number, int of_rank)
{
    const int rank = gy_comm_rank(gy_test_comm);
    double waited;
    gy_sync_begin(f->s);
    for (int i = TENSORS - 1; i >= 0; i--) {
        const gy_param *t = &tensors[i];
        for (int64_t j = 0; j < t->count; j++)
            f->g[t->offset + j] = gradient(t, rank, j, number, of_rank);
        CU_ASSERT_EQUAL(gy_sync_complete(f->s, t->offset), GY_OK);
        if (rank % 2 == 0) gy_sync_poll(f->s); /* second sums begin in other orders */
    }
    CU_ASSERT_EQUAL(gy_sync_finish(f->s, &waited), GY_OK);
}

static bool is_everywhere(const float *v, int64_t n)
{
    static float first[N];
    memcpy(first, v, (size_t)n * sizeof *v);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, first, n * (int64_t)sizeof *v, 0), GY_OK);
    return memcmp(first, v, (size_t)n * sizeof *v) == 0;
}

static bool is_sent_whole(const gy_param *t, int64_t rank)
{
    const int64_t rows = t->shape.d[0], columns = t->count / rows;
    return t->shape.n == 1 || rank * (rows + columns) >= t->count;
}

/* The algorithm of the paper, of the sum of all ranks' matrices: P and Q are sums, too. */
static void iterate(int64_t rows, int64_t columns, int64_t rank, const double *m, const double *q,
                    double *p, double *out)
{
    for (int64_t k = 0; k < rank; k++) {
        double *x = p + k * rows, length = 0;
        for (int64_t i = 0; i < rows; i++) {
            x[i] = 0;
            for (int64_t j = 0; j < columns; j++) x[i] += m[i * columns + j] * q[k * columns + j];
        }
        for (int64_t l = 0; l < k; l++) {
            double along = 0;
            for (int64_t i = 0; i < rows; i++) along += x[i] * p[l * rows + i];
            for (int64_t i = 0; i < rows; i++) x[i] -= along * p[l * rows + i];
        }
        for (int64_t i = 0; i < rows; i++) length += x[i] * x[i];
        for (int64_t i = 0; i < rows; i++) x[i] /= sqrt(length);
    }
    memset(out, 0, (size_t)(rank * columns) * sizeof *out);
    for (int64_t k = 0; k < rank; k++)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++)
                out[k * columns + j] += m[i * columns + j] * p[k * rows + i];
}

/* One step of a tensor: left [count] in and out, q [rank, columns] in and out, g [count] out. */
static void expect(const gy_param *t, int ranks, int number, int64_t rank, double *left, double *q,
                   double *g)
{
    static double m[N], p[N], next[N];
    const int64_t rows = t->shape.d[0], columns = t->count / rows;
    for (int64_t i = 0; i < t->count; i++) {
        m[i] = left[i];
        for (int r = 0; r < ranks; r++) m[i] += (double)gradient(t, r, i, number, 0);
        g[i] = m[i];
        left[i] = 0;
    }
    if (is_sent_whole(t, rank)) return;
    iterate(rows, columns, rank, m, q, p, next);
    memcpy(q, next, (size_t)(rank * columns) * sizeof *q);
    for (int64_t i = 0; i < t->count; i++) {
        g[i] = 0;
        for (int64_t k = 0; k < rank; k++)
            g[i] += p[k * rows + i / columns] * q[k * columns + i % columns];
        left[i] = m[i] - g[i];
    }
}

/* Four steps with what was left out: the numbers, the same on every rank, and nothing is lost. */
static void follows_the_paper(double mib)
{
    static double left[N], q[N], g[N], residual[N];
    static fixture f;
    const int ranks = gy_comm_ranks(gy_test_comm);
    if (ranks == 1) return;
    begin(&f, RANK, mib);
    const float *start = gy_sync_memory_keep(f.s);
    for (int i = 0; i < N; i++) q[i] = (double)start[i], left[i] = 0;
    const int64_t before = gy_alloc_count(gy_test_ctx);
    int64_t wrong = 0;
    for (int number = 1; number <= 4; number++) {
        pass(&f, number, 0);
        gy_sync_commit(f.s);
        CU_ASSERT(is_everywhere(f.g, N));
        for (int i = 0; i < TENSORS; i++) {
            const int64_t at = tensors[i].offset;
            expect(&tensors[i], ranks, number, RANK, left + at, q + at, g + at);
            for (int64_t j = at; j < at + tensors[i].count; j++)
                wrong += !(fabs((double)f.g[j] - g[j]) <= 2e-4 * sqrt(ranks) * number);
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    CU_ASSERT_EQUAL(gy_alloc_count(gy_test_ctx), before);
    for (int i = 0; i < N; i++) residual[i] = (double)gy_sync_residual(f.s)[i];
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, residual, N), GY_OK);
    double most = 0;
    for (int i = 0; i < TENSORS; i++)
        for (int64_t j = tensors[i].offset; j < tensors[i].offset + tensors[i].count; j++) {
            wrong += !(fabs(residual[j] - left[j]) <= 2e-3 * sqrt(ranks));
            if (fabs(left[j]) > most) most = fabs(left[j]);
        }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(most > 1); /* so there was something to leave out */
    gy_sync_free(f.s);
}

static void steps_are_those_of_the_paper(void)
{
    follows_the_paper(4);
    follows_the_paper(0.004); /* several buckets, smaller than their tensors */
}

/* Matrices of no more than that rank come whole, also where fewer columns are enough. */
static void low_ranks_are_exact(void)
{
    static fixture f;
    const int ranks = gy_comm_ranks(gy_test_comm);
    for (int of_rank = 1; of_rank <= RANK && ranks > 1; of_rank++) {
        begin(&f, RANK, 4);
        int64_t wrong = 0;
        for (int number = 1; number <= 2; number++) {
            pass(&f, number, of_rank);
            gy_sync_commit(f.s);
            for (int i = 0; i < TENSORS; i++)
                for (int64_t j = 0; j < tensors[i].count; j++) {
                    double sum = 0;
                    for (int r = 0; r < ranks; r++)
                        sum += (double)gradient(&tensors[i], r, j, number, of_rank);
                    wrong += !(fabs((double)f.g[tensors[i].offset + j] - sum) <= 2e-4 * ranks);
                }
        }
        CU_ASSERT_EQUAL(wrong, 0);
        gy_sync_free(f.s);
    }
}

/* When buckets set out, and whether any waits for another, is of no account. */
static void overlap_changes_no_bit(void)
{
    static fixture f, other;
    begin(&f, RANK, 0.004);
    gy_sync_free(f.s);
    f.settings.overlap = false;
    f.settings.compression.settings = &f.rank;
    const gy_sync_vector vector = {.g = f.g, .n = N, .params = &params, .seed = 5};
    CU_ASSERT_EQUAL_FATAL(gy_sync_create(gy_test_ctx, gy_test_comm, &f.settings, &vector, &f.s),
                          GY_OK);
    begin(&other, RANK, 0.004);
    for (int number = 1; number <= 3; number++) {
        pass(&f, number, 0);
        pass(&other, number, 0);
        gy_sync_commit(f.s);
        gy_sync_commit(other.s);
        CU_ASSERT_EQUAL(memcmp(f.g, other.g, sizeof f.g), 0);
    }
    gy_sync_free(other.s);
    gy_sync_free(f.s);
}

/* A step that does not count leaves residual and Q as they were; what is not finite arrives. */
static void skipped_steps_leave_no_trace(void)
{
    static fixture f, plain;
    const int rank = gy_comm_rank(gy_test_comm), ranks = gy_comm_ranks(gy_test_comm);
    double waited;
    if (ranks == 1) return;
    begin(&f, RANK, 4);
    begin(&plain, RANK, 4);
    pass(&f, 1, 0);
    gy_sync_commit(f.s);
    pass(&f, 2, 0); /* not counted */
    gy_sync_begin(f.s);
    for (int64_t i = 0; i < N; i++) f.g[i] = 1;
    f.g[70] = rank == ranks - 1 ? INFINITY : 1;
    CU_ASSERT_EQUAL(gy_sync_finish(f.s, &waited), GY_OK);
    int64_t finite = 0;
    for (int64_t i = 0; i < tensors[0].count; i++) finite += isfinite(f.g[i]) != 0;
    CU_ASSERT_EQUAL(finite, 0);
    memset(f.g, 0, sizeof f.g); /* the gaps */
    pass(&f, 3, 0);
    pass(&plain, 1, 0);
    gy_sync_commit(plain.s);
    pass(&plain, 3, 0);
    CU_ASSERT_EQUAL(memcmp(f.g, plain.g, sizeof f.g), 0);
    gy_sync_free(f.s);
    gy_sync_free(plain.s);
}

/* Nothing comes of nothing, and the step after it is as good as any. */
static void lives_through_zeros(void)
{
    static fixture f;
    double waited;
    if (gy_comm_ranks(gy_test_comm) == 1) return;
    begin(&f, RANK, 4);
    for (int turn = 0; turn < 2; turn++) {
        gy_sync_begin(f.s);
        memset(f.g, 0, sizeof f.g);
        CU_ASSERT_EQUAL(gy_sync_finish(f.s, &waited), GY_OK);
        gy_sync_commit(f.s);
    }
    double sum = 0;
    for (int64_t i = 0; i < N; i++) sum += fabs((double)f.g[i]);
    CU_ASSERT_EQUAL(sum, 0.0);
    pass(&f, 1, 1);
    for (int64_t i = 0; i < tensors[0].count; i++) sum += fabs((double)f.g[i]);
    CU_ASSERT(sum > 100);
    gy_sync_free(f.s);
}

/* What is kept is taken up, by another cut and another rank too. */
static void memory_goes_on(void)
{
    static fixture f, other;
    static float kept[N];
    if (gy_comm_ranks(gy_test_comm) == 1) return;
    begin(&f, RANK, 4);
    CU_ASSERT_STRING_EQUAL(gy_sync_memory_name(f.s), "power_sgd");
    pass(&f, 1, 0);
    gy_sync_commit(f.s);
    memcpy(kept, gy_sync_memory_keep(f.s), sizeof kept);
    CU_ASSERT(is_everywhere(kept, N));
    begin(&other, RANK, 0.004);
    memcpy(gy_sync_memory_room(other.s), kept, sizeof kept);
    gy_sync_memory_take(other.s);
    CU_ASSERT_EQUAL(memcmp(gy_sync_memory_keep(other.s), kept, sizeof kept), 0);
    gy_sync_free(other.s);
    begin(&other, RANK + 1, 4);
    memcpy(gy_sync_memory_room(other.s), kept, sizeof kept);
    gy_sync_memory_take(other.s);
    const float *v = gy_sync_memory_keep(other.s);
    CU_ASSERT_EQUAL(memcmp(v, kept, RANK * WIDTH * sizeof *v), 0);
    double length = 0;
    for (int j = RANK * WIDTH; j < (RANK + 1) * WIDTH; j++) length += fabs((double)v[j]);
    CU_ASSERT(length > 1); /* drawn: it had none */
    gy_sync_free(other.s);
    gy_sync_free(f.s);
}

/* What is told of a step's bytes is what two ranks give away. */
static void bytes_are_true(void)
{
    static fixture f;
    double fraction = 0.07;
    if (gy_comm_ranks(gy_test_comm) != 2) return;
    for (int c = 0; c < gy_compression_registry.n; c++)
        for (int w = 0; w < gy_wire_registry.n; w++)
            for (int cut = 0; cut < 2; cut++) {
                const gy_kind *kind = gy_compression_registry.kinds[c];
                begin(&f, RANK, cut == 0 ? 4 : 0.004);
                gy_sync_free(f.s);
                f.settings.all_reduce.kind = gy_registry_find(&gy_all_reduce_registry, "direct");
                f.settings.wire.kind = gy_wire_registry.kinds[w];
                f.settings.compression.kind = kind;
                if (kind == &gy_compression_top_k.kind) f.settings.compression.settings = &fraction;
                const gy_sync_vector vector = {.g = f.g, .n = N, .params = &params};
                CU_ASSERT_EQUAL_FATAL(
                    gy_sync_create(gy_test_ctx, gy_test_comm, &f.settings, &vector, &f.s), GY_OK);
                double sent = -(double)gy_all_reduce_sent(gy_test_comm);
                pass(&f, 1, 0);
                sent += (double)gy_all_reduce_sent(gy_test_comm);
                CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, &sent, 1), GY_OK);
                if (w > 0 && kind != &gy_compression_none.kind) sent = 0; /* refused together */
                const double told = 2 * (double)gy_sync_bytes(&f.settings, &params);
                const double heads = 64.0 * gy_sync_buckets(f.s); /* of wires that have some */
                CU_ASSERT(sent == 0 || (sent >= told && sent <= told + (w > 0 ? heads : 0)));
                gy_sync_free(f.s);
            }
}

static void creation_survives_lack_of_memory(void)
{
    static fixture f;
    const int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    begin(&f, RANK, 0.004);
    gy_sync_free(f.s);
    const gy_sync_vector vector = {.g = f.g, .n = N, .params = &params};
    gy_status status = GY_E_NOMEM;
    int k = 0;
    while (status != GY_OK && k < 300) {
        const int64_t before = gy_context_balance(gy_test_ctx);
        f.s = NULL;
        k++;
        gy_alloc_fail_at(gy_test_ctx, rank == ranks / 2 ? k : 0);
        status = gy_sync_create(gy_test_ctx, gy_test_comm, &f.settings, &vector, &f.s);
        gy_alloc_fail_at(gy_test_ctx, 0);
        CU_ASSERT(status == GY_OK || status == GY_E_NOMEM);
        gy_sync_free(f.s);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
    }
    CU_ASSERT(k > 1 && k < 300);
}

GY_TEST_MPI_MAIN(GY_TEST(steps_are_those_of_the_paper), GY_TEST(low_ranks_are_exact),
                 GY_TEST(overlap_changes_no_bit), GY_TEST(skipped_steps_leave_no_trace),
                 GY_TEST(lives_through_zeros), GY_TEST(memory_goes_on), GY_TEST(bytes_are_true),
                 GY_TEST(creation_survives_lack_of_memory))
