/**
 * Counting down: the k-th of the things that can fail in a piece of work fails, for some of all k, each
 * in a run of its own: the same in each test run; others by GYRE_FAULT_FROM=n, every k by GYRE_FAULT_ALL=1.
 *
 *     gy_test_ks ks = gy_test_countdown(n, 12, victim);
 *     while (try_one(ks.k)) ks.k += ks.step;
 */
#ifndef GY_TEST_COUNTDOWN_H
#define GY_TEST_COUNTDOWN_H

#include "gy_test_mpi.h"

#include "base/fault.h"
#include "comm/comm.h"

typedef struct gy_test_ks {
    int64_t k, step; /* the first to fail, how far apart they are */
} gy_test_ks;

/** A k that is armed to count, and never comes. */
enum { GY_TEST_NEVER = 1 << 30 };

/** How many there were since GY_TEST_NEVER was armed, on the rank that had most. Collective. */
static inline int64_t gy_test_end_count(gy_fault fault)
{
    double n = (double)(GY_TEST_NEVER - gy_fault_left(gy_test_ctx, fault));
    gy_fault_arm(gy_test_ctx, fault, 0);
    CU_ASSERT_EQUAL_FATAL(gy_comm_max(gy_test_comm, &n, 1), GY_OK);
    return (int64_t)n;
}

/**
 * Collective.
 * @param n       how many there are
 * @param trials  of them; half as many under sanitizers
 * @param turn    other k for each turn of a test
 */
static inline gy_test_ks gy_test_countdown(int64_t n, int64_t trials, int turn)
{
    const char *text = getenv("GYRE_FAULT_FROM");
    const int64_t tried = GY_TEST_SANITIZED ? trials / 2 : trials;
    const int64_t step = getenv("GYRE_FAULT_ALL") != NULL ? 1 : n / tried + 1;
    const int64_t from = text != NULL ? atoll(text) : 0;
    return (gy_test_ks){1 + (from + turn) % step, step};
}

#endif
