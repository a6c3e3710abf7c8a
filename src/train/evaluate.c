/* Evaluation of a run: what is remembered and told of it, by names like validation_loss. */
#include "train_impl.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

static gy_status add_name(gy_run *run, gy_part part, const char *what)
{
    gy_value *v = &run->at.values[run->at.n_values++];
    *v = (gy_value){.value = NAN, .best = NAN};
    return gy_pool_format(&run->pool, &v->name, "%s_%s", gy_part_names[part], what);
}

gy_status gy_run_name_values(gy_run *run)
{
    const gy_task *task = &run->network.task;
    for (int part = 0; part < GY_PARTS; part++) {
        if (run->feed.source[part] == NULL) continue;
        GY_TRY(add_name(run, (gy_part)part, "loss"));
        for (int i = 0; i < task->n_metrics; i++)
            GY_TRY(add_name(run, (gy_part)part, task->metrics[i]->kind.name));
    }
    return GY_OK;
}

double gy_run_value(const gy_run *run, const char *name)
{
    for (int i = 0; i < run->at.n_values; i++)
        if (strcmp(run->at.values[i].name, name) == 0) return run->at.values[i].value;
    return NAN;
}

/* Remembers "validation_loss" and the like, and adds it to the report. */
static void put(gy_run *run, gy_report *report, gy_part part, const char *what, double value)
{
    const char *of = gy_part_names[part];
    size_t n = strlen(of);
    for (int i = 0; i < run->at.n_values; i++) {
        gy_value *v = &run->at.values[i];
        if (strncmp(v->name, of, n) != 0 || v->name[n] != '_' || strcmp(v->name + n + 1, what) != 0)
            continue;
        v->known = true;
        v->value = value;
        gy_report_float(report, v->name, value);
    }
}

void gy_run_report_tally(gy_run *run, gy_report *report, gy_part part, const double *tally)
{
    const gy_task *task = &run->network.task;
    put(run, report, part, "loss", gy_task_loss(tally));
    for (int i = 0; i < task->n_metrics; i++)
        put(run, report, part, task->metrics[i]->kind.name, gy_task_metric(task, i, tally));
}

gy_status gy_run_evaluate_and_tell(gy_run *run, gy_part part)
{
    gy_report report;
    double start = gy_clock_s(), *tally = NULL;
    GY_TRY(gy_comm_new_array(run->comm, run->network.task.sums, &tally));
    gy_status status = gy_run_settle(run);
    if (status == GY_OK)
        status = run->reptile != NULL
                     ? gy_reptile_evaluate(run->reptile, part, run->at.step, false, tally)
                     : gy_feed_evaluate(&run->feed, &run->network, part, run->at.step, tally);
    gy_report_begin(&report, "evaluate");
    gy_report_text(&report, "split", gy_part_names[part]);
    gy_report_text(&report, "data", run->feed.text[part]);
    const int64_t tasks = run->feed.tasks[part].n; /* a few samples of each */
    gy_report_int(&report, "samples",
                  tasks > 0 ? tasks * run->config->meta.queries : run->feed.split[part].samples);
    if (tasks > 0) gy_report_int(&report, "tasks", tasks);
    if (status == GY_OK) gy_run_report_tally(run, &report, part, tally);
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    if (status == GY_OK) gy_run_tell(run, &report, true);
    gy_free(run->ctx, tally);
    return status;
}
