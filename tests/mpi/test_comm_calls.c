/* Blocking calls: agreement, records, broadcasts, messages. */
#include "gy_test_mpi.h"

#include "base/clock.h"
#include "comm/comm.h"
#include "comm/topology.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

static int rank, ranks;

static void knows_itself(void)
{
    rank = gy_comm_rank(gy_test_comm);
    ranks = gy_comm_ranks(gy_test_comm);
    CU_ASSERT(rank >= 0 && rank < ranks);
    CU_ASSERT_EQUAL(gy_comm_hosts(gy_test_comm), 1); /* tests run on one machine */
    CU_ASSERT_EQUAL(gy_comm_local_ranks(gy_test_comm), ranks);
    char host[256] = "";
    CU_ASSERT_EQUAL(gethostname(host, sizeof host - 1), 0);
    for (int r = 0; r < ranks; r++)
        CU_ASSERT(strncmp(gy_comm_host(gy_test_comm, r), host, strcspn(host, ".")) == 0);
}

static void names_the_library(void)
{
    const char *library = gy_comm_library();
    CU_ASSERT(strlen(library) >= 5 && strlen(library) < 60);
    CU_ASSERT_PTR_NULL(strpbrk(library, "\n\t,"));
    CU_ASSERT_PTR_NOT_NULL(strpbrk(library, "0123456789"));
}

static void starts_once(void)
{
    CU_ASSERT_EQUAL(gy_comm_start(gy_test_ctx), GY_OK); /* runs already: nothing happens */
}

static void agrees_on_success(void)
{
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, GY_OK), GY_OK);
}

static void agrees_on_one_failure(void)
{
    for (int bad = 0; bad < ranks; bad++) {
        gy_status status = GY_OK;
        if (rank == bad)
            status = gy_raise(GY_E_DATA, "cannot read" GY_AT "rank %d" GY_WHY "torn", bad);
        CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, status), GY_E_DATA);
        char want[64];
        (void)snprintf(want, sizeof want, "cannot read (rank %d): torn", bad);
        CU_ASSERT_STRING_EQUAL(gy_error_last()->text, want);
        CU_ASSERT_EQUAL(gy_error_last()->status, GY_E_DATA);
    }
}

static void agrees_on_the_worst(void)
{
    /* all fail; the last and the one before it worst */
    gy_status status = rank >= ranks - 2 ? GY_E_NOMEM : GY_E_CONFIG;
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, gy_raise(status, "rank %d", rank)), GY_E_NOMEM);
    char want[64];
    (void)snprintf(want, sizeof want, "rank %d", ranks >= 2 ? ranks - 2 : 0);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, want);
}

static void agrees_without_a_word(void)
{
    (void)gy_raise(GY_E_IO, "an older failure");
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, rank == 0 ? GY_STOPPED : GY_OK), GY_STOPPED);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, gy_status_text(GY_STOPPED));
}

/* An older agreement with the very same words does not make a failure of one rank everybody's. */
static void tells_agreements_apart(void)
{
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, gy_raise(GY_E_IO, "no such file")), GY_E_IO);
    CU_ASSERT(gy_comm_agreed(gy_test_comm));
    gy_error older = *gy_error_last();
    (void)gy_raise(GY_E_IO, "no such file");
    CU_ASSERT(!gy_comm_agreed(gy_test_comm));
    CU_ASSERT_EQUAL(gy_comm_agree(gy_test_comm, GY_E_IO), GY_E_IO);
    CU_ASSERT(gy_comm_agreed(gy_test_comm));
    (void)gy_error_restore(&older);
    CU_ASSERT(!gy_comm_agreed(gy_test_comm));
}

static void has_memory_everywhere_or_nowhere(void)
{
    int64_t balance = gy_context_balance(gy_test_ctx);
    for (int victim = 0; victim < ranks; victim++) {
        double *x = NULL;
        if (rank == victim) gy_alloc_fail_at(gy_test_ctx, 1);
        CU_ASSERT_EQUAL(gy_comm_new_array(gy_test_comm, 10 + rank, &x), GY_E_NOMEM);
        CU_ASSERT_PTR_NULL(x);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
        CU_ASSERT_EQUAL_FATAL(gy_comm_new_array(gy_test_comm, 10 + rank, &x), GY_OK);
        x[9 + rank] = 1;
        gy_free(gy_test_ctx, x);
    }
}

