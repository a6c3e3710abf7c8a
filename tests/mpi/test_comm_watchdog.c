/* Who is slow but alive is left in peace; what ends a run is tried by tests/resume/faults.py. */
#include "gy_test_mpi.h"

#include "comm/watchdog.h"

#include <time.h>

static void wait_s(double s)
{
    struct timespec time = {.tv_sec = (time_t)s, .tv_nsec = (long)(1e9 * (s - (double)(int)s))};
    (void)nanosleep(&time, NULL);
}

static void ended(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "stalled: %s\n", line == NULL ? "" : line);
    _exit(1);
}

static void begin_checkpoint(gy_doing doing)
{
    gy_watchdog_set(gy_test_comm, 0.2);
    gy_watchdog_note(gy_test_comm, 7, "checkpoint", doing);
}

/* The others wait for rank 0, which saves before they do, longer than the limit several times over. */
static void waiting_for_a_checkpoint_is_no_stall(void)
{
    int rank = gy_comm_rank(gy_test_comm);
    CU_ASSERT_EQUAL(gy_comm_watch(gy_test_comm, 0, ended, NULL), GY_OK);
    if (rank == 0) begin_checkpoint(GY_SAVES);
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    if (rank > 0) begin_checkpoint(GY_WAITS);
    wait_s(1.1);
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    gy_watch_stop(gy_test_comm);
    gy_watch_stop(gy_test_comm);
}

/* Each wait is short, all of them together are not. */
static void short_waits_do_not_add_up(void)
{
    CU_ASSERT_EQUAL(gy_comm_watch(gy_test_comm, 3, ended, NULL), GY_OK);
    for (int step = 0; step < 35; step++) {
        gy_watchdog_note(gy_test_comm, step, "input", GY_WORKS);
        wait_s(0.1);
        gy_watchdog_note(gy_test_comm, step, "communication", GY_WAITS);
        CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    }
    gy_watch_stop(gy_test_comm);
}

static void none_is_none(void)
{
    CU_ASSERT_EQUAL(gy_comm_watch(gy_test_comm, 0, ended, NULL), GY_OK);
    gy_watchdog_note(gy_test_comm, 1, "communication", GY_WAITS);
    gy_watch_stop(gy_test_comm);
}

GY_TEST_MPI_MAIN(GY_TEST(waiting_for_a_checkpoint_is_no_stall), GY_TEST(short_waits_do_not_add_up),
                 GY_TEST(none_is_none))
