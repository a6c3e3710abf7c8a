/* `eval`: loss and metrics of a checkpoint on a source. */
#include "opened.h"

#include "base/clock.h"

static void tell(gy_opened *o, gy_part part, const double *tally, double seconds)
{
    const gy_task *task = &o->network.task;
    gy_report report;
    gy_report_begin(&report, "evaluate");
    gy_report_text(&report, "data", o->feed.text[part]);
    gy_report_int(&report, "samples", o->feed.split[part].samples);
    gy_report_float(&report, "loss", gy_task_loss(tally));
    for (int i = 0; i < task->n_metrics; i++)
        gy_report_float(&report, task->metrics[i]->kind.name, gy_task_metric(task, i, tally));
    gy_report_float(&report, "seconds", seconds);
    gy_opened_tell(o, &report);
}

static gy_status evaluate(gy_opened *o, gy_part part)
{
    double start = gy_clock_s(), *tally = NULL;
    GY_REQUIRE(gy_feed_info(&o->feed, part)->supervised, GY_E_DATA,
               "cannot evaluate" GY_AT "%s" GY_WHY "the samples have no targets",
               o->feed.text[part]);
    GY_TRY(gy_comm_new_array(o->comm, o->network.task.sums, &tally));
    gy_status status = gy_feed_evaluate(&o->feed, &o->network, part, o->head.step, tally);
    if (status == GY_OK) tell(o, part, tally, gy_clock_s() - start);
    gy_free(o->ctx, tally);
    return status;
}

gy_status gy_evaluate(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_apply_options *options)
{
    gy_opened o;
    gy_part part = GY_PART_TEST;
    gy_status status = gy_opened_open_on_data(ctx, comm, path, options, &o, &part);
    if (status == GY_OK) status = gy_comm_agree(comm, evaluate(&o, part));
    gy_opened_close(&o);
    return status;
}
