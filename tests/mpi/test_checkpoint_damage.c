/* What is damaged, missing or does not fit is said; what stood before a failure stands after it. */
#include "checkpoint_trial.h"

#include "store/file.h"
#include "store/hdf5.h"

#include <sys/resource.h>

static gy_status verify(const char *path)
{
    gy_verify_result result;
    gy_status status = gy_checkpoint_verify(gy_test_ctx, path, NULL, NULL, &result);
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    return status;
}

/* The number of the newest valid step; −1: there are no checkpoints, −2: none is valid. */
static int64_t newest(const char *run)
{
    char *path = NULL;
    gy_status status = gy_checkpoint_newest(gy_test_ctx, gy_test_comm, run, &path);
    if (status == GY_E_IO && gy_trial_says("no valid checkpoint")) return -2;
    CU_ASSERT_EQUAL(status, GY_OK);
    if (path == NULL) return -1;
    int64_t step = strtoll(strrchr(path, '-') + 1, NULL, 10);
    gy_free(gy_test_ctx, path);
    return step;
}

/* Does something to a file on rank 0 while the others wait. */
static void harm(const char *path, long flip, long cut)
{
    if (gy_trial_is_first() && flip >= 0) gy_flip_bit(path, flip);
    if (gy_trial_is_first() && cut >= 0) CU_ASSERT_EQUAL(truncate(path, cut), 0);
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
}

static void every_byte_of_every_file_counts(void)
{
    static const char *const files[] = {"index.h5", "shard-00000.h5", "shard-00001.h5"};
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 2, 3, 0), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 9, 2, 3, 0), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 9);
    for (int i = 0; i < 3; i++) {
        char path[2 * GY_TEMPDIR];
        (void)snprintf(path, sizeof path, "%s/checkpoints/step-000000009/%s", run, files[i]);
        long bytes = gy_file_bytes(path);
        for (long at = 3; at < bytes; at += bytes / 5) {
            harm(path, at, -1);
            CU_ASSERT_EQUAL(verify(run), GY_E_IO);
            CU_ASSERT_TRUE(gy_trial_says(files[i]));
            CU_ASSERT_TRUE(gy_trial_says("step-000000009"));
            harm(path, at, -1);
        }
        harm(path, bytes / 2, -1);
        CU_ASSERT_EQUAL(newest(run), 5);
        harm(path, bytes / 2, -1);
        CU_ASSERT_EQUAL(verify(run), GY_OK);
    }
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* A number that was flipped in a shard is not read, and nothing is handed out. */
static void damaged_numbers_are_not_read(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    const char *run = gy_tempdir_join(&dir, "run");
    const char *step = gy_tempdir_join(&dir, "run/checkpoints/step-000000005");
    const char *shard = gy_tempdir_join(&dir, "run/checkpoints/step-000000005/shard-00001.h5");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 3, 3, 0), GY_OK);
    harm(shard, gy_file_bytes(shard) - 100, -1); /* data lie at the end */
    CU_ASSERT_EQUAL(gy_trial_read(&t, step, GY_MATCH_ALL, 2), GY_E_IO);
    CU_ASSERT_TRUE(gy_trial_says("shard-00001.h5"));
    CU_ASSERT_TRUE(gy_trial_says("checksum"));
    harm(shard, gy_file_bytes(shard) - 100, gy_file_bytes(shard) - 1);
    CU_ASSERT_EQUAL(gy_trial_read(&t, step, GY_MATCH_ALL, 2), GY_E_IO);
    CU_ASSERT_EQUAL(newest(run), -2);
    if (gy_trial_is_first()) CU_ASSERT_EQUAL(unlink(shard), 0);
    CU_ASSERT_EQUAL(gy_trial_read(&t, step, GY_MATCH_PARAMS, 0), GY_E_IO);
    CU_ASSERT_TRUE(gy_trial_says("No such file"));
    CU_ASSERT_EQUAL(verify(step), GY_E_IO);
    const char *index = gy_tempdir_join(&dir, "run/checkpoints/step-000000005/index.h5");
    if (gy_trial_is_first()) CU_ASSERT_EQUAL(unlink(index), 0);
    CU_ASSERT_EQUAL(gy_trial_read(&t, step, GY_MATCH_ALL, 2), GY_E_IO);
    CU_ASSERT_EQUAL(newest(run), -2);
    CU_ASSERT_EQUAL(verify(dir.path), GY_E_USAGE);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* A shard of another checkpoint of the same shape is whole, but not this one's. */
