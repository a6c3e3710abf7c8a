/* What every kind of all-reduce promises: sums, the same bits again, several under way together, whole
 * and in halves, with every wire; in memory of a rank's own, and in memory that its host shares. */
#include "gy_test_mpi.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "comm/all_reduce.h"
#include "comm/host_memory.h"
#include "sync/wire_list.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

static const int64_t counts[] = {0, 1, 2, 3, 17, 1000, 100003};
enum { COUNTS = sizeof counts / sizeof *counts, TOGETHER = 5 };

static float part(int rank, int64_t i, uint32_t use)
{
    gy_rng key = {.seed = 7, .use = use, .stream = (uint32_t)rank};
    return (float)gy_rng_normal(key, (uint64_t)i, 0);
}

/* Of whole numbers, so that the sum is exact in any order. */
static float whole(int rank, int64_t i)
{
    return (float)((i * 31 + rank * 17) % 1021 - 510);
}

enum { VECTORS = 16, OFFSET = 48 }; /* at once; floats before what is reduced in shared memory */

static bool in_shared_memory;           /* vectors lie there */
static gy_host_memory *shared[VECTORS]; /* those that do */

static float *vector(int64_t n)
{
    float *x = NULL;
    if (in_shared_memory) {
        int i = 0;
        while (shared[i] != NULL) i++;
        if (gy_host_memory_create(gy_test_comm, OFFSET + n + 1, &shared[i]) != GY_OK) abort();
        x = gy_host_memory_values(shared[i]) + OFFSET;
    } else if (gy_new_array(gy_test_ctx, n + 1, &x) != GY_OK) {
        abort();
    }
    x[n] = 12345.0f; /* what lies behind must stay */
    return x;
}

static void drop(float *x)
{
    for (int i = 0; i < VECTORS; i++) {
        if (shared[i] == NULL || gy_host_memory_values(shared[i]) + OFFSET != x) continue;
        gy_host_memory_free(shared[i]);
        shared[i] = NULL;
        return;
    }
    gy_free(gy_test_ctx, x);
}

static gy_reduction all_of(float *x, int64_t n, int tag)
{
    return (gy_reduction){.x = x, .n = n, .tag = tag};
}

static gy_status run(const gy_kind *kind, float *x, int64_t n)
{
    gy_reduction r = all_of(x, n, 0);
    return gy_all_reduce_run(gy_test_comm, kind, &r);
}

static void exact(const gy_kind *kind, int64_t n)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    float *x = vector(n);
    for (int64_t i = 0; i < n; i++) x[i] = whole(rank, i);
    CU_ASSERT_EQUAL(run(kind, x, n), GY_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; i++) {
        float sum = 0.0f;
        for (int r = 0; r < ranks; r++) sum += whole(r, i);
        wrong += x[i] != sum;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(x[n], 12345.0f);
    drop(x);
}

static void sums_whole_numbers(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int i = 0; i < COUNTS; i++) exact(gy_all_reduce_registry.kinds[k], counts[i]);
}

static bool same_everywhere(const float *x, int64_t n)
{
    size_t bytes = (size_t)n * sizeof *x;
    float *first = vector(n);
    memcpy(first, x, bytes);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, first, (int64_t)bytes, 0), GY_OK);
    bool same = memcmp(first, x, bytes) == 0;
    drop(first);
    return same;
}

enum { MOST = 100003 };

static float mine[MOST];               /* this rank's part; */
static double sums[MOST], sizes[MOST]; /* of all, and of what they are without sign */

static void know_sums(void)
{
    if (sizes[0] > 0) return;
    for (int r = 0; r < gy_comm_ranks(gy_test_comm); r++)
        for (int64_t i = 0; i < MOST; i++) {
            const float x = part(r, i, 1);
            if (r == gy_comm_rank(gy_test_comm)) mine[i] = x;
            sums[i] += (double)x;
            sizes[i] += fabs((double)x);
        }
}

/* Those of x [from, to) that are further from the sum than `error` of all that was added, or `floor`. */
static int64_t far_off(const float *x, int64_t from, int64_t to, double error, double floor)
{
    int64_t wrong = 0;
    for (int64_t i = from; i < to; i++)
        wrong += !(fabs((double)x[i] - sums[i]) <= error * sizes[i] + floor);
    return wrong;
}

