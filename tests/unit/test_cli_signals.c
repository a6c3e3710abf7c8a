/* Signals as requests: none is lost, whenever it comes. */
#include "gy_test.h"

#include "cli.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 500, PATIENCE_MS = 60000 };

static pthread_t main_thread;
static atomic_int taken, lost;
static atomic_bool over;

/* Sends a signal once the one before was taken; gives up where one is not. */
static void *send(void *user)
{
    static const struct timespec ms = {.tv_nsec = 1000000};
    (void)user;
    for (int i = 0; i < SIGNALS && lost == 0; i++) {
        (void)pthread_kill(main_thread, SIGUSR1);
        for (int64_t looks = 0; taken <= i && lost == 0; looks++) {
            if (looks > 1000) (void)nanosleep(&ms, NULL);
            if (looks > 1000 + PATIENCE_MS) lost = 1;
        }
    }
    over = true;
    return NULL;
}

static void none_is_lost(void)
{
    pthread_t sender;
    main_thread = pthread_self();
    gy_signals_catch(NULL, 0);
    (void)gy_signals_take(NULL);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&sender, NULL, send, NULL), 0);
    while (!over)
        if (gy_signals_take(NULL) == GY_REQUEST_CHECKPOINT) taken++;
    pthread_join(sender, NULL);
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT_EQUAL(taken, SIGNALS);
}

static void to_save_is_told_once_to_stop_again_and_again(void)
{
    gy_signals_catch(NULL, 0);
    CU_ASSERT_EQUAL(gy_signals_take(NULL), 0);
    CU_ASSERT_EQUAL(raise(SIGUSR1), 0);
    CU_ASSERT_EQUAL(gy_signals_take(NULL), GY_REQUEST_CHECKPOINT);
    CU_ASSERT_EQUAL(gy_signals_take(NULL), 0);
    CU_ASSERT_EQUAL(raise(SIGUSR2), 0);
    CU_ASSERT_EQUAL(raise(SIGUSR2), 0); /* a batch system's, which may be repeated */
    CU_ASSERT_EQUAL(gy_signals_take(NULL), GY_REQUEST_STOP);
    CU_ASSERT_EQUAL(gy_signals_take(NULL), GY_REQUEST_STOP);
}

/* To save can wait until then; to stop cannot. */
static void before_the_run_asks_a_stop_ends_the_process(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR2, SIGHUP, SIGXCPU};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status = 0;
        pid_t child = fork();
        CU_ASSERT_NOT_EQUAL_FATAL(child, -1);
        if (child == 0) {
            (void)signal(signals[i], SIG_DFL); /* nohup may have started the tests */
            gy_signals_catch(NULL, 75);
            (void)raise(SIGUSR1);
            (void)raise(signals[i]);
            _exit(1);
        }
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 75);
    }
}

GY_TEST_MAIN(GY_TEST(none_is_lost), GY_TEST(to_save_is_told_once_to_stop_again_and_again),
             GY_TEST(before_the_run_asks_a_stop_ends_the_process))
