/*
 * A network on one task: the optimizer begins anew, takes some steps, and the network is put back.
 *
 *     values   start ──inner steps──▶ end ──▶ start          gradients = (start − end) / tasks
 *
 * Invariants
 * 1. What comes of a task depends on its samples and on the start alone: it may be of any rank.
 * 2. Only buffers (batch_norm's) are left as the task made them; who sums tasks puts them back.
 */
#include "reptile.h"

#include "reptile_impl.h"

#include <string.h>

static gy_status allocate(gy_reptile *r)
{
    gy_model *model = r->network->model;
    const gy_params *params = gy_model_params(model);
    const gy_range whole = {0, params->trainable};
    const gy_ranges all = {&whole, 1};
    GY_TRY(gy_new_array(r->ctx, params->trainable, &r->start));
    GY_TRY(gy_new_array(r->ctx, gy_model_buffers(model)->floats, &r->buffers));
    GY_TRY(gy_new_array(r->ctx, r->network->task.sums, &r->spare));
    return gy_optim_create(r->ctx, r->network->kernel, &r->feed->config->optimizer, params, &all,
                           NULL, &r->optim);
}

gy_status gy_reptile_create(gy_feed *feed, gy_net *network, gy_model_use use, gy_reptile **out)
{
    gy_status status;
    gy_reptile *r = NULL;
    const gy_config *config = feed->config;
    GY_TRY_GOTO(fail, gy_new(feed->ctx, &r));
    *r = (gy_reptile){
        .ctx = feed->ctx, .feed = feed, .network = network, .use = use, .settings = &config->meta};
    r->rate = config->meta.inner_learning_rate;
    if (r->rate == 0) r->rate = config->optimizer.learning_rate;
    GY_TRY_GOTO(fail, allocate(r));
    *out = r;
    return GY_OK;
fail:
    gy_reptile_free(r);
    return status;
}

void gy_reptile_free(gy_reptile *r)
{
    if (r == NULL) return;
    gy_context *ctx = r->ctx;
    gy_optim_free(r->optim);
    gy_free(ctx, r->start);
    gy_free(ctx, r->buffers);
    gy_free(ctx, r->spare);
    gy_free(ctx, r);
}

void gy_reptile_begin(gy_reptile *r)
{
    gy_model *model = r->network->model;
    memcpy(r->start, gy_model_values(model),
           (size_t)gy_model_params(model)->trainable * sizeof *r->start);
    memcpy(r->buffers, gy_model_buffer_values(model),
           (size_t)gy_model_buffers(model)->floats * sizeof *r->buffers);
    for (int i = 0; i < gy_optim_slots(r->optim); i++)
        memset(gy_optim_slot(r->optim, i), 0,
               (size_t)gy_optim_slot_floats(r->optim, i) * sizeof(float));
    gy_optim_set_count(r->optim, 0);
}

void gy_reptile_put_back(gy_reptile *r)
{
    gy_model *model = r->network->model;
    memcpy(gy_model_values(model), r->start,
           (size_t)gy_model_params(model)->trainable * sizeof *r->start);
}

/* By how much a batch counts. */
static double weigh(const gy_task *task, const gy_task_batch *batch)
{
    double limbs[GY_LIMBS] = {0};
    if (!gy_task_weighs(task)) return (double)(batch->n * task->count);
    gy_task_weigh(task, batch, limbs);
    return gy_limbs_value(limbs);
}

gy_status gy_reptile_step(gy_reptile *r, const gy_samples *samples, gy_model_run *pass,
                          double *tally, double *loss)
{
    gy_net *net = r->network;
    float *w = gy_model_values(net->model), *g = gy_model_gradients(net->model);
    const gy_task_batch batch = {.n = samples->n, .target = samples->y, .weight = samples->w};
    const double weight = weigh(&net->task, &batch);
    gy_lesson lesson = {.n = samples->n,
                        .x = samples->x,
                        .y = samples->y,
                        .w = samples->w,
                        .scale = weight > 0 ? 1 / weight : 0,
                        .tally = tally};
    pass->first = samples->first;
    pass->scale = 1.0 / (double)samples->n;
    GY_TRY(gy_net_forward(net, pass, &lesson));
    *loss += lesson.loss;
    GY_TRY(gy_net_backward(net, pass, &lesson));
    if (weight == 0) return GY_OK; /* of nothing there is no update */
    (void)gy_optim_prepare(r->optim, w, g);
    return gy_optim_update(r->optim, r->rate, 1, w, g);
}

gy_model_run gy_reptile_pass(const gy_model_run *of)
{
    gy_model_run pass = *of;
    pass.first_use = true;
    pass.complete = NULL;
    pass.need = NULL;
    return pass;
}

gy_samples gy_reptile_cut(const gy_reptile *r, const gy_samples *of, int64_t from, int64_t n)
{
    const gy_task *task = &r->network->task;
    const int64_t each = gy_shape_count(gy_model_input(r->network->model));
    gy_samples cut = *of;
    cut.n = n;
    cut.first += from;
    cut.x += from * each;
    if (cut.y != NULL) cut.y += from * task->targets;
    if (cut.w != NULL) cut.w += from * task->weights;
    return cut;
}

/* start − end, over the tasks, where the gradients are. */
static void leave_gradients(gy_reptile *r)
{
    gy_model *model = r->network->model;
    const float *w = gy_model_values(model), share = 1.0f / (float)r->settings->tasks;
    const float *start = r->start;
    const int64_t n = gy_model_params(model)->trainable;
    float *g = gy_model_gradients(model);
    for (int64_t i = 0; i < n; i++) g[i] = (start[i] - w[i]) * share;
}

gy_status gy_reptile_train(gy_reptile *r, const gy_piece *piece, const gy_model_run *pass,
                           double *tally, double *loss)
{
    gy_model_run own = gy_reptile_pass(pass);
    const int64_t shots = r->settings->shots;
    const gy_samples all = {piece->n, pass->first, piece->n, piece->x, piece->y, piece->w};
    *loss = 0;
    gy_reptile_begin(r);
    for (int64_t i = 0; i < r->settings->inner_steps; i++) {
        const gy_samples some = gy_reptile_cut(r, &all, i * shots, shots);
        GY_TRY(gy_reptile_step(r, &some, &own, tally, loss));
    }
    leave_gradients(r);
    gy_reptile_put_back(r);
    return GY_OK;
}