/* Against double; the same bits when done again, and on every rank. */
static void repeatable(const gy_kind *kind, int64_t n)
{
    float *x = vector(n), *y = vector(n);
    gy_all_reduce *op = NULL;
    gy_reduction r = all_of(x, n, 3);
    know_sums();
    CU_ASSERT_EQUAL_FATAL(gy_all_reduce_create(gy_test_comm, kind, &r, &op), GY_OK);
    for (int turn = 0; turn < 3; turn++) {
        memcpy(x, mine, (size_t)n * sizeof *x);
        CU_ASSERT_EQUAL(gy_all_reduce_begin(op), GY_OK);
        CU_ASSERT_EQUAL(gy_all_reduce_wait(op), GY_OK);
        if (turn == 0) memcpy(y, x, (size_t)n * sizeof *x);
        CU_ASSERT_EQUAL(memcmp(x, y, (size_t)n * sizeof *x), 0);
    }
    gy_all_reduce_free(op);
    CU_ASSERT_EQUAL(far_off(x, 0, n, gy_comm_ranks(gy_test_comm) * 0x1p-24, 0), 0);
    CU_ASSERT(same_everywhere(x, n));
    drop(x);
    drop(y);
}

static void repeats_its_bits(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int i = 0; i < COUNTS; i++) repeatable(gy_all_reduce_registry.kinds[k], counts[i]);
}

/* Begun in order, driven in another order on every rank. */
static void together(const gy_kind *kind)
{
    static const int64_t lengths[TOGETHER] = {70000, 5, 0, 1031, 33000};
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    gy_all_reduce *ops[TOGETHER];
    float *x[TOGETHER];
    for (int j = 0; j < TOGETHER; j++) {
        x[j] = vector(lengths[j]);
        gy_reduction r = all_of(x[j], lengths[j], j);
        CU_ASSERT_EQUAL_FATAL(gy_all_reduce_create(gy_test_comm, kind, &r, &ops[j]), GY_OK);
    }
    for (int turn = 0; turn < 3; turn++) {
        for (int j = 0; j < TOGETHER; j++) {
            for (int64_t i = 0; i < lengths[j]; i++) x[j][i] = whole(rank, i + j + turn);
            CU_ASSERT_EQUAL(gy_all_reduce_begin(ops[j]), GY_OK);
            bool done;
            for (int e = 0; e < j; e++)
                CU_ASSERT_EQUAL(gy_all_reduce_progress(ops[e], &done), GY_OK);
        }
        gy_status worst = GY_OK;
        for (int all = 0, at = rank; all < TOGETHER && worst == GY_OK; at++) {
            bool done = false;
            all = 0;
            for (int j = 0; j < TOGETHER; j++) {
                gy_status status = gy_all_reduce_progress(ops[(at + j) % TOGETHER], &done);
                if (status > worst) worst = status;
                all += done;
            }
            (void)sched_yield();
        }
        CU_ASSERT_EQUAL(worst, GY_OK);
        int64_t wrong = 0;
        for (int j = 0; j < TOGETHER; j++)
            for (int64_t i = 0; i < lengths[j]; i++) {
                float sum = 0.0f;
                for (int r = 0; r < ranks; r++) sum += whole(r, i + j + turn);
                wrong += x[j][i] != sum;
            }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    for (int j = 0; j < TOGETHER; j++) {
        gy_all_reduce_free(ops[j]);
        drop(x[j]);
    }
}

static void several_are_under_way(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++) together(gy_all_reduce_registry.kinds[k]);
}

/* A step allocates nothing. */
static void allocates_at_creation_only(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        float *x = vector(5000);
        gy_all_reduce *op = NULL;
        gy_reduction r = all_of(x, 5000, 0);
        CU_ASSERT_EQUAL_FATAL(
            gy_all_reduce_create(gy_test_comm, gy_all_reduce_registry.kinds[k], &r, &op), GY_OK);
        int64_t before = gy_alloc_count(gy_test_ctx);
        CU_ASSERT_EQUAL(gy_all_reduce_begin(op), GY_OK);
        CU_ASSERT_EQUAL(gy_all_reduce_wait(op), GY_OK);
        CU_ASSERT_EQUAL(gy_alloc_count(gy_test_ctx), before);
        gy_all_reduce_free(op);
        drop(x);
    }
}