/* More bytes than MPI can count; takes 8 GiB of memory on two ranks. */
static void times_long_shifts(void)
{
    double seconds = 0;
    int64_t balance = gy_context_balance(gy_test_ctx);
    if (ranks > 1 && rank == ranks - 1) gy_alloc_fail_at(gy_test_ctx, 1);
    CU_ASSERT_EQUAL(gy_comm_time_shift(gy_test_comm, 1000, 1, &seconds),
                    ranks > 1 ? GY_E_NOMEM : GY_OK);
    CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), balance);
    if (getenv("GYRE_TEST_LARGE") == NULL) return;
    CU_ASSERT_EQUAL(gy_comm_time_shift(gy_test_comm, (INT64_C(1) << 31) + 8, 1, &seconds), GY_OK);
}

static void adds_in_rank_order(void)
{
    double x[3] = {rank + 1.0, rank == 0 ? 1e16 : 1.0, 1.0 / (rank + 3)};
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, x, 3), GY_OK);
    CU_ASSERT_EQUAL(x[0], ranks * (ranks + 1) / 2.0);
    double first[3];
    memcpy(first, x, sizeof x);
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, first, sizeof first, 0), GY_OK);
    CU_ASSERT_EQUAL(memcmp(first, x, sizeof x), 0);
}

static void finds_extremes(void)
{
    double first = rank == 0 ? NAN : 1.0, last = rank == ranks - 1 ? NAN : 1.0;
    double low[3] = {10.0 - rank, first, last}, high[3] = {10.0 - rank, first, last};
    CU_ASSERT_EQUAL(gy_comm_min(gy_test_comm, low, 3), GY_OK);
    CU_ASSERT_EQUAL(gy_comm_max(gy_test_comm, high, 3), GY_OK);
    CU_ASSERT_EQUAL(low[0], 11.0 - ranks);
    CU_ASSERT_EQUAL(high[0], 10.0);
    CU_ASSERT(isnan(low[1]) && isnan(low[2]) && isnan(high[1]) && isnan(high[2]));
}

static void sums_many(void)
{
    enum { N = 30000 };
    static double x[N];
    for (int i = 0; i < N; i++) x[i] = (double)i * (rank + 1);
    CU_ASSERT_EQUAL(gy_comm_sum(gy_test_comm, x, N), GY_OK);
    int wrong = 0;
    for (int i = 0; i < N; i++) wrong += x[i] != (double)i * ranks * (ranks + 1) / 2.0;
    CU_ASSERT_EQUAL(wrong, 0);
}

static void reduces_a_record(void)
{
    gy_record r = {.n_sum = GY_RECORD, .n_min = 2, .n_max = 4};
    for (int i = 0; i < GY_RECORD; i++) r.sum[i] = i + rank;
    r.min[0] = rank;
    r.min[1] = -rank;
    r.max[0] = rank;
    r.max[1] = -rank;
    r.max[2] = 5.0; /* shared by all */
    r.max[3] = rank == ranks - 1 ? NAN : 1e300;
    CU_ASSERT_EQUAL(gy_comm_reduce(gy_test_comm, &r), GY_OK);
    CU_ASSERT_EQUAL(r.status, GY_OK);
    for (int i = 0; i < GY_RECORD; i++)
        CU_ASSERT_EQUAL(r.sum[i], (double)i * ranks + ranks * (ranks - 1) / 2.0);
    CU_ASSERT_EQUAL(r.min[0], 0.0);
    CU_ASSERT_EQUAL(r.min[1], 1.0 - ranks);
    CU_ASSERT_EQUAL(r.max[0], ranks - 1.0);
    CU_ASSERT_EQUAL(r.max_rank[0], ranks - 1);
    CU_ASSERT_EQUAL(r.max[1], 0.0);
    CU_ASSERT_EQUAL(r.max_rank[1], 0);
    CU_ASSERT_EQUAL(r.max_rank[2], 0);
    CU_ASSERT(isnan(r.max[3]));
    CU_ASSERT_EQUAL(r.max_rank[3], ranks - 1);
}

/* In the record's message as far as they go. */
static void numbers_go_with_a_record(void)
{
    enum { N = 1001 };
    static double x[N + 1];
    const int sizes[] = {0, 1, 17, 320, 321, N};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int n = sizes[k];
        int wrong = 0;
        gy_record r = {.n_sum = 1, .sum = {rank}};
        for (int i = 0; i <= N; i++) x[i] = i < n ? (double)i * (rank + 1) : -1;
        CU_ASSERT_EQUAL(gy_comm_reduce_with(gy_test_comm, &r, x, n), GY_OK);
        for (int i = 0; i <= N; i++)
            wrong += x[i] != (i < n ? (double)i * ranks * (ranks + 1) / 2.0 : -1);
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_EQUAL(r.sum[0], ranks * (ranks - 1) / 2.0);
    }
}

