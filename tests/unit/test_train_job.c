/* The end of a batch job, as the environment and a squeue of the test's own tell it. */
#include "gy_test.h"

#include "base/clock.h"
#include "train/job.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct told {
    int n; /* warnings */
    char line[512];
} told;

static void take(void *user, gy_level level, const char *line)
{
    told *t = user;
    if (level != GY_WARNING) return;
    t->n++;
    (void)snprintf(t->line, sizeof t->line, "%s", line);
}

static char place[] = "/tmp/gyre-job-XXXXXX", squeue[64];

/* What squeue does from now on; NULL: there is none. */
static void let_squeue(const char *script)
{
    (void)unlink(squeue);
    if (script == NULL) return;
    FILE *f = fopen(squeue, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT(fprintf(f, "#!/bin/sh\nPATH=/bin:/usr/bin\n%s\n", script) > 0);
    CU_ASSERT_EQUAL(fclose(f), 0);
    CU_ASSERT_EQUAL(chmod(squeue, 0755), 0);
}

static void set_up(void)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place));
    (void)snprintf(squeue, sizeof squeue, "%s/squeue", place);
    CU_ASSERT_EQUAL(setenv("PATH", place, 1), 0); /* no squeue but ours */
    CU_ASSERT_EQUAL(setenv("SLURM_JOB_ID", "12", 1), 0);
    const char *none[] = {"SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_END_TIME"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) (void)unsetenv(none[i]);
}

/* Looks until squeue has answered, or was given up. @return seconds left, the spare ones not counted */
static double answer(gy_job *job)
{
    (void)gy_job_deadline(job);
    const struct timespec nap = {.tv_nsec = 1000000};
    for (int i = 0; i < 20000 && job->pipe >= 0; i++) {
        (void)nanosleep(&nap, NULL);
        (void)gy_job_deadline(job);
    }
    CU_ASSERT_EQUAL(job->pipe, -1);
    return job->end_s - gy_clock_s();
}

static double ask(const char *script, told *t)
{
    gy_context *ctx = NULL;
    gy_job job;
    let_squeue(script);
    CU_ASSERT_EQUAL_FATAL(gy_context_create(take, t, &ctx), GY_OK);
    gy_job_begin(&job, ctx);
    double left = answer(&job);
    gy_job_end(&job);
    gy_test_end(ctx);
    return left;
}

