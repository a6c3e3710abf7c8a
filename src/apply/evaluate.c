/* `eval`: loss and metrics of a checkpoint on a source. */
#include "opened.h"

#include "base/clock.h"
#include "base/door.h"
#include "loss/confusion.h"

#include <math.h>

static void tell(gy_opened *o, gy_part part, int metrics, const double *tally, double seconds)
{
    const gy_task *task = &o->network.task;
    gy_report report;
    gy_report_begin(&report, "evaluate");
    gy_report_text(&report, "data", o->feed.text[part]);
    gy_report_int(&report, "samples", o->feed.split[part].samples);
    gy_report_float(&report, "loss", gy_task_loss(tally));
    for (int i = 0; i < metrics; i++)
        gy_report_float(&report, task->metrics[i]->kind.name, gy_task_metric(task, i, tally));
    gy_report_float(&report, "seconds", seconds);
    gy_opened_tell(o, &report);
}

/* One event a class; sums: of gy_metric_confusion. */
static gy_status tell_class(gy_opened *o, gy_part part, const double *sums, int64_t class)
{
    const gy_task *task = &o->network.task;
    const gy_source_info *info = gy_feed_info(&o->feed, part);
    const gy_class_score score = gy_confusion_score(sums, task->classes, class);
    gy_report report;
    const char *name;
    int64_t *said = NULL;
    if (info->class_names != NULL && class < info->classes)
        name = info->class_names[class];
    else
        GY_TRY(gy_pool_format(&o->pool, &name, "%lld", (long long)class));
    gy_report_begin(&report, "class");
    gy_report_text(&report, "class", name);
    gy_report_int(&report, "number", class);
    gy_report_float(&report, "precision", score.precision);
    gy_report_float(&report, "recall", score.recall);
    gy_report_float(&report, "f1", score.f1);
    gy_report_float(&report, "met", score.met);
    GY_TRY(gy_new_array(o->ctx, task->classes, &said));
    for (int64_t i = 0; i < task->classes && gy_task_classifies(task); i++)
        said[i] = llround(score.said[i]);
    if (gy_task_classifies(task)) gy_report_ints(&report, "said", said, task->classes);
    gy_opened_tell(o, &report);
    gy_free(o->ctx, said);
    return GY_OK;
}

static gy_status tell_classes(gy_opened *o, gy_part part, const double *sums)
{
    for (int64_t i = 0; i < o->network.task.classes; i++) GY_TRY(tell_class(o, part, sums, i));
    return GY_OK;
}

static gy_status evaluate(gy_opened *o, gy_part part, bool per_class)
{
    double start = gy_clock_s(), *tally = NULL;
    const int metrics = o->network.task.n_metrics;
    int at = 0;
    GY_REQUIRE(gy_feed_info(&o->feed, part)->supervised, GY_E_DATA,
               "cannot evaluate" GY_AT "%s" GY_WHY "the samples have no targets",
               o->feed.text[part]);
    if (per_class) GY_TRY(gy_task_count_classes(&o->network.task, &at));
    GY_TRY(gy_comm_new_array(o->comm, o->network.task.sums, &tally));
    gy_status status = gy_feed_evaluate(&o->feed, &o->network, part, o->head.step, tally);
    if (status == GY_OK) tell(o, part, metrics, tally, gy_clock_s() - start);
    if (status == GY_OK && per_class) status = tell_classes(o, part, tally + at);
    gy_free(o->ctx, tally);
    return status;
}

gy_status gy_evaluate(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_apply_options *options)
{
    GY_DOOR;
    gy_opened o;
    gy_part part = GY_PART_TEST;
    gy_status status = gy_opened_open_on_data(ctx, comm, path, options, &o, &part);
    if (status == GY_OK) status = gy_comm_agree(comm, evaluate(&o, part, options->per_class));
    gy_opened_close(&o);
    return status;
}
