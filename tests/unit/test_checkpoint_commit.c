/* Which checkpoints stay, what a crash leaves, what is passed over; on one rank. */
#include "checkpoint_trial.h"

#include "base/setting.h"
#include "store/file.h"

#include <stddef.h>

static gy_context *ctx;
static gy_comm *comm;
static int warnings;

static void count_warnings(void *user, gy_level level, const char *line)
{
    (void)user;
    (void)line;
    warnings += level == GY_WARNING;
}

static void begin(gy_tempdir *dir, gy_trial *t)
{
    if (gy_context_create(count_warnings, NULL, &ctx) != GY_OK) abort();
    if (gy_comm_start(ctx) != GY_OK || gy_comm_create(ctx, NULL, &comm) != GY_OK) abort();
    gy_test_ctx = ctx;
    gy_test_comm = comm;
    warnings = 0;
    gy_tempdir_make(dir);
    gy_trial_make(t, false, 3);
}

static void end(gy_tempdir *dir, gy_trial *t)
{
    gy_trial_free(t);
    gy_tempdir_remove(dir);
    gy_comm_free(comm);
    gy_test_end(ctx);
}

/* −1: there are no checkpoints, −2: none is valid. */
static int64_t newest(const char *run)
{
    char *path = NULL;
    gy_status status = gy_checkpoint_newest(ctx, comm, run, &path);
    if (status == GY_E_IO && gy_trial_says("no valid checkpoint")) return -2;
    CU_ASSERT_EQUAL(status, GY_OK);
    if (path == NULL) return -1;
    int64_t step = strtoll(strrchr(path, '-') + 1, NULL, 10);
    gy_free(ctx, path);
    return step;
}

static void shell(gy_tempdir *dir, const char *text)
{
    char command[4 * GY_TEMPDIR];
    (void)snprintf(command, sizeof command, "cd '%s/run/checkpoints' && { %s; }", dir->path, text);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

static void the_newest_and_the_best_stay(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    for (int64_t step = 1; step <= 6; step++)
        CU_ASSERT_EQUAL(gy_trial_write(&t, run, step, 0, 2, step >= 2 ? 2 : 0), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"),
                           "HEAD best latest step-000000002 step-000000005 step-000000006 ");
    char target[64] = "";
    CU_ASSERT_EQUAL(readlink(gy_tempdir_join(&dir, "run/checkpoints/best"), target, 63), 14);
    CU_ASSERT_STRING_EQUAL(target, "step-000000002"); /* relative: the run may be moved */
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 7, 0, 1, 7), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"), "HEAD best latest step-000000007 ");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 1234567890, 0, 1, 0), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 1234567890);
    CU_ASSERT_EQUAL(warnings, 0);
    end(&dir, &t);
}

static void a_step_written_again_is_replaced(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    const char *path = gy_tempdir_join(&dir, "run/checkpoints/step-000000004");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 4, 3, 2, 4), GY_OK);
    shell(&dir, "echo x >> step-000000004/index.h5");
    CU_ASSERT_EQUAL(newest(run), -2);
    CU_ASSERT_EQUAL(warnings, 1);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 4, 1, 2, 4), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"), "HEAD best latest step-000000004 ");
    CU_ASSERT_EQUAL(newest(run), 4);
    gy_trial_wipe(&t);
    CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_ALL, 2), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_walk(&t, false, true, 4), 0);
    end(&dir, &t);
}

static void crashes_are_cleaned_up(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK); /* nothing there yet */
    CU_ASSERT_EQUAL(newest(run), -1);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 3, 0, 3, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 4, 0, 3, 0), GY_OK);
    shell(&dir, "cp -r step-000000004 .tmp-step-000000005; rm .tmp-step-000000005/index.h5;"
                "cp -r step-000000003 .tmp-gone-step-000000002; ln -s x .tmp-latest;"
                "cp -r step-000000003 .tmp-old-step-000000003; mkdir step-x;"
                "mv step-000000004 .tmp-old-step-000000004"); /* between two renames */
    CU_ASSERT_EQUAL(newest(run), 3);
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"),
                           "HEAD latest step-000000003 step-000000004 step-x ");
    CU_ASSERT_EQUAL(newest(run), 4);
    CU_ASSERT_EQUAL(warnings, 0);
    end(&dir, &t);
}

static gy_status go_on(const char *run, const char *path, int64_t step, bool *own)
{
    gy_checkpoint_settings settings = {.keep = 9};
    gy_saver *s = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_saver_create(ctx, comm, run, &settings, &s), GY_OK);
    gy_status status = gy_saver_go_on(s, path, step, &(gy_best_is){.step = 0}, own);
    gy_saver_free(s);
    return status;
}

