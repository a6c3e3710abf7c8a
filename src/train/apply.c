/*
 * A trained model put to work: `eval` and `predict`. The data are read as the training data taught;
 * each rank passes its part of every batch.
 */
#include "opened_impl.h"

#include "base/clock.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* The source asked for, else the configuration's test data, else its validation data. */
static gy_status choose_data(gy_run *run, const char *data, gy_part *part)
{
    const gy_data_settings *settings = &run->config->data;
    gy_feed *feed = &run->feed;
    *part = GY_PART_TEST;
    feed->text[*part] = data != NULL ? data : settings->test;
    if (feed->text[*part] != NULL) return GY_OK;
    *part = GY_PART_VALIDATION;
    feed->text[*part] = settings->validation;
    if (feed->text[*part] == NULL && settings->validation_fraction > 0)
        feed->text[*part] = settings->train;
    GY_REQUIRE(feed->text[*part] != NULL, GY_E_USAGE,
               "no data" GY_AT "--data" GY_WHY
               "the configuration names neither test nor validation data" GY_HINT
               "give --data SOURCE");
    return GY_OK;
}

/* Kernel, model with the checkpoint's values, one source and its loader. */
static gy_status prepare(gy_run *run, const gy_opened *opened, const char *data, gy_part *part)
{
    gy_feed *feed = &run->feed;
    gy_status status = gy_opened_build(run);
    if (status == GY_OK) status = choose_data(run, data, part);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_opened_read(opened, run));
    GY_TRY(gy_feed_open(feed, &opened->taught));
    const gy_source_info *info = gy_feed_info(feed, *part);
    status = gy_task_init(&run->task, run->config, gy_model_output(run->model), feed->text[*part],
                          info->supervised ? info : NULL);
    if (run->task.loss->classifies) feed->classes = run->task.classes;
    int64_t batch = run->config->train.batch_size;
    if (batch < run->ranks) batch = run->ranks;
    if (status == GY_OK) status = gy_feed_load(feed, *part, batch);
    if (status == GY_OK) {
        gy_run_set_micro(run, batch);
        status = gy_run_make_pieces(run, *part);
        if (status == GY_OK) status = gy_model_plan(run->model, run->micro, GY_USE_EVALUATION);
    }
    return gy_comm_agree(run->comm, status);
}

static gy_status evaluate(gy_run *run, gy_part part, double *tally)
{
    gy_report report;
    double start = gy_clock_s();
    if (!gy_feed_info(&run->feed, part)->supervised)
        return gy_raise(GY_E_DATA,
                        "cannot evaluate" GY_AT "%s" GY_WHY "the samples have no targets",
                        run->feed.text[part]);
    GY_TRY(gy_run_evaluate(run, part, tally));
    gy_report_begin(&report, "evaluate");
    gy_report_text(&report, "data", run->feed.text[part]);
    gy_report_int(&report, "samples", run->feed.split[part].samples);
    gy_report_float(&report, "loss", gy_task_loss(tally));
    for (int i = 0; i < run->task.n_metrics; i++)
        gy_report_float(&report, run->task.metrics[i]->kind.name,
                        gy_task_metric(&run->task, i, tally));
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    gy_run_tell(run, &report, false);
    return GY_OK;
}

/* What is to be done with which data. */
typedef struct application {
    const char *data;
    gy_status (*work)(gy_run *run, gy_part part, const char *out_path);
    const char *out_path;
} application;

static gy_status work(gy_run *run, const gy_opened *opened, void *user)
{
    const application *a = user;
    gy_part part = GY_PART_TEST;
    GY_TRY(prepare(run, opened, a->data, &part));
    return a->work(run, part, a->out_path);
}

static gy_status apply(gy_context *ctx, gy_comm *comm, const char *path,
                       const gy_apply_options *options, application *a)
{
    const gy_opening opening = {.path = path,
                                .sets = options->sets,
                                .n_sets = options->n_sets,
                                .observer = options->observer,
                                .observer_user = options->observer_user};
    a->data = options->data;
    return gy_opened_apply(ctx, comm, &opening, work, a);
}

static gy_status work_evaluate(gy_run *run, gy_part part, const char *out_path)
{
    double *tally = NULL;
    (void)out_path;
    GY_TRY(gy_comm_agree(run->comm, gy_new_array(run->ctx, run->task.sums, &tally)));
    gy_status status = evaluate(run, part, tally);
    gy_free(run->ctx, tally);
    return gy_comm_agree(run->comm, status);
}

gy_status gy_evaluate(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_apply_options *options)
{
    return apply(ctx, comm, path, options, &(application){.work = work_evaluate});
}

gy_status gy_predict(gy_context *ctx, gy_comm *comm, const char *path,
                     const gy_apply_options *options, const char *out_path)
{
    return apply(ctx, comm, path, options,
                 &(application){.work = gy_run_predict, .out_path = out_path});
}
