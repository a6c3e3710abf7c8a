/*
 * A network fitted to the tasks of a part. A task is a batch of the part's loader, whole on the rank that
 * takes it: the samples that are fitted to, then those that are measured on. Tallies stay apart by task
 * until all are there: every number is then of one rank, and no sum depends on how many there are.
 */
#include "reptile_impl.h"

#include "comm/watchdog.h"

#include <string.h>

int64_t gy_reptile_tasks(const gy_reptile *r, gy_part part)
{
    return r->feed->tasks[part].n;
}

/* Where the samples of every task lie, whatever its rank: the bits of a product may depend on that. */
static gy_samples place(const gy_reptile *r, const gy_batch *batch)
{
    gy_net *net = r->network;
    const int64_t each = gy_shape_count(gy_model_input(net->model));
    memcpy(net->x, batch->x, (size_t)(batch->n * each) * sizeof *net->x);
    if (batch->y != NULL)
        memcpy(net->y, batch->y, (size_t)(batch->n * net->task.targets) * sizeof *net->y);
    return (gy_samples){batch->n, 0, batch->n, net->x, batch->y == NULL ? NULL : net->y, batch->w};
}

static gy_status measure(gy_reptile *r, const gy_samples *queries, gy_model_run *pass,
                         double *tally)
{
    gy_net *net = r->network;
    gy_lesson lesson = {
        .n = queries->n, .x = queries->x, .y = queries->y, .w = queries->w, .tally = tally};
    GY_TRY(gy_model_plan(net->model, net->micro, GY_USE_MEASURING));
    pass->first = queries->first;
    GY_TRY(gy_net_forward(net, pass, &lesson));
    return gy_model_plan(net->model, net->micro, r->use);
}

/* @param tally  of the first measurement; `apart` further on is that of the next */
static gy_status fit(gy_reptile *r, const gy_samples *task, bool curve, double *tally,
                     int64_t apart)
{
    double loss = 0;
    const gy_meta_settings *meta = r->settings;
    const gy_model_run of = {.kernel = r->network->kernel, .seed = (uint64_t)r->feed->config->seed};
    gy_model_run pass = gy_reptile_pass(&of);
    const gy_samples shots = gy_reptile_cut(r, task, 0, meta->shots);
    const gy_samples queries = gy_reptile_cut(r, task, meta->shots, meta->queries);
    for (int64_t i = 0; i < meta->adapt_steps; i++) {
        if (curve) GY_TRY(measure(r, &queries, &pass, tally + i * apart));
        pass.step = i;
        GY_TRY(gy_reptile_step(r, &shots, &pass, r->spare, &loss));
    }
    return measure(r, &queries, &pass, tally + (curve ? meta->adapt_steps * apart : 0));
}

static gy_status fit_one(gy_reptile *r, gy_part part, int64_t i, bool curve, double *rows)
{
    gy_batch batch = {.n = 0};
    gy_model *model = r->network->model;
    const int64_t sums = r->network->task.sums;
    GY_TRY(gy_loader_seek(r->feed->loader[part], 0, i));
    GY_TRY(gy_loader_next(r->feed->loader[part], &batch));
    GY_TRY(gy_feed_check_batch(r->feed, part, &batch));
    const gy_samples task = place(r, &batch);
    gy_reptile_begin(r);
    gy_status status = fit(r, &task, curve, rows + i * sums, gy_reptile_tasks(r, part) * sums);
    gy_reptile_put_back(r);
    memcpy(gy_model_buffer_values(model), r->buffers,
           (size_t)gy_model_buffers(model)->floats * sizeof *r->buffers);
    return status;
}

static gy_status fit_own(gy_reptile *r, gy_part part, int64_t step, bool curve, double *rows)
{
    gy_comm *comm = r->feed->comm;
    const int64_t tasks = gy_reptile_tasks(r, part);
    GY_TRY(gy_model_plan(r->network->model, r->network->micro, r->use));
    for (int64_t i = gy_comm_rank(comm); i < tasks; i += gy_comm_ranks(comm)) {
        gy_watchdog_note(comm, step, "evaluation", GY_WORKS);
        GY_TRY(fit_one(r, part, i, curve, rows));
    }
    return GY_OK;
}

gy_status gy_reptile_evaluate(gy_reptile *r, gy_part part, int64_t step, bool curve, double *tally)
{
    double *rows = NULL;
    gy_comm *comm = r->feed->comm;
    const gy_task *task = &r->network->task;
    const int64_t tasks = gy_reptile_tasks(r, part);
    const int64_t turns = curve ? r->settings->adapt_steps + 1 : 1;
    gy_status status = gy_new_array(r->ctx, turns * tasks * task->sums, &rows);
    if (status == GY_OK) status = fit_own(r, part, step, curve, rows);
    gy_watchdog_note(comm, step, "evaluation", GY_WAITS);
    status = gy_comm_agree(comm, status);
    for (int64_t i = 0; i < turns && status == GY_OK; i++) {
        double *turn = rows + i * tasks * task->sums;
        status = gy_comm_sum(comm, turn, (int)(tasks * task->sums));
        gy_task_fold(task, (int)tasks, turn);
        memcpy(tally + i * task->sums, turn, (size_t)task->sums * sizeof *tally);
    }
    gy_free(r->ctx, rows);
    return status;
}
