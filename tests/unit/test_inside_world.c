/* A program that has a network in memory, with traps on and its own rounding, finds its process as it was. */
#define _GNU_SOURCE /* feenableexcept */
#include "gy_test.h"
#include "tempdir.h"

#include <gyre/network.h>

#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

enum { N = 40, IN = 4, SIGNALS = 32, TEXT = 4096 };

extern int openblas_get_num_threads(void) __attribute__((weak));
extern int H5Eget_auto2(int64_t stack, int (**print)(int64_t, void *), void **data);

static const char yaml[] = "model:\n"
                           "  input: [4]\n"
                           "  layers:\n"
                           "    - dense: {units: 16, activation: gelu}\n"
                           "    - dense: {units: 5}\n"
                           "loss: cross_entropy\n"
                           "comm: {progress: thread}\n"
                           "checkpoint: {asynchronous: true}\n";

/* What a process has of its own. */
typedef struct world {
    void (*signals[SIGNALS])(int);
    int flags[SIGNALS], masked[SIGNALS];
    mode_t umask;
    char cwd[TEXT], locale[TEXT];
    cpu_set_t cores;
    int threads, files, omp_threads, omp_dynamic, omp_levels, blas_threads, rounding, traps;
    int (*h5_print)(int64_t, void *);
    void *h5_data;
} world;

static int entries(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) abort();
    while (readdir(dir) != NULL) n++;
    (void)closedir(dir);
    return n;
}

static void look_at_signals(world *w)
{
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < SIGNALS; i++) {
        struct sigaction action;
        (void)sigaction(i, NULL, &action);
        w->signals[i] = action.sa_handler;
        w->flags[i] = action.sa_flags;
        w->masked[i] = sigismember(&mask, i);
    }
}

static void look(world *w)
{
    memset(w, 0, sizeof *w);
    look_at_signals(w);
    w->umask = umask(0);
    (void)umask(w->umask);
    if (getcwd(w->cwd, sizeof w->cwd) == NULL) abort();
    (void)snprintf(w->locale, sizeof w->locale, "%s", setlocale(LC_ALL, NULL));
    (void)sched_getaffinity(0, sizeof w->cores, &w->cores);
    w->threads = entries("/proc/self/task");
    w->files = entries("/proc/self/fd");
    w->omp_threads = omp_get_max_threads();
    w->omp_dynamic = omp_get_dynamic();
    w->omp_levels = omp_get_max_active_levels();
    w->blas_threads = openblas_get_num_threads == NULL ? 0 : openblas_get_num_threads();
    w->rounding = fegetround();
    w->traps = fegetexcept();
    (void)H5Eget_auto2(0, &w->h5_print, &w->h5_data);
}

static void work(gy_context *ctx, gy_tempdir *dir, const char *path, float *y)
{
    float x[N * IN], classes[N];
    gy_network *net = NULL;
    const gy_network_options options = {.training = true};
    for (int i = 0; i < N * IN; i++) x[i] = (float)(i * 7 % 31 - 15) * 1000;
    for (int i = 0; i < N; i++) classes[i] = (float)(i % 5);
    CU_ASSERT_EQUAL_FATAL(gy_network_open(ctx, NULL, path, &options, &net), GY_OK);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(gy_network_step(net, N, x, classes, NULL, NULL), GY_OK);
    CU_ASSERT_EQUAL(gy_network_save(net, gy_tempdir_join(dir, "run")), GY_OK);
    CU_ASSERT_EQUAL(gy_network_apply(net, NULL, N, x, y), GY_OK);
    CU_ASSERT_NOT_EQUAL(gy_network_apply(net, NULL, -1, x, y), GY_OK);
    gy_network_close(net);
    net = NULL;
    CU_ASSERT_NOT_EQUAL(gy_network_open(ctx, NULL, "no such file", NULL, &net), GY_OK);
}

/* Whether something was printed meanwhile, by whatever way. */
static bool is_silent(gy_context *ctx, gy_tempdir *dir, const char *path, float *y)
{
    const char *log = gy_tempdir_join(dir, "log");
    FILE *file = fopen(log, "w");
    (void)fflush(NULL);
    const int out = dup(1), err = dup(2);
    if (file == NULL || dup2(fileno(file), 1) < 0 || dup2(fileno(file), 2) < 0) abort();
    work(ctx, dir, path, y);
    (void)fflush(NULL);
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0) abort();
    (void)close(out);
    (void)close(err);
    (void)fclose(file);
    return gy_file_bytes(log) == 0;
}

static void the_process_is_as_it_was(void)
{
    static world before, after;
    float plain[N * 5], other[N * 5];
    gy_tempdir dir;
    gy_context *ctx = gy_test_context();
    gy_tempdir_make(&dir);
    const char *path = gy_tempdir_join(&dir, "net.yaml");
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(yaml, file) < 0 || fclose(file) != 0) abort();
    work(ctx, &dir, path, plain); /* what libraries set up at their first call is theirs */
    (void)fesetround(FE_DOWNWARD);
    (void)feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    look(&before);
    CU_ASSERT(is_silent(ctx, &dir, path, other));
    look(&after);
    (void)fedisableexcept(FE_ALL_EXCEPT);
    (void)fesetround(FE_TONEAREST);
    CU_ASSERT(memcmp(&before, &after, sizeof before) == 0);
    CU_ASSERT(memcmp(plain, other, sizeof plain) == 0);
    gy_tempdir_remove(&dir);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(the_process_is_as_it_was))
