/*
 * The task: loss and metrics over batches, as sums that ranks can add.
 *
 *     tally   | loss | count | sums of metric 0 | sums of metric 1 | …
 */
#include "train_impl.h"

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
        t->sums += t->metrics[i]->sums(t->classes);
    }
    t->n_metrics = names->n;
    return GY_OK;
}

/* Targets must be of the kind that the loss is for, and the outputs enough for them. */
static gy_status check_targets(const gy_task *t, const char *data, const gy_source_info *info)
{
    const char *loss = t->loss->kind.name;
    GY_REQUIRE(info->supervised, GY_E_DATA,
               "no targets" GY_AT "%s" GY_WHY "the samples have no y" GY_HINT
               "give a source with targets",
               data);
    GY_REQUIRE(!t->loss->classifies || info->y_is_class, GY_E_DATA,
               "wrong targets" GY_AT "%s" GY_WHY "%s needs whole numbers of classes" GY_HINT
               "choose mse, mae or huber for values",
               data, loss);
    GY_REQUIRE(!t->loss->classifies || info->classes <= t->classes, GY_E_SHAPE,
               "too few outputs" GY_AT "model.layers" GY_WHY
               "the model has %lld, the classes of %s go up to %lld" GY_HINT
               "give the last layer %lld units, or look for stray classes",
               (long long)t->classes, data, (long long)info->classes - 1, (long long)info->classes);
    return GY_OK;
}

gy_status gy_task_init(gy_task *t, const gy_config *config, const gy_shape *out, const char *data,
                       const gy_source_info *info)
{
    *t = (gy_task){.loss = gy_loss_kind_of(config->loss.kind),
                   .loss_settings = config->loss.settings,
                   .out = *out,
                   .outputs = gy_shape_count(out),
                   .classes = gy_shape_last(out)};
    if (info != NULL) {
        GY_TRY(check_targets(t, data, info));
        GY_TRY(t->loss->shape(t->loss_settings, out, &info->y, &t->count));
    }
    return take_metrics(t, &config->metrics);
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
    for (int i = 0; i < t->n_metrics; i++)
        if (t->metrics[i]->add != NULL) t->metrics[i]->add(&b, tally + t->at[i]);
    double loss = t->loss->run(t->loss_settings, &b, scale, dy); /* may overwrite y */
    tally[LOSS] += loss;
    tally[COUNT] += (double)(batch * t->count);
    return loss;
}

double gy_task_loss(const double *tally)
{
    return tally[LOSS] / tally[COUNT];
}

double gy_task_metric(const gy_task *t, int i, const double *tally)
{
    return t->metrics[i]->value(tally + t->at[i], t->classes, tally[LOSS], tally[COUNT]);
}

bool gy_task_larger_is_better(const gy_task *t, const char *name)
{
    for (int i = 0; i < t->n_metrics; i++)
        if (strcmp(t->metrics[i]->kind.name, name) == 0) return t->metrics[i]->larger_is_better;
    return false;
}
