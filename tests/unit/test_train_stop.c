/* How much of a time limit is kept for what must be done before its end; what a later job knows of it. */
#include "gy_test.h"
#include "tempdir.h"

#include "base/clock.h"
#include "train/train_impl.h"

#include <math.h>

static void time_is_kept_for_saving(void)
{
    static const struct {
        double left, longest, saving;
        bool is_up;
    } cases[] = {{1000, 0, 0, false},   {1000, 900, 0, false},      {1000, 1100, 0, true},
                 {1000, 0, 450, false}, {1000, 0, 550, true},       {1000, 500, 300, true},
                 {-1, 0, 0, true},      {INFINITY, 1e9, 1e9, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_run run = {.deadline_s = gy_clock_s() + cases[i].left,
                      .job = {.end_s = INFINITY, .pipe = -1},
                      .at = {.longest_s = cases[i].longest, .saving_s = cases[i].saving}};
        CU_ASSERT_EQUAL(gy_run_time_is_up(&run), cases[i].is_up);
    }
}

/* Of an earlier job that saved once, the last. */
static void later_jobs_know_what_saving_takes(void)
{
    static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3'}\n"
                               "model: {input: [3], layers: [dense: {units: 3}]}\n"
                               "train: {epochs: 3, batch_size: 8}\n"
                               "threads: 1\n";
    char run_dir[GY_TEMPDIR + 16];
    gy_tempdir dir;
    gy_config *config = NULL;
    gy_comm *comm = NULL;
    gy_context *ctx = gy_test_context();
    gy_tempdir_make(&dir);
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", gy_tempdir_join(&dir, "run"));
    const char *const sets[] = {run_dir};
    const gy_train_options options = {.resume = "auto"};
    CU_ASSERT_EQUAL_FATAL(gy_comm_start(ctx), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_comm_create(ctx, NULL, &comm), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(ctx, "test", yaml, sets, 1, &config), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_train(ctx, comm, config, &options), GY_OK);
    gy_run run;
    gy_past past;
    gy_run_init(&run, ctx, comm, config, &options);
    CU_ASSERT_EQUAL_FATAL(gy_past_find(&run, &past), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_run_build(&run, &past.taught), GY_OK);
    CU_ASSERT_TRUE(past.there.saving_s > 0); /* as the first job measured */
    CU_ASSERT_EQUAL(run.at.saving_s, 0.0);
    CU_ASSERT_EQUAL(gy_past_take(&run, &past), GY_OK);
    CU_ASSERT_TRUE(run.at.saving_s >= past.there.saving_s);
    gy_run_clear(&run);
    gy_config_free(config);
    gy_comm_free(comm);
    gy_comm_stop(ctx);
    gy_tempdir_remove(&dir);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(time_is_kept_for_saving), GY_TEST(later_jobs_know_what_saving_takes))