static void exchanged_shards_are_found(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 2, 3, 0), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 9, 2, 3, 0), GY_OK);
    if (gy_trial_is_first()) {
        char command[3 * GY_TEMPDIR];
        (void)snprintf(command, sizeof command,
                       "cd '%s/checkpoints' && cp step-000000005/shard-00000.h5 step-000000009/",
                       run);
        CU_ASSERT_EQUAL(system(command), 0);
    }
    CU_ASSERT_EQUAL(gy_comm_barrier(gy_test_comm), GY_OK);
    CU_ASSERT_EQUAL(newest(run), 5);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

static void models_that_do_not_fit_are_named(void)
{
    gy_tempdir dir;
    gy_trial t, small;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    gy_trial_make(&small, false, 20);
    const char *step = gy_tempdir_join(&dir, "run/checkpoints/step-000000005");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, gy_tempdir_join(&dir, "run"), 5, 0, 3, 0), GY_OK);
    CU_ASSERT_EQUAL(gy_trial_read(&small, step, GY_MATCH_ALL, 2), GY_E_CONFIG);
    CU_ASSERT_TRUE(gy_trial_says("big/weight is [30, 10], in the model [20, 10]"));
    CU_ASSERT_EQUAL(small.values[0], 0.0f); /* left as it was */
    CU_ASSERT_EQUAL(gy_trial_read(&small, step, GY_MATCH_PARTIAL, 0), GY_OK);
    CU_ASSERT_EQUAL(small.values[5], gy_trial_number("a/weight", 5, 50));
    CU_ASSERT_EQUAL(small.values[small.params[3].offset], 0.0f);
    t.params[0].name = "else/weight";
    CU_ASSERT_EQUAL(gy_trial_read(&t, step, GY_MATCH_PARAMS, 0), GY_E_CONFIG);
    CU_ASSERT_TRUE(gy_trial_says("missing: else/weight; additional: a/weight"));
    CU_ASSERT_TRUE(gy_trial_says("--init-partial"));
    t.params[0].name = "a/weight";
    const gy_checkpoint_slot slot = {"first_moment", t.slots[0], NULL, NULL};
    CU_ASSERT_EQUAL(gy_checkpoint_read(gy_test_ctx, gy_test_comm, step, GY_MATCH_ALL, &t.table,
                                       t.values, &t.buffer_table, t.buffer_values, &slot, 1),
                    GY_E_CONFIG);
    CU_ASSERT_TRUE(gy_trial_says("first_moment of a/weight, first_moment of a/bias"));
    CU_ASSERT_TRUE(gy_trial_says("and 1 more"));
    gy_trial_free(&small);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* A file of float64 parameters, without buffers. */