/* No clock, and no link, says which checkpoint is the newest: HEAD does. */
static void heads_order_checkpoints(void)
{
    gy_tempdir dir;
    gy_trial t;
    bool own = false;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    const char *step_6 = gy_tempdir_join(&dir, "run/checkpoints/step-000000006");
    for (int64_t step = 6; step <= 12; step += 3)
        CU_ASSERT_EQUAL(gy_trial_write(&t, run, step, 0, 9, 6), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 12);
    CU_ASSERT_EQUAL(go_on(run, step_6, 6, &own), GY_OK); /* --resume step-6 */
    CU_ASSERT_TRUE(own);
    CU_ASSERT_EQUAL(newest(run), 6); /* and killed before its first checkpoint */
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 9, 0, 9, 6), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 9); /* 12 is of the history before */
    shell(&dir, "rm latest best; ln -s step-000000012 latest");
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK);
    shell(&dir,
          "test $(readlink latest) = step-000000009 && test $(readlink best) = step-000000006");
    shell(&dir, "cp -r step-000000012 step-000000015"); /* by hand: HEAD does not know it */
    CU_ASSERT_EQUAL(newest(run), 9);
    shell(&dir, "rm step-000000009/index.h5 step-000000006/shard-00000.h5");
    CU_ASSERT_EQUAL(newest(run), 12);
    CU_ASSERT_EQUAL(warnings, 2);
    shell(&dir, "echo >> HEAD");
    CU_ASSERT_EQUAL(newest(run), 15); /* without HEAD by what they say themselves */
    CU_ASSERT_EQUAL(go_on(run, "elsewhere/step-000000003", 3, &own), GY_OK);
    CU_ASSERT_FALSE(own);
    end(&dir, &t);
}

/* The commit is HEAD: what was renamed and not noted has not happened. */
static void what_head_does_not_say_has_not_happened(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 3, 0, 2, 3), GY_OK);
    shell(&dir, "cp HEAD before");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 6, 0, 2, 6), GY_OK);
    shell(&dir, "cp before HEAD"); /* killed before it */
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 3);
    shell(&dir, "test $(readlink best) = step-000000003");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 6, 0, 2, 6), GY_OK); /* again */
    CU_ASSERT_EQUAL(newest(run), 6);
    shell(&dir, "cp HEAD before; cp -r step-000000006 kept");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 6, 0, 2, 6), GY_OK);    /* replaced */
    shell(&dir, "cp before HEAD; mv kept .tmp-old-step-000000006"); /* as a kill would leave it */
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 6);
    shell(&dir, "test ! -e .tmp-old-step-000000006");
    CU_ASSERT_EQUAL(warnings, 0);
    end(&dir, &t);
}

/* Two jobs where nothing can be locked: the second to write ends, and all that is there is whole. */
static void another_job_is_noticed(void)
{
    gy_tempdir dir;
    gy_trial t;
    bool own;
    gy_saved saved;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    gy_checkpoint_settings settings = {.keep = 2};
    gy_saver *s = NULL;
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 3, 0, 2, 0), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_saver_create(ctx, comm, run, &settings, &s), GY_OK);
    CU_ASSERT_EQUAL(gy_saver_go_on(s, gy_tempdir_join(&dir, "run/checkpoints/step-000000003"), 3,
                                   &(gy_best_is){.step = 0}, &own),
                    GY_OK);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 6, 0, 2, 0), GY_OK); /* the other */
    gy_trial_fill(&t, 6, 0, 0);
    CU_ASSERT_EQUAL(gy_saver_begin(s, &t.c, true), GY_OK);
    shell(&dir, "ls -d .tmp-*-step-000000006 >/dev/null");
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, false), GY_OK);
    CU_ASSERT_EQUAL(gy_saver_end(s, &saved), GY_E_IO);
    CU_ASSERT_TRUE(gy_trial_says("another job has written a checkpoint there"));
    gy_saver_free(s);
    CU_ASSERT_EQUAL(newest(run), 6);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"),
                           "HEAD latest step-000000003 step-000000006 ");
    CU_ASSERT_EQUAL(warnings, 0);
    end(&dir, &t);
}

/* A copy that followed links, and a place without links. */
static void links_are_a_courtesy(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 3, 0, 2, 0), GY_OK);
    shell(&dir, "rm latest; cp -r step-000000003 latest");
    CU_ASSERT_EQUAL(gy_checkpoint_clean(ctx, comm, run, true), GY_OK);
    CU_ASSERT_EQUAL(warnings, 1);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"), "HEAD latest latest.copy-1 step-000000003 ");
    shell(&dir, "rm -r latest*; mkdir -p latest/x; chmod 500 .");
    CU_ASSERT_EQUAL(newest(run), 3);
    shell(&dir, "chmod 700 .");
    end(&dir, &t);
}