static void record_carries_failure(void)
{
    gy_record r = {.n_sum = 1, .sum = {1.0}, .status = GY_OK};
    if (rank >= ranks / 2) r.status = gy_raise(GY_E_DIVERGED, "loss is not finite, rank %d", rank);
    CU_ASSERT_EQUAL(gy_comm_reduce(gy_test_comm, &r), GY_E_DIVERGED);
    CU_ASSERT_EQUAL(r.status, GY_E_DIVERGED);
    CU_ASSERT_EQUAL(r.sum[0], ranks); /* the numbers are there all the same */
    char want[64];
    (void)snprintf(want, sizeof want, "loss is not finite, rank %d", ranks / 2);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, want);
}

static void broadcasts(void)
{
    enum { N = 3000001 };
    char *x = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &x), GY_OK);
    for (int root = 0; root<ranks; root += ranks> 1 ? ranks - 1 : 1) {
        memset(x, rank == root ? 'a' + root : 0, N);
        CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, x, N, root), GY_OK);
        CU_ASSERT(x[0] == 'a' + root && x[N - 1] == 'a' + root);
    }
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, x, 0, 0), GY_OK);
    gy_free(gy_test_ctx, x);
}

static void broadcasts_a_text(void)
{
    static const char *const texts[] = {"epochs: 10\n", "", NULL};
    for (int i = 0; i < 3; i++) {
        char *text = NULL;
        if (texts[i] != NULL)
            CU_ASSERT_EQUAL(gy_copy_string(gy_test_ctx, rank == 0 ? texts[i] : "old", &text),
                            GY_OK);
        CU_ASSERT_EQUAL(gy_comm_broadcast_text(gy_test_comm, &text), GY_OK);
        if (texts[i] == NULL) CU_ASSERT_PTR_NULL(text);
        if (texts[i] != NULL) CU_ASSERT_STRING_EQUAL(text, texts[i]);
        gy_free(gy_test_ctx, text);
    }
}

static void broadcast_text_without_memory(void)
{
    char *text = NULL;
    if (rank == 0) CU_ASSERT_EQUAL(gy_copy_string(gy_test_ctx, "text", &text), GY_OK);
    if (rank == ranks - 1 && rank > 0) gy_alloc_fail_at(gy_test_ctx, 1);
    gy_status want = ranks > 1 ? GY_E_NOMEM : GY_OK;
    CU_ASSERT_EQUAL(gy_comm_broadcast_text(gy_test_comm, &text), want);
    gy_free(gy_test_ctx, text);
}

/* Down the tree and along the chain, with ends that are no whole segments: each byte has its place. */
static void broadcasts_every_byte(void)
{
    static const int64_t sizes[] = {1, 2, 4097, (1 << 19) - 1, (1 << 19) + 1, 5 * (1 << 19) + 7};
    unsigned char *x = NULL;
    for (int i = 0; i < 6; i++) {
        const int root = i % ranks;
        int64_t wrong = 0;
        CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, sizes[i], &x), GY_OK);
        for (int64_t k = 0; k < sizes[i] && rank == root; k++)
            x[k] = (unsigned char)(k * 7 + k / 251);
        CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, x, sizes[i], root), GY_OK);
        for (int64_t k = 0; k < sizes[i]; k++) wrong += x[k] != (unsigned char)(k * 7 + k / 251);
        CU_ASSERT_EQUAL(wrong, 0);
        gy_free(gy_test_ctx, x);
    }
}

static void gathers_much(void)
{
    enum { N = 200003 };
    char *mine = NULL, *all = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, N, &mine), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_new_array(gy_test_ctx, ranks * N, &all), GY_OK);
    memset(mine, 'a' + rank, N);
    CU_ASSERT_EQUAL(gy_comm_all_gather(gy_test_comm, mine, N, all), GY_OK);
    int64_t wrong = 0;
    for (int64_t i = 0; i < (int64_t)ranks * N; i++) wrong += all[i] != 'a' + (int)(i / N);
    CU_ASSERT_EQUAL(wrong, 0);
    gy_free(gy_test_ctx, all);
    gy_free(gy_test_ctx, mine);
}

