#include "measure.h"

#include "base/clock.h"

enum { LEAST_TURNS = 5 };
static const double LEAST_S = 0.05; /* that a rate is measured for */

static int64_t count_zeros(int64_t n, const float *w)
{
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++) zeros += w[i] == 0;
    return zeros;
}

static gy_status count_form(gy_context *ctx, const gy_form *form, gy_measured *out)
{
    float *values;
    const int64_t n = form->rows * form->columns;
    GY_TRY(gy_new_array(ctx, n, &values));
    gy_form_expand(form, values);
    out->zeros += count_zeros(n, values);
    out->parameters += n;
    out->bytes += gy_form_bytes(form);
    gy_free(ctx, values);
    return GY_OK;
}

static gy_status count(const gy_net *network, gy_measured *out)
{
    gy_model *model = network->model;
    const gy_params *params = gy_model_params(model);
    out->parameters = params->elements;
    out->bytes = params->elements * (int64_t)sizeof(float);
    for (int i = 0; i < params->n; i++)
        out->zeros += count_zeros(params->v[i].count, gy_model_values(model) + params->v[i].offset);
    for (int i = params->n; i < params->n + params->formed; i++)
        GY_TRY(count_form(network->ctx, params->v[i].form, out));
    for (int i = 0; i < gy_model_layers(model); i++) out->flops += gy_model_layer(model, i).flops;
    return GY_OK;
}

/* Of forward passes over a batch of zeros; the fastest of several. */
static gy_status measure_rate(gy_net *network, double *out)
{
    float *x, *y;
    double best = 0;
    int turns = 0;
    const int64_t n = network->micro;
    GY_TRY(gy_new_array(network->ctx, n * gy_shape_count(gy_model_input(network->model)), &x));
    gy_model_run run = {.kernel = network->kernel, .scale = 1.0 / (double)n};
    gy_status status = GY_OK;
    double now = gy_clock_s(), then, end = now + LEAST_S;
    for (; now < end || turns < LEAST_TURNS; now = then, turns++) {
        status = gy_model_forward(network->model, &run, n, x, &y);
        then = gy_clock_s();
        if (status != GY_OK) break;
        if (best == 0 || then - now < best) best = then - now;
    }
    gy_free(network->ctx, x);
    *out = (double)n / (best > 0 ? best : LEAST_S);
    return status;
}

static gy_status prepare(gy_opened *o, gy_part part, gy_net *network)
{
    const gy_config *config = o->config;
    const int64_t batch = gy_most(config->train.batch_size, o->ranks);
    GY_TRY(part == GY_PARTS ? gy_net_aim(network, NULL) : gy_feed_aim(&o->feed, network, part));
    gy_net_cut(network, batch, o->ranks, config->train.micro_batch_size);
    if (network->x == NULL) GY_TRY(gy_net_make_pieces(network));
    GY_TRY(gy_model_plan(network->model, network->micro, GY_USE_EVALUATION));
    return GY_OK;
}

static gy_status measure_loss(gy_opened *o, gy_part part, gy_net *network, gy_measured *out)
{
    double *tally = NULL;
    GY_TRY(gy_comm_new_array(o->comm, network->task.sums, &tally));
    gy_status status = gy_feed_evaluate(&o->feed, network, part, o->head.step, tally);
    if (status == GY_OK) {
        out->has_loss = true;
        out->loss = gy_task_loss(tally);
        for (int i = 0; i < network->task.n_metrics; i++)
            out->metrics[i] = gy_task_metric(&network->task, i, tally);
    }
    gy_free(o->ctx, tally);
    return status;
}

gy_status gy_measure(gy_opened *o, gy_part part, gy_net *network, gy_measured *out)
{
    *out = (gy_measured){.bytes = 0};
    gy_status status = count(network, out);
    if (status == GY_OK) status = prepare(o, part, network);
    if (status == GY_OK) status = measure_rate(network, &out->rate);
    GY_TRY(gy_comm_agree(o->comm, status));
    if (part == GY_PARTS) return GY_OK;
    GY_REQUIRE(gy_feed_info(&o->feed, part)->supervised, GY_E_DATA,
               "cannot measure the loss" GY_AT "%s" GY_WHY "the samples have no targets",
               o->feed.text[part]);
    return measure_loss(o, part, network, out);
}

/* Names under which a measure is reported. */
typedef struct names {
    gy_pool *pool;
    const char *prefix;
    gy_status status;
} names;

static const char *name(names *n, const char *what)
{
    const char *full = what;
    if (n->status == GY_OK) n->status = gy_pool_format(n->pool, &full, "%s_%s", n->prefix, what);
    return full;
}

gy_status gy_measured_report(const gy_measured *m, const gy_task *task, const char *prefix,
                             gy_pool *pool, gy_report *report)
{
    names n = {pool, prefix, GY_OK};
    gy_report_int(report, name(&n, "bytes"), m->bytes);
    gy_report_int(report, name(&n, "parameters"), m->parameters);
    gy_report_int(report, name(&n, "zeros"), m->zeros);
    gy_report_float(report, name(&n, "flops"), m->flops);
    gy_report_float(report, name(&n, "samples_per_second"), m->rate);
    if (m->has_loss) gy_report_float(report, name(&n, "loss"), m->loss);
    for (int i = 0; i < task->n_metrics && m->has_loss; i++)
        gy_report_float(report, name(&n, task->metrics[i]->kind.name), m->metrics[i]);
    return n.status;
}
