/**
 * A test program that runs on any number of ranks: all of them run every test.
 *
 *     static void sums(void) { gy_comm *comm = gy_test_comm; … }
 *     GY_TEST_MPI_MAIN(GY_TEST(sums))
 *
 * Failures are counted over all ranks, so that all end alike. Only rank 0 prints; what another rank
 * printed is shown where it failed. A hang becomes a failure, with a trace of every rank that hangs.
 */
#ifndef GY_TEST_MPI_H
#define GY_TEST_MPI_H

#include "gy_test.h"

#include <gyre/comm.h>

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gy_context *gy_test_ctx;
static gy_comm *gy_test_comm;

/* That a case may take, or each run of a long one: less than CTest's limit, which is of all together. */
enum { GY_TEST_SECONDS = GY_TEST_SANITIZED ? 500 : 150 };

#define GY_TEST_MPI_MAIN(...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        static const gy_test_case cases[] = {__VA_ARGS__};                                         \
        return gy_test_mpi_run(cases, sizeof cases / sizeof *cases);                               \
    }

static void gy_test_hangs(int number)
{
    (void)number;
    static const char text[] = "a rank hangs here:\n";
    void *frames[64];
    if (write(2, text, sizeof text - 1) > 0) backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
    sleep(1); /* the other ranks' traces */
    _exit(1);
}

/** Anew: what follows may take as long again. */
static inline void gy_test_set_alarm(void)
{
    (void)alarm(GY_TEST_SECONDS);
}

/* Shows what a rank above 0 printed, which went to a file. */
static inline void gy_test_show(FILE *log, int rank)
{
    static char line[4096];
    rewind(log);
    fprintf(stderr, "---- rank %d of %d:\n", rank, gy_comm_ranks(gy_test_comm));
    while (fgets(line, sizeof line, log) != NULL) fprintf(stderr, "[%d] %s", rank, line);
}

static inline int gy_test_mpi_run(const gy_test_case *cases, size_t n)
{
    gy_test_ctx = gy_test_context();
    if (gy_comm_start(gy_test_ctx) != GY_OK) return 1;
    if (gy_comm_create(gy_test_ctx, NULL, &gy_test_comm) != GY_OK) return 1;
    int rank = gy_comm_rank(gy_test_comm);
    FILE *log = rank > 0 ? tmpfile() : NULL;
    if (log != NULL) (void)dup2(fileno(log), STDOUT_FILENO);

    (void)signal(SIGALRM, gy_test_hangs);
    int failed = gy_test_run(cases, n, gy_test_set_alarm);
    (void)fflush(stdout);
    if (failed != 0 && log != NULL) gy_test_show(log, rank);

    gy_status worst = gy_comm_agree(gy_test_comm, failed != 0 ? GY_E_DATA : GY_OK);
    gy_comm_free(gy_test_comm);
    gy_comm_stop(gy_test_ctx);
    if (gy_context_balance(gy_test_ctx) != 0) {
        fprintf(stderr, "rank %d: %lld blocks of memory are left\n", rank,
                (long long)gy_context_balance(gy_test_ctx));
        return 1;
    }
    gy_context_free(gy_test_ctx);
    return worst == GY_OK ? 0 : 1;
}

#endif