/* Memory that runs out on one rank, at any allocation, ends creation alike on all. */
static void creation_survives_lack_of_memory(void)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    float x[64] = {0.0f};
    for (int i = 0; i < gy_all_reduce_registry.n; i++) {
        gy_status status = GY_E_NOMEM;
        int k = 0;
        while (status != GY_OK && k < 50) {
            gy_all_reduce *op = NULL;
            int64_t before = gy_context_balance(gy_test_ctx);
            gy_alloc_fail_at(gy_test_ctx, rank == ranks / 2 ? ++k : (k++, 0));
            gy_reduction r = all_of(x, 64, 0);
            status = gy_all_reduce_create(gy_test_comm, gy_all_reduce_registry.kinds[i], &r, &op);
            gy_alloc_fail_at(gy_test_ctx, 0);
            CU_ASSERT(status == GY_OK || status == GY_E_NOMEM);
            gy_all_reduce_free(op);
            CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
        }
        CU_ASSERT(k > 1 && k < 50);
    }
}

static void names_what_it_chose(void)
{
    float x[1] = {0.0f};
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        const gy_kind *kind = gy_all_reduce_registry.kinds[k];
        gy_all_reduce *op = NULL;
        gy_reduction r = all_of(x, 1, 0);
        CU_ASSERT_EQUAL_FATAL(gy_all_reduce_create(gy_test_comm, kind, &r, &op), GY_OK);
        const char *chosen = gy_all_reduce_chosen(op)->name;
        CU_ASSERT(strcmp(kind->name, "auto") == 0 ? strcmp(chosen, "auto") != 0
                                                  : strcmp(chosen, kind->name) == 0);
        gy_all_reduce_free(op);
    }
}

/* Owners own everything, once, at aligned places. */
static void owned(const gy_kind *kind, int64_t n)
{
    int64_t from, to, sum = 0, wrong = 0;
    for (int rank = 0; rank < gy_comm_ranks(gy_test_comm); rank++) {
        gy_all_reduce_own(gy_test_comm, kind, n, rank, &from, &to);
        wrong += from > to || from < 0 || to > n || (from < to && from % 16 != 0);
        for (int other = 0; other < rank; other++) {
            int64_t start, end;
            gy_all_reduce_own(gy_test_comm, kind, n, other, &start, &end);
            wrong += from < end && start < to;
        }
        sum += to - from;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(sum, n);
}

/* A wire of the test's own: the upper half of a float, cut off. */
static void encode(int64_t n, const float *x, void *out)
{
    for (int64_t i = 0; i < n; i++) memcpy((char *)out + 2 * i, (const char *)(x + i) + 2, 2);
}

static void decode(int64_t n, const void *in, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        char bytes[4] = {0};
        memcpy(bytes + 2, (const char *)in + 2 * i, 2);
        memcpy(x + i, bytes, 4);
    }
}

static void add(int64_t n, const void *in, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        float y;
        decode(1, (const char *)in + 2 * i, &y);
        x[i] += y;
    }
}

static const gy_wire cut_off = {
    .bytes = 2, .error = 0x1p-7, .encode = encode, .decode = decode, .add = add};

static int n_wires(void)
{
    return gy_wire_registry.n + 1;
}

static const gy_wire *wire_at(int i)
{
    return i < gy_wire_registry.n ? ((const gy_wire_kind *)gy_wire_registry.kinds[i])->wire
                                  : &cut_off;
}

/* What the sums of a kind may be off by, with a wire: parts are rounded once, or as they pass, and the
 * sum once. */
static double error_of(const gy_kind *kind, const gy_wire *wire)
{
    const bool passed = strcmp(kind->name, "ring") == 0 || strcmp(kind->name, "tree") == 0;
    const int ranks = gy_comm_ranks(gy_test_comm), times = passed ? ranks : 2;
    return (wire != NULL ? 1.1 * times * wire->error : 0) + ranks * 0x1p-24;
}