/* The run went on from step 3 after 9 was there: 9 is of another history. */
static void histories_are_told_apart(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 9, 0, 2, 0), GY_OK);
    (void)sleep(1); /* `created` counts seconds */
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 3, 0, 2, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 4, 0, 2, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 5, 0, 2, 0), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"),
                           "HEAD latest step-000000004 step-000000005 step-000000009 ");
    CU_ASSERT_EQUAL(newest(run), 5);
    shell(&dir, "ln -sfn step-000000004 latest"); /* killed before the link was swapped */
    CU_ASSERT_EQUAL(newest(run), 5);
    shell(&dir, "rm step-000000004/shard-00000.h5 step-000000005/shard-00000.h5");
    CU_ASSERT_EQUAL(newest(run), 9); /* better than nothing */
    CU_ASSERT_EQUAL(warnings, 2);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 4, 0, 2, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 5, 0, 2, 0), GY_OK);
    shell(&dir, "rm step-000000005/index.h5"); /* what `latest` points to tells no time */
    CU_ASSERT_EQUAL(newest(run), 4);
    CU_ASSERT_EQUAL(warnings, 3);
    end(&dir, &t);
}

static void report(void *user, const char *line)
{
    strcat(user, line);
    strcat(user, "\n");
}

static void all_are_verified_and_reported(void)
{
    gy_tempdir dir;
    gy_trial t;
    begin(&dir, &t);
    static char text[8192];
    const char *run = gy_tempdir_join(&dir, "run");
    text[0] = '\0';
    for (int64_t step = 1; step <= 3; step++)
        CU_ASSERT_EQUAL(gy_trial_write(&t, run, step, 2, 3, 0), GY_OK);
    gy_verify_result result;
    CU_ASSERT_EQUAL(gy_checkpoint_verify(ctx, run, report, text, &result), GY_OK);
    CU_ASSERT_TRUE(result.checkpoints == 3 && result.files == 9 && result.bytes > 10000);
    shell(&dir, "rm step-000000001/shard-00001.h5; echo >> step-000000002/shard-00000.h5");
    text[0] = '\0';
    CU_ASSERT_EQUAL(gy_checkpoint_verify(ctx, run, report, text, &result), GY_E_IO);
    CU_ASSERT_TRUE(gy_trial_says("step-000000001/shard-00001.h5"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "step-000000001: damaged: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "step-000000002: damaged: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "step-000000003: whole, 3 files, "));
    const char *index = gy_tempdir_join(&dir, "run/checkpoints/latest/index.h5");
    CU_ASSERT_EQUAL(gy_checkpoint_verify(ctx, index, NULL, NULL, &result), GY_OK);
    CU_ASSERT_EQUAL(result.checkpoints, 1);
    CU_ASSERT_EQUAL(gy_checkpoint_verify(ctx, "/nowhere", NULL, NULL, &result), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_checkpoint_verify(ctx, dir.path, NULL, NULL, &result), GY_E_USAGE);
    end(&dir, &t);
}

static void settings_have_their_defaults(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_pool pool;
    gy_checkpoint_settings s = {.keep = 0};
    begin(&dir, &t);
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL(gy_settings_default(gy_checkpoint_setting_rows, &pool, &s), GY_OK);
    CU_ASSERT_TRUE(s.every_epochs == 1 && s.every_steps == 0 && s.every_minutes == 0 &&
                   s.keep == 3 && s.shards == 0 && s.asynchronous && s.writer == GY_WRITER_RANK0);
    CU_ASSERT_EQUAL(strncmp(gy_checkpoint_library(), "HDF5 ", 5), 0);
    gy_pool_clear(&pool);
    end(&dir, &t);
}

static const gy_test_case cases[] = {
    GY_TEST(the_newest_and_the_best_stay),  GY_TEST(a_step_written_again_is_replaced),
    GY_TEST(crashes_are_cleaned_up),        GY_TEST(histories_are_told_apart),
    GY_TEST(heads_order_checkpoints),       GY_TEST(what_head_does_not_say_has_not_happened),
    GY_TEST(another_job_is_noticed),        GY_TEST(links_are_a_courtesy),
    GY_TEST(all_are_verified_and_reported), GY_TEST(settings_have_their_defaults)};

int main(void)
{
    gy_context *all = gy_test_context();
    if (gy_comm_start(all) != GY_OK) return 1;
    int failed = gy_test_run(cases, sizeof cases / sizeof *cases, NULL);
    gy_comm_stop(all);
    gy_context_free(all);
    return failed;
}