static void write_single(const char *path, const gy_trial *t, const char *group)
{
    gy_h5 *f;
    gy_h5_data *d;
    if (!gy_trial_is_first()) return;
    CU_ASSERT_EQUAL_FATAL(gy_h5_create(gy_test_ctx, path, &f), GY_OK);
    for (int i = 0; i < t->table.n; i++) {
        const gy_param *p = &t->params[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%s/%s", group, p->name);
        CU_ASSERT_EQUAL_FATAL(gy_h5_data_create(f, name, GY_H5_FLOAT64, &p->shape, 0, 0, &d),
                              GY_OK);
        CU_ASSERT_EQUAL(gy_h5_data_write(d, 0, p->shape.d[0], GY_H5_FLOAT32, t->values + p->offset),
                        GY_OK);
        gy_h5_data_close(d);
    }
    CU_ASSERT_EQUAL(gy_h5_close(f), GY_OK);
}

static void single_files_are_read_too(void)
{
    gy_tempdir dir;
    gy_trial t;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 30);
    gy_trial_fill(&t, 5, 0, 0);
    const char *path = gy_tempdir_join(&dir, "init.h5"), *bad = gy_tempdir_join(&dir, "bad.h5");
    write_single(path, &t, "/params");
    write_single(bad, &t, "/other");
    gy_trial_wipe(&t);
    t.buffer_values[0] = 3.0f;
    CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_ALL, 0), GY_E_CONFIG);
    CU_ASSERT_TRUE(gy_trial_says("missing: buffer norm/mean, buffer norm/variance"));
    CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_PARAMS, 0), GY_OK);
    for (int i = 0; i < t.table.n; i++)
        for (int64_t j = 0; j < t.params[i].count; j++)
            CU_ASSERT_EQUAL_FATAL(t.values[t.params[i].offset + j],
                                  gy_trial_number(t.params[i].name, j, 50));
    CU_ASSERT_EQUAL(t.buffer_values[0], 3.0f);
    CU_ASSERT_EQUAL(gy_trial_read(&t, bad, GY_MATCH_PARAMS, 0), GY_E_DATA);
    CU_ASSERT_TRUE(gy_trial_says("/params"));
    harm(path, -1, 700);
    CU_ASSERT_EQUAL(gy_trial_read(&t, path, GY_MATCH_PARTIAL, 0), GY_E_DATA);
    CU_ASSERT_EQUAL(gy_trial_read(&t, gy_tempdir_join(&dir, "none"), GY_MATCH_ALL, 0), GY_E_USAGE);
    CU_ASSERT_EQUAL(gy_trial_read(&t, dir.path, GY_MATCH_ALL, 0), GY_E_USAGE);
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

/* A limit on the size of rank 0's files stands for a full disk. */
static void full_disks_leave_what_was(void)
{
    static const rlim_t limits[] = {0, 600, 1500, 4000, 9000};
    gy_tempdir dir;
    gy_trial t;
    struct rlimit old;
    gy_trial_directory(&dir);
    gy_trial_make(&t, false, 200);
    const char *run = gy_tempdir_join(&dir, "run");
    CU_ASSERT_EQUAL_FATAL(gy_trial_write(&t, run, 5, 0, 1, 5), GY_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (int i = 0; i < 5; i++) {
        struct rlimit less = {limits[i], old.rlim_max};
        if (gy_trial_is_first()) CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &less), 0);
        CU_ASSERT_EQUAL(gy_trial_write(&t, run, 9, 1, 1, 9), GY_E_IO);
        CU_ASSERT_TRUE(gy_trial_says("File too large"));
        CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
        CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"), "HEAD best latest step-000000005 ");
        CU_ASSERT_EQUAL(newest(run), 5);
    }
    CU_ASSERT_EQUAL(gy_trial_write(&t, run, 9, 1, 1, 9), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_trial_list(&dir, "run"), "HEAD best latest step-000000009 ");
    CU_ASSERT_EQUAL(
        gy_trial_write(&t, gy_tempdir_join(&dir, "run/checkpoints/latest/index.h5"), 1, 0, 1, 0),
        GY_E_IO);
    CU_ASSERT_TRUE(gy_trial_says("Not a directory"));
    gy_trial_free(&t);
    gy_trial_leave(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(every_byte_of_every_file_counts), GY_TEST(damaged_numbers_are_not_read),
                 GY_TEST(exchanged_shards_are_found), GY_TEST(models_that_do_not_fit_are_named),
                 GY_TEST(single_files_are_read_too), GY_TEST(full_disks_leave_what_was))