static double floor_of(const gy_wire *wire)
{
    const int ranks = gy_comm_ranks(gy_test_comm);
    return wire != NULL ? 100.0 * ranks * wire->floor : 0; /* no sum is above 100 */
}

static void sum_parts(gy_all_reduce *op, float *x, int64_t n)
{
    know_sums();
    memcpy(x, mine, (size_t)n * sizeof *x);
    CU_ASSERT_EQUAL(gy_all_reduce_begin(op), GY_OK);
    CU_ASSERT_EQUAL(gy_all_reduce_wait(op), GY_OK);
}

/* A whole is close to the sum, the same everywhere; a scatter and a gather make the same bits. The
 * MPI library's own sum of floats has bits of its own. */
static void halved(const gy_kind *kind, const gy_wire *wire, int64_t n)
{
    static const gy_half halves[] = {GY_WHOLE, GY_SCATTER, GY_GATHER};
    const double error = error_of(kind, wire), floor = floor_of(wire);
    const bool other_bits = wire == NULL && strcmp(kind->name, "mpi") == 0;
    float *x = vector(n), *want = vector(n);
    gy_all_reduce *ops[3];
    int64_t from, to;
    for (int h = 0; h < 3; h++) {
        gy_reduction r = all_of(h == 0 ? want : x, n, h);
        r.half = halves[h];
        r.wire = wire;
        CU_ASSERT_EQUAL_FATAL(gy_all_reduce_create(gy_test_comm, kind, &r, &ops[h]), GY_OK);
        kind = gy_all_reduce_chosen(ops[h]);
    }
    owned(kind, n);
    gy_all_reduce_own(gy_test_comm, kind, n, gy_comm_rank(gy_test_comm), &from, &to);
    for (int turn = 0; turn < 2; turn++) {
        sum_parts(ops[0], want, n);
        CU_ASSERT_EQUAL(far_off(want, 0, n, error, floor), 0);
        CU_ASSERT(same_everywhere(want, n));
        sum_parts(ops[1], x, n);
        CU_ASSERT_EQUAL(far_off(x, from, to, error, floor), 0);
        for (int64_t i = 0; i < n; i++)
            if (i < from || i >= to) x[i] = NAN;
        CU_ASSERT_EQUAL(gy_all_reduce_begin(ops[2]), GY_OK);
        CU_ASSERT_EQUAL(gy_all_reduce_wait(ops[2]), GY_OK);
        if (other_bits) CU_ASSERT_EQUAL(far_off(x, 0, n, error, floor), 0);
        if (!other_bits) CU_ASSERT_EQUAL(memcmp(x, want, (size_t)n * sizeof *x), 0);
    }
    CU_ASSERT(x[n] == 12345.0f && want[n] == 12345.0f);
    for (int h = 0; h < 3; h++) gy_all_reduce_free(ops[h]);
    drop(x);
    drop(want);
}

static void halves_make_a_whole_with_every_wire(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int w = 0; w < n_wires(); w++)
            for (int i = 0; i < COUNTS; i++)
                halved(gy_all_reduce_registry.kinds[k], wire_at(w), counts[i]);
}

/* NaN and infinity arrive: they decide whether a step counts. */
static void keeps_what_is_not_finite(void)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        for (int w = 0; w < n_wires(); w++) {
            float x[3] = {1.0f, rank == ranks - 1 ? NAN : 1.0f, rank == 0 ? INFINITY : 1.0f};
            gy_reduction r = all_of(x, 3, 0);
            r.wire = wire_at(w);
            CU_ASSERT_EQUAL(gy_all_reduce_run(gy_test_comm, gy_all_reduce_registry.kinds[k], &r),
                            GY_OK);
            CU_ASSERT_EQUAL(x[0], (float)ranks);
            CU_ASSERT(isnan(x[1]));
            CU_ASSERT(isinf(x[2]));
        }
}

