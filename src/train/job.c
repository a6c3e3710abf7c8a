/*
 * The batch job that a run is part of. A new SLURM tells its end in the environment; squeue tells it
 * everywhere, and that the limit was changed.
 *
 *     resting ── nothing asked yet, or a while ago ──▶ asking ── all said, or patience_s ──▶ resting
 *
 * Invariants
 *  1. The run never waits: squeue is a process of its own, looked at between two steps. A controller
 *     that does not answer costs the run nothing but the answer.
 *  2. posix_spawn, not fork: neither the memory nor the threads of MPI are copied.
 *  3. What is not understood changes nothing.
 */
#include "job.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ; /* POSIX leaves its declaration to us */

static const double EVERY_S = 180, SOON_S = 10, PATIENCE_S = 30, SPARE_S = 60, REAP_S = 1;

/* Of a job that began just now a tenth is kept at most. */
static void set_left(gy_job *job, double left)
{
    double spare = left / 10 < SPARE_S ? left / 10 : SPARE_S, end = gy_clock_s() + left;
    if (isfinite(left) && spare > job->spare_s) job->spare_s = spare;
    bool news = isfinite(end) && !(fabs(end - job->end_s) < SPARE_S);
    job->end_s = end;
    if (news)
        gy_log(job->ctx, GY_INFO, "SLURM ends job %s in %.1f minutes: the run stops before that",
               job->name, left / 60);
}

/* An end that is over is of a job that this process outlived. */
static void take_environment(gy_job *job)
{
    int64_t end = 0;
    const char *text = getenv("SLURM_JOB_END_TIME");
    if (text == NULL || !gy_number_int(text, &end)) return;
    double left = difftime((time_t)end, time(NULL));
    if (left > 0) set_left(job, left);
}

void gy_job_begin(gy_job *job, gy_context *ctx)
{
    *job = (gy_job){
        .ctx = ctx, .patience_s = PATIENCE_S, .end_s = INFINITY, .asked_s = -1, .pipe = -1};
    const char *id = getenv("SLURM_JOB_ID"), *array = getenv("SLURM_ARRAY_JOB_ID");
    const char *task = getenv("SLURM_ARRAY_TASK_ID");
    if (id == NULL) return;
    /* by its number alone the last task of an array is the whole array */
    if (array != NULL && task != NULL)
        (void)snprintf(job->name, sizeof job->name, "%s_%s", array, task);
    else
        (void)snprintf(job->name, sizeof job->name, "%s", id);
    take_environment(job);
}

static void tell_unknown(gy_job *job, const char *why)
{
    if (job->told || isfinite(job->end_s)) return;
    job->told = true;
    gy_log(job->ctx, GY_WARNING,
           "the end of SLURM job %s is not known (squeue: %s): it is not a reason to stop; set "
           "train.time_limit_minutes",
           job->name, why);
}

/* @return an errno; 0: job->process says it all to job->pipe */
static int spawn(gy_job *job, int said, int told)
{
    char *const argv[] = {"squeue", "-h", "-j", job->name, "-o", "%L", NULL};
    posix_spawn_file_actions_t files;
    pid_t process = 0;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed != 0) return failed;
    (void)fcntl(said, F_SETFD, FD_CLOEXEC);
    (void)fcntl(said, F_SETFL, O_NONBLOCK);
    (void)fcntl(told, F_SETFD, FD_CLOEXEC);
    failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0) failed = posix_spawn_file_actions_adddup2(&files, told, STDOUT_FILENO);
    if (failed == 0) failed = posix_spawn_file_actions_adddup2(&files, told, STDERR_FILENO);
    if (failed == 0) failed = posix_spawnp(&process, argv[0], &files, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    job->process = failed == 0 ? (int)process : 0;
    return failed;
}

