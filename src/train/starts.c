/*
 * Where a network may start, compared: a run is built, takes each start, is fitted to new tasks from
 * there, and thrown away.
 */
#include "train_impl.h"

#include "base/door.h"

static gy_status take_checkpoint(gy_run *run, const char *path)
{
    char *found = NULL;
    gy_model *model = run->network.model;
    gy_checkpoint_head head;
    GY_TRY(gy_checkpoint_find(run->ctx, run->comm, path, &found));
    gy_status status = gy_checkpoint_read_head(run->ctx, run->comm, found, &run->pool, &head);
    gy_checkpoint_slot average = {.name = "average", .v = gy_model_values(model)};
    if (status == GY_OK)
        status = gy_checkpoint_read(run->ctx, run->comm, found, GY_MATCH_PARAMS,
                                    gy_model_params(model), gy_model_values(model),
                                    gy_model_buffers(model), gy_model_buffer_values(model),
                                    &average, gy_checkpoint_has_slot(&head, average.name));
    gy_free(run->ctx, found);
    return status;
}

static gy_status take_start(gy_run *run, const char *start)
{
    gy_watchdog_note(run->comm, 0, "take a start", GY_WORKS);
    if (start != NULL) return take_checkpoint(run, start);
    return gy_comm_agree(run->comm,
                         gy_model_start(run->network.model, (uint64_t)run->config->seed));
}

static void tell_curve(gy_run *run, gy_part part, const char *start, const double *tally)
{
    for (int64_t i = 0; i <= run->config->meta.adapt_steps; i++) {
        gy_report report;
        gy_report_begin(&report, "adapt");
        gy_report_text(&report, "start", start == NULL ? "random" : start);
        gy_report_int(&report, "adapt_steps", i);
        gy_report_int(&report, "tasks", gy_reptile_tasks(run->reptile, part));
        gy_run_report_tally(run, &report, part, tally + i * run->network.task.sums);
        gy_run_tell(run, &report, false);
    }
}

static gy_status measure(gy_run *run, gy_part part, const char *const *starts, int n)
{
    double *tally = NULL;
    const int64_t turns = run->config->meta.adapt_steps + 1;
    GY_TRY(gy_comm_new_array(run->comm, turns * run->network.task.sums, &tally));
    gy_status status = GY_OK;
    for (int i = 0; i < n && status == GY_OK; i++) {
        status = take_start(run, starts[i]);
        if (status == GY_OK) status = gy_reptile_evaluate(run->reptile, part, 0, true, tally);
        if (status == GY_OK) tell_curve(run, part, starts[i], tally);
    }
    gy_free(run->ctx, tally);
    return status;
}

static gy_status check(const gy_run *run)
{
    const gy_config *config = run->config;
    GY_REQUIRE(config->meta.tasks > 0, GY_E_CONFIG,
               "no training on tasks" GY_AT "meta.tasks: 0" GY_WHY
               "it says how many tasks a step has" GY_HINT
               "--set meta.tasks=4; gyre help meta has the rest");
    GY_REQUIRE(gy_feed_name(config, GY_PART_TEST) != NULL ||
                   gy_feed_name(config, GY_PART_VALIDATION) != NULL,
               GY_E_CONFIG,
               "no new tasks" GY_AT "data.test" GY_WHY "starts are compared on them" GY_HINT
               "give data.test or data.validation");
    return GY_OK;
}

static gy_status build_and_measure(gy_run *run, const char *const *starts, int n)
{
    const gy_taught nothing = {.fit = NULL};
    GY_TRY(gy_config_agree(run->comm, run->config));
    GY_TRY(gy_comm_agree(run->comm, check(run)));
    GY_TRY(gy_run_build(run, &nothing));
    const bool tests = run->feed.source[GY_PART_TEST] != NULL;
    return measure(run, tests ? GY_PART_TEST : GY_PART_VALIDATION, starts, n);
}

static gy_status compare(gy_context *ctx, gy_comm *comm, const gy_config *config,
                         const gy_train_options *options, const char *const *starts, int n)
{
    gy_run run;
    const gy_train_options own = {
        .resume = "none", .observer = options->observer, .observer_user = options->observer_user};
    gy_run_init(&run, ctx, comm, config, &own);
    gy_status status = build_and_measure(&run, starts, n);
    gy_run_clear(&run);
    return status;
}

gy_status gy_meta(gy_context *ctx, gy_comm *comm, const gy_config *config,
                  const gy_train_options *options, const char *const *against, int n)
{
    GY_DOOR;
    const char *random = NULL, *end = config->run_dir;
    GY_TRY(compare(ctx, comm, config, options, &random, 1));
    GY_TRY(compare(ctx, comm, config, options, against, n));
    GY_TRY(gy_train(ctx, comm, config, options));
    return compare(ctx, comm, config, options, &end, 1);
}
