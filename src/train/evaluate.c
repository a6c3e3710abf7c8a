/* Evaluation of a run: what is remembered and told of it, by names like validation_loss. */
#include "train_impl.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double gy_run_value(const gy_run *run, const char *name)
{
    for (int i = 0; i < run->at.n_values; i++)
        if (strcmp(run->at.values[i].name, name) == 0) return run->at.values[i].value;
    return NAN;
}

gy_status gy_run_set_value(gy_run *run, const char *name, double value)
{
    for (int i = 0; i < run->at.n_values; i++) {
        if (strcmp(run->at.values[i].name, name) != 0) continue;
        run->at.values[i].value = value;
        return GY_OK;
    }
    if (run->at.n_values == GY_VALUES) return GY_OK;
    gy_value *v = &run->at.values[run->at.n_values];
    GY_TRY(gy_pool_string(&run->pool, name, &v->name));
    v->value = value;
    run->at.n_values++;
    return GY_OK;
}

/* Remembers "validation_loss" and the like, and adds it to the report. */
static gy_status put(gy_run *run, gy_report *report, gy_part part, const char *what, double value)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s_%s", gy_part_names[part], what);
    GY_TRY(gy_run_set_value(run, name, value));
    for (int i = 0; i < run->at.n_values; i++)
        if (strcmp(run->at.values[i].name, name) == 0)
            gy_report_float(report, run->at.values[i].name, value);
    return GY_OK;
}

gy_status gy_run_report_tally(gy_run *run, gy_report *report, gy_part part, const double *tally)
{
    GY_TRY(put(run, report, part, "loss", gy_task_loss(tally)));
    for (int i = 0; i < run->network.task.n_metrics; i++)
        GY_TRY(put(run, report, part, run->network.task.metrics[i]->kind.name,
                   gy_task_metric(&run->network.task, i, tally)));
    return GY_OK;
}

gy_status gy_run_evaluate_and_tell(gy_run *run, gy_part part)
{
    gy_report report;
    double start = gy_clock_s(), *tally = NULL;
    GY_TRY(gy_comm_new_array(run->comm, run->network.task.sums, &tally));
    gy_status status = gy_run_settle(run);
    if (status == GY_OK)
        status = gy_feed_evaluate(&run->feed, &run->network, part, run->at.step, tally);
    gy_report_begin(&report, "evaluate");
    gy_report_text(&report, "split", gy_part_names[part]);
    gy_report_text(&report, "data", run->feed.text[part]);
    gy_report_int(&report, "samples", run->feed.split[part].samples);
    if (status == GY_OK)
        status = gy_comm_agree(run->comm, gy_run_report_tally(run, &report, part, tally));
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    if (status == GY_OK) gy_run_tell(run, &report, true);
    gy_free(run->ctx, tally);
    return status;
}