static void times_are_read(void)
{
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {{"1:02", 62},           {"0:00", 0},
                 {"59:59", 3599},        {"1:02:03", 3723},
                 {"2-00:00:01", 172801}, {"10-23:59:59", 950399},
                 {"INVALID", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[64];
        told t = {0};
        (void)snprintf(script, sizeof script, "echo %s", cases[i].text);
        double left = ask(script, &t);
        CU_ASSERT(left <= cases[i].seconds && left > cases[i].seconds - 30);
        CU_ASSERT_EQUAL(t.n, 0);
    }
}

static void a_job_without_an_end(void)
{
    told t = {0};
    CU_ASSERT_EQUAL(ask("echo UNLIMITED", &t), INFINITY);
    CU_ASSERT_EQUAL(t.n, 0);
    (void)unsetenv("SLURM_JOB_ID");
    CU_ASSERT_EQUAL(ask("echo 1:00", &t), INFINITY); /* not asked */
    CU_ASSERT_EQUAL(setenv("SLURM_JOB_ID", "12", 1), 0);
}

static void what_is_asked(void)
{
    told t = {0};
    double left = ask("[ \"$*\" = '-h -j 12 -o %L' ] && echo a warning >&2 && echo 5:00", &t);
    CU_ASSERT(left > 270 && left <= 300);
    CU_ASSERT_EQUAL(setenv("SLURM_ARRAY_JOB_ID", "9", 1), 0);
    CU_ASSERT_EQUAL(setenv("SLURM_ARRAY_TASK_ID", "4", 1), 0);
    left = ask("[ \"$3\" = 9_4 ] && echo 5:00", &t);
    CU_ASSERT(left > 270 && left <= 300);
    (void)unsetenv("SLURM_ARRAY_JOB_ID");
    (void)unsetenv("SLURM_ARRAY_TASK_ID");
}

static void an_unknown_end_is_told(void)
{
    static const char *const cases[][2] = {
        {"echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
         "(squeue: slurm_load_jobs error: Invalid job id specified)"},
        {"exit 0", "(squeue: no answer)"},
        {"yes | head -c 100000", "(squeue: y)"},
        {"echo 3", "(squeue: 3)"},
        {"echo -1:00", "(squeue: -1:00)"},
        {NULL, "(squeue: No such file or directory)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        told t = {0};
        CU_ASSERT_EQUAL(ask(cases[i][0], &t), INFINITY);
        CU_ASSERT_EQUAL(t.n, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.line, "the end of SLURM job 12 is not known"));
        CU_ASSERT_PTR_NOT_NULL(strstr(t.line, cases[i][1]));
    }
}

/* The time to ask again has come. */
static double again(gy_job *job, const char *script)
{
    let_squeue(script);
    while (job->process != 0) (void)gy_job_deadline(job);
    job->asked_s = -1;
    return answer(job);
}

static void a_limit_is_changed(void)
{
    gy_context *ctx = NULL;
    gy_job job;
    told t = {0};
    CU_ASSERT_EQUAL_FATAL(gy_context_create(take, &t, &ctx), GY_OK);
    let_squeue("echo 10:00");
    gy_job_begin(&job, ctx);
    CU_ASSERT(answer(&job) > 570);
    CU_ASSERT_EQUAL(job.spare_s, 60.0);
    double left = again(&job, "echo 1:40");
    CU_ASSERT(left > 70 && left <= 100);
    CU_ASSERT_EQUAL(job.spare_s, 60.0);     /* not less, the nearer the end is */
    CU_ASSERT(again(&job, "exit 1") < 100); /* what was known holds, without a word */
    CU_ASSERT_EQUAL(t.n, 0);
    gy_job_end(&job);
    gy_test_end(ctx);
}

static void a_hanging_squeue_is_given_up(void)
{
    gy_context *ctx = NULL;
    gy_job job;
    told t = {0};
    CU_ASSERT_EQUAL_FATAL(gy_context_create(take, &t, &ctx), GY_OK);
    let_squeue("echo 10:0; exec sleep 600");
    gy_job_begin(&job, ctx);
    CU_ASSERT_EQUAL(gy_job_deadline(&job), INFINITY);
    int process = job.process;
    CU_ASSERT(process > 0);
    job.patience_s = 0.2;
    CU_ASSERT_EQUAL(answer(&job), INFINITY);
    CU_ASSERT_EQUAL(t.n, 1);
    gy_job_end(&job);
    CU_ASSERT_EQUAL(job.process, 0); /* and reaped */
    gy_job_begin(&job, ctx);
    (void)gy_job_deadline(&job);
    gy_job_end(&job); /* while it hangs */
    CU_ASSERT_EQUAL(job.process, 0);
    gy_test_end(ctx);
}

static void the_environment_tells_it(void)
{
    char text[32];
    told t = {0};
    (void)snprintf(text, sizeof text, "%lld", (long long)time(NULL) + 500);
    CU_ASSERT_EQUAL(setenv("SLURM_JOB_END_TIME", text, 1), 0);
    double left = ask(NULL, &t);
    CU_ASSERT(left > 470 && left <= 500);
    left = ask("echo 2:00:00", &t); /* the limit was raised since */
    CU_ASSERT(left > 7000);
    CU_ASSERT_EQUAL(t.n, 0);
    /* a shell that outlived its job */
    CU_ASSERT_EQUAL(setenv("SLURM_JOB_END_TIME", "1000000", 1), 0);
    CU_ASSERT_EQUAL(ask("echo Invalid job id specified", &t), INFINITY);
    CU_ASSERT_EQUAL(t.n, 1);
    (void)unsetenv("SLURM_JOB_END_TIME");
}

static void clean_up(void)
{
    let_squeue(NULL);
    CU_ASSERT_EQUAL(rmdir(place), 0);
}

GY_TEST_MAIN(GY_TEST(set_up), GY_TEST(times_are_read), GY_TEST(a_job_without_an_end),
             GY_TEST(what_is_asked), GY_TEST(an_unknown_end_is_told), GY_TEST(a_limit_is_changed),
             GY_TEST(a_hanging_squeue_is_given_up), GY_TEST(the_environment_tells_it),
             GY_TEST(clean_up))