static void ask(gy_job *job)
{
    int ends[2];
    job->asked_s = gy_clock_s();
    job->bytes = 0;
    int failed = pipe(ends) == 0 ? 0 : errno;
    if (failed == 0) {
        failed = spawn(job, ends[0], ends[1]);
        (void)close(ends[1]);
        job->pipe = ends[0];
    }
    if (failed == 0) return;
    if (job->pipe >= 0) (void)close(job->pipe);
    job->pipe = -1;
    tell_unknown(job, strerror(failed));
}

/* "1-02:03:04", "02:03:04", "03:04": days, hours, minutes, seconds. @return whether it is such a time */
static bool read_time(const char *line, double *left)
{
    int days = 0, a = 0, b = 0, c = 0, used = 0;
    if (sscanf(line, "%d-%n", &days, &used) == 1 && used > 0)
        line += used;
    else
        days = 0;
    int n = sscanf(line, "%d:%d:%d", &a, &b, &c);
    if (n < 2) return false;
    *left = days * 86400.0 + (n == 3 ? a * 3600.0 + b * 60.0 + c : a * 60.0 + b);
    return *left >= 0;
}

/* A line of the answer; the others are warnings. */
static bool read_line(const char *line, double *left)
{
    static const struct {
        const char *text;
        double left;
    } words[] = {{"UNLIMITED", INFINITY}, {"NOT_SET", INFINITY}, {"INVALID", 0}}; /* it is over */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(line, words[i].text) != 0) continue;
        *left = words[i].left;
        return true;
    }
    return read_time(line, left);
}

static void take_answer(gy_job *job)
{
    double left;
    char *rest = NULL;
    job->answer[job->bytes] = '\0';
    char *first = strtok_r(job->answer, "\n", &rest);
    for (char *line = first; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (!read_line(line, &left)) continue;
        set_left(job, left);
        return;
    }
    tell_unknown(job, first != NULL ? first : "no answer");
}

static void close_pipe(gy_job *job)
{
    (void)close(job->pipe);
    job->pipe = -1;
}

static void listen(gy_job *job)
{
    char spill[GY_JOB_ANSWER];
    for (;;) {
        size_t room = sizeof job->answer - 1 - job->bytes;
        ssize_t n = read(job->pipe, room > 0 ? job->answer + job->bytes : spill,
                         room > 0 ? room : sizeof spill);
        if (n < 0 && errno == EINTR) continue;
        if (n > 0) {
            if (room > 0) job->bytes += (size_t)n;
            continue;
        }
        if (n == 0) {
            close_pipe(job);
            take_answer(job);
        } else if (gy_clock_s() - job->asked_s > job->patience_s) {
            (void)kill(job->process, SIGKILL);
            close_pipe(job);
            tell_unknown(job, "no answer");
        }
        return;
    }
}

/* @return whether squeue is gone */
static bool reap(gy_job *job)
{
    if (job->process > 0 && waitpid(job->process, NULL, WNOHANG) != 0) job->process = 0;
    return job->process == 0;
}

/* The sooner the end, the more often: the limit may be raised at the last moment. */
static bool must_ask(const gy_job *job)
{
    double now = gy_clock_s(), while_s = (job->end_s - now) / 4;
    if (while_s < SOON_S) while_s = SOON_S;
    if (while_s > EVERY_S) while_s = EVERY_S;
    return job->asked_s < 0 || now - job->asked_s >= while_s;
}

double gy_job_deadline(gy_job *job)
{
    if (job->name[0] == '\0') return INFINITY;
    if (job->pipe >= 0)
        listen(job);
    else if (reap(job) && must_ask(job))
        ask(job);
    return job->end_s - job->spare_s;
}

void gy_job_end(gy_job *job)
{
    if (job->name[0] == '\0') return;
    if (job->pipe >= 0) {
        (void)kill(job->process, SIGKILL);
        close_pipe(job);
    }
    /* one that cannot even be killed, on a file server that is gone, is left to init */
    const struct timespec nap = {.tv_nsec = 1000000};
    for (double end = gy_clock_s() + REAP_S; !reap(job) && gy_clock_s() < end;)
        (void)nanosleep(&nap, NULL);
    job->name[0] = '\0';
}