/* Operations of several sizes in two rooms, two at a time, begun in one order and driven in another. */
static void rooms_are_used_in_turn(const gy_kind *kind, const gy_wire *wire)
{
    enum { OPS = 6, ROOMS = 2 };
    static const int64_t lengths[OPS] = {1031, 70000, 5, 33000, 0, 17};
    gy_room *rooms[ROOMS] = {NULL};
    gy_all_reduce *ops[OPS];
    float *x[OPS];
    gy_room_size size = {.floats = 0};
    know_sums();
    for (int j = 0; j < OPS; j++) {
        x[j] = vector(lengths[j]);
        gy_reduction r = all_of(x[j], lengths[j], j);
        r.wire = wire;
        gy_all_reduce_add_size(gy_test_comm, kind, &r, &size);
    }
    for (int i = 0; i < ROOMS; i++)
        CU_ASSERT_EQUAL_FATAL(gy_room_create(gy_test_comm, &size, &rooms[i]), GY_OK);
    for (int j = 0; j < OPS; j++) {
        gy_reduction r = all_of(x[j], lengths[j], j);
        r.wire = wire;
        r.room = rooms[j % ROOMS];
        CU_ASSERT_EQUAL_FATAL(gy_all_reduce_create(gy_test_comm, kind, &r, &ops[j]), GY_OK);
    }
    for (int turn = 0; turn < 3 * OPS; turn++) {
        const int j = turn % OPS, before = (turn + OPS - 1) % OPS;
        memcpy(x[j], mine, (size_t)lengths[j] * sizeof *x[j]);
        CU_ASSERT_EQUAL(gy_all_reduce_begin(ops[j]), GY_OK);
        if (turn == 0) continue;
        CU_ASSERT_EQUAL(gy_all_reduce_wait(ops[before]), GY_OK);
        CU_ASSERT_EQUAL(
            far_off(x[before], 0, lengths[before], error_of(kind, wire), floor_of(wire)), 0);
    }
    CU_ASSERT_EQUAL(gy_all_reduce_wait(ops[OPS - 1]), GY_OK);
    for (int j = 0; j < OPS; j++) {
        gy_all_reduce_free(ops[j]);
        drop(x[j]);
    }
    for (int i = 0; i < ROOMS; i++) gy_room_free(rooms[i]);
}

static void operations_have_rooms_in_common(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        rooms_are_used_in_turn(gy_all_reduce_registry.kinds[k], NULL);
        rooms_are_used_in_turn(gy_all_reduce_registry.kinds[k], &cut_off);
    }
}

/* The same bits in shared memory as in a rank's own, of whole and halves. */
static void same_bits(const gy_kind *kind, int64_t n)
{
    int rank = gy_comm_rank(gy_test_comm);
    float *own, *x;
    in_shared_memory = false;
    own = vector(n);
    in_shared_memory = true;
    x = vector(n);
    for (int64_t i = 0; i < n; i++) own[i] = x[i] = part(rank, i, 5);
    CU_ASSERT_EQUAL(run(kind, own, n), GY_OK);
    CU_ASSERT_EQUAL(run(kind, x, n), GY_OK);
    CU_ASSERT_EQUAL(memcmp(own, x, (size_t)n * sizeof *x), 0);
    drop(x);
    drop(own);
    in_shared_memory = false;
}

static void memory_changes_no_bit(void)
{
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        const gy_kind *kind = gy_all_reduce_registry.kinds[k];
        if (strcmp(kind->name, "auto") == 0) continue; /* may choose another */
        for (int i = 0; i < COUNTS; i++) same_bits(kind, counts[i]);
    }
}

static void all_of_it_in_shared_memory(void)
{
    in_shared_memory = true;
    sums_whole_numbers();
    repeats_its_bits();
    several_are_under_way();
    halves_make_a_whole_with_every_wire();
    operations_have_rooms_in_common();
    in_shared_memory = false;
}

static int64_t lines_of(const char *path, const char *text)
{
    char line[1024];
    int64_t n = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) n += strstr(line, text) != NULL;
    (void)fclose(file);
    return n;
}

