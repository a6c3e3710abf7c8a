/*
 * The task: loss and metrics over batches, as sums that ranks can add.
 *
 *     tally   | loss | count | sums of metric 0 | sums of metric 1 | …
 */
#include "task.h"

#include <string.h>

enum { LOSS, COUNT, METRICS };

static gy_status take_metrics(gy_task *t, const gy_strings *names)
{
    GY_REQUIRE(names->n <= GY_TASK_METRICS, GY_E_CONFIG,
               "too many metrics" GY_AT "metrics" GY_WHY "there may be %d", GY_TASK_METRICS);
    t->sums = METRICS;
    for (int i = 0; i < names->n; i++) {
        const gy_kind *kind = gy_registry_find(&gy_metric_registry, names->v[i]);
        t->metrics[i] = gy_metric_kind_of(kind);
        GY_TRY(gy_metric_check(t->metrics[i], t->loss, t->classes));
        t->at[i] = t->sums;
        t->sums += gy_metric_sums(t->metrics[i], t->classes);
    }
    t->n_metrics = names->n;
    return GY_OK;
}

gy_status gy_task_init(gy_task *t, const gy_choice *loss, const gy_strings *metrics,
                       const gy_shape *out, const gy_shape *target)
{
    *t = (gy_task){.loss = gy_loss_kind_of(loss->kind),
                   .loss_settings = loss->settings,
                   .out = *out,
                   .outputs = gy_shape_count(out),
                   .classes = gy_shape_last(out)};
    if (target != NULL) {
        t->targets = gy_shape_count(target);
        GY_TRY(gy_loss_shape(t->loss, out, target, &t->count));
    }
    return take_metrics(t, metrics);
}

double gy_task_add(const gy_task *t, const gy_kernel *k, int64_t batch, const float *y,
                   const float *target, float scale, float *dy, double *tally)
{
    gy_loss_batch b = {.loss = t->loss,
                       .kernel = k,
                       .batch = batch,
                       .out = &t->out,
                       .outputs = t->outputs,
                       .y = y,
                       .target = target};
    if (batch == 0) return 0;
    for (int i = 0; i < t->n_metrics; i++) t->metrics[i]->add(&b, tally + t->at[i]);
    double loss = t->loss->run(t->loss_settings, &b, scale, dy); /* may overwrite y */
    tally[LOSS] += loss;
    tally[COUNT] += (double)(batch * t->count);
    return loss;
}

void gy_task_fold(const gy_task *t, int n, double *rows)
{
    for (int row = 1; row < n; row++)
        for (int i = 0; i < t->sums; i++) rows[i] += rows[row * t->sums + i];
}

bool gy_task_classifies(const gy_task *t)
{
    return t->loss->target == GY_TARGET_CLASS;
}

double gy_task_loss(const double *tally)
{
    return tally[LOSS] / tally[COUNT];
}

double gy_task_metric(const gy_task *t, int i, const double *tally)
{
    return gy_metric_value(t->metrics[i], tally + t->at[i], t->classes, tally[COUNT]);
}

bool gy_task_larger_is_better(const gy_task *t, const char *name)
{
    for (int i = 0; i < t->n_metrics; i++)
        if (strcmp(t->metrics[i]->kind.name, name) == 0) return t->metrics[i]->larger_is_better;
    return false;
}