static void gathers(void)
{
    int mine[2] = {rank, rank * rank}, all[16];
    CU_ASSERT_FATAL(ranks <= 8);
    CU_ASSERT_EQUAL(gy_comm_all_gather(gy_test_comm, mine, sizeof mine, all), GY_OK);
    for (int r = 0; r < ranks; r++) CU_ASSERT(all[2 * r] == r && all[2 * r + 1] == r * r);
}

static void passes_messages(void)
{
    int64_t sum = rank;
    if (rank > 0) {
        CU_ASSERT_EQUAL(gy_comm_send(gy_test_comm, &sum, sizeof sum, 0), GY_OK);
    } else {
        for (int r = 1; r < ranks; r++) {
            int64_t got = 0;
            CU_ASSERT_EQUAL(gy_comm_receive(gy_test_comm, &got, sizeof got, r), GY_OK);
            CU_ASSERT_EQUAL(got, r);
        }
    }
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
}

static void reports_what_mpi_says(void)
{
    int x = 0;
    CU_ASSERT_EQUAL(gy_comm_send(gy_test_comm, &x, sizeof x, ranks + 5), GY_E_COMM);
    CU_ASSERT(strncmp(gy_error_last()->text, "communication failed (MPI_Isend): ", 34) == 0);
}

/* The share of a core that this rank takes in a call for which the last rank comes late. */
static double burns(int call)
{
    static const struct timespec late = {.tv_nsec = 300000000};
    int64_t x = 0;
    if (rank == ranks - 1) (void)nanosleep(&late, NULL);
    double zero = 0;
    const double from = gy_clock_s();
    const clock_t start = clock();
    gy_status status = call == 0   ? gy_comm_agree(gy_test_comm, GY_OK)
                       : call == 1 ? gy_comm_broadcast(gy_test_comm, &x, sizeof x, ranks - 1)
                       : call == 2 ? gy_comm_barrier(gy_test_comm)
                                   : gy_comm_sum(gy_test_comm, &zero, 1);
    CU_ASSERT_EQUAL(status, GY_OK);
    const double waited = rank == ranks - 1 ? 0.3 : gy_clock_s() - from;
    return (double)(clock() - start) / CLOCKS_PER_SEC / fmax(waited, 0.3);
}

/* Where cores are shared, who waits leaves them to those it waits for. */
static void waits_without_burning(void)
{
    CU_ASSERT_EQUAL(gy_comm_tell_threads(gy_test_comm, 1000), GY_OK);
    for (int call = 0; call < 4; call++) CU_ASSERT(burns(call) < 0.33);
    CU_ASSERT_EQUAL(gy_comm_tell_threads(gy_test_comm, 1), GY_OK);
}

/* Memory that runs out on one rank at any moment ends creation alike on all. */
static void creation_survives_lack_of_memory(void)
{
    for (int k = 1; k < 100; k++) {
        gy_comm *comm = NULL;
        int64_t before = gy_context_balance(gy_test_ctx);
        if (rank == ranks - 1) gy_alloc_fail_at(gy_test_ctx, k);
        gy_status status = gy_comm_create(gy_test_ctx, NULL, &comm);
        gy_alloc_fail_at(gy_test_ctx, 0);
        if (status == GY_OK) {
            gy_comm_free(comm);
            CU_ASSERT(k > 1);
            return;
        }
        CU_ASSERT_EQUAL(status, GY_E_NOMEM);
        CU_ASSERT_EQUAL(gy_context_balance(gy_test_ctx), before);
    }
    CU_FAIL("creation never succeeds");
}

GY_TEST_MPI_MAIN(GY_TEST(knows_itself), GY_TEST(names_the_library), GY_TEST(starts_once),
                 GY_TEST(agrees_on_success), GY_TEST(agrees_on_one_failure),
                 GY_TEST(agrees_on_the_worst), GY_TEST(agrees_without_a_word),
                 GY_TEST(tells_agreements_apart), GY_TEST(has_memory_everywhere_or_nowhere),
                 GY_TEST(times_long_shifts), GY_TEST(adds_in_rank_order), GY_TEST(finds_extremes),
                 GY_TEST(sums_many), GY_TEST(reduces_a_record), GY_TEST(numbers_go_with_a_record),
                 GY_TEST(record_carries_failure), GY_TEST(broadcasts),
                 GY_TEST(broadcasts_every_byte), GY_TEST(broadcasts_a_text),
                 GY_TEST(broadcast_text_without_memory), GY_TEST(gathers), GY_TEST(gathers_much),
                 GY_TEST(passes_messages), GY_TEST(reports_what_mpi_says),
                 GY_TEST(waits_without_burning), GY_TEST(creation_survives_lack_of_memory))