/* Whether hosts share memory; then what is written there is seen by neighbours, and by nobody later. */
static void shared_memory_comes_and_goes(void)
{
    int64_t before = lines_of("/proc/self/maps", "memfd:gyre");
    gy_host_memory *s = NULL;
    int64_t blocks = gy_context_balance(gy_test_ctx);
    CU_ASSERT_EQUAL_FATAL(gy_host_memory_create(gy_test_comm, 100, &s), GY_OK);
    float *x = gy_host_memory_values(s);
    for (int i = 0; i < 100; i++) CU_ASSERT_EQUAL(x[i], 0.0f);
    CU_ASSERT_EQUAL((uintptr_t)x % 64, 0);
    bool neighbours = gy_comm_topology(gy_test_comm)->local_ranks > 1;
    CU_ASSERT_EQUAL(lines_of("/proc/self/maps", "memfd:gyre"), before + neighbours);
    gy_host_memory_free(s);
    CU_ASSERT_EQUAL(lines_of("/proc/self/maps", "memfd:gyre"), before);
    CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), blocks);
}

enum { LARGE = 300000 };

/* With a communicator made while ranks from `first` on are limited so: nobody shares, `auto` does
 * without, who insists is told. */
static void nothing_is_shared(int first, int resource, rlim_t most)
{
    int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    struct rlimit usual, less;
    gy_comm *world = gy_test_comm, *comm = NULL;
    CU_ASSERT_EQUAL(getrlimit(resource, &usual), 0);
    less = usual;
    less.rlim_cur = most;
    if (rank >= first) CU_ASSERT_EQUAL(setrlimit(resource, &less), 0);
    gy_status status = gy_comm_create(gy_test_ctx, NULL, &comm);
    CU_ASSERT_EQUAL_FATAL(status, GY_OK);
    bool neighbours = gy_comm_topology(comm)->local_ranks > 1;
    gy_test_comm = comm;
    in_shared_memory = true; /* each rank's own, now */
    float *x = vector(LARGE);
    CU_ASSERT_EQUAL(setrlimit(resource, &usual), 0);
    for (int64_t i = 0; i < LARGE; i++) x[i] = whole(rank, i);
    CU_ASSERT(!neighbours || !gy_comm_topology(comm)->host_memory);
    CU_ASSERT_EQUAL(run(gy_registry_find(&gy_all_reduce_registry, "auto"), x, LARGE), GY_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < LARGE; i++) {
        float sum = 0.0f;
        for (int r = 0; r < ranks; r++) sum += whole(r, i);
        wrong += x[i] != sum;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(run(gy_registry_find(&gy_all_reduce_registry, "hierarchical"), x, 1000),
                    neighbours ? GY_E_COMM : GY_OK);
    drop(x);
    in_shared_memory = false;
    gy_test_comm = world;
    gy_comm_free(comm);
}

/* A rank that can open no file; ranks that may write none, or no large one. */
static void works_where_nothing_can_be_shared(void)
{
    const int last = gy_comm_ranks(gy_test_comm) - 1;
    int next = dup(STDERR_FILENO); /* the number that a new file would have */
    CU_ASSERT(next > 0);
    (void)close(next);
    (void)signal(SIGXFSZ, SIG_IGN); /* as the command does */
    nothing_is_shared(last, RLIMIT_NOFILE, (rlim_t)next);
    nothing_is_shared(0, RLIMIT_FSIZE, 4096);
    nothing_is_shared(0, RLIMIT_FSIZE, 8 << 16); /* signals have room, vectors have none */
}

GY_TEST_MPI_MAIN(GY_TEST(sums_whole_numbers), GY_TEST(repeats_its_bits),
                 GY_TEST(several_are_under_way), GY_TEST(allocates_at_creation_only),
                 GY_TEST(keeps_what_is_not_finite), GY_TEST(halves_make_a_whole_with_every_wire),
                 GY_TEST(operations_have_rooms_in_common), GY_TEST(names_what_it_chose),
                 GY_TEST(creation_survives_lack_of_memory), GY_TEST(all_of_it_in_shared_memory),
                 GY_TEST(memory_changes_no_bit), GY_TEST(shared_memory_comes_and_goes),
                 GY_TEST(works_where_nothing_can_be_shared))
