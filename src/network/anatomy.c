/*
 * The anatomy of a network: a row a layer, the totals, the memory of its passes; the formula by which
 * a network of dense layers counts.
 */
#include "network.h"

#include <gyre/model.h>

#include "base/buffer.h"
#include "form/form.h"
#include "kernel/conv.h"

#include <stdio.h>
#include <string.h>

typedef struct owner {
    gy_anatomy anatomy; /* first: what users hold */
    gy_pool pool;
    gy_anatomy_layer *layers;
    gy_anatomy_param *params;
    gy_anatomy_size *sizes;
} owner;

static gy_status shape_text(gy_pool *pool, const gy_shape *shape, const char **out)
{
    char text[GY_SHAPE_TEXT];
    return gy_pool_string(pool, gy_shape_text(shape, text), out);
}

static gy_status take_layers(owner *o, gy_model *model)
{
    gy_anatomy *a = &o->anatomy;
    a->n_layers = gy_model_layers(model);
    GY_TRY(gy_pool_array(&o->pool, a->n_layers, &o->layers));
    a->layers = o->layers;
    for (int i = 0; i < a->n_layers; i++) {
        gy_layer_row row = gy_model_layer(model, i);
        gy_anatomy_layer *l = &o->layers[i];
        *l = (gy_anatomy_layer){.kind = row.kind,
                                .method = row.method,
                                .weights = row.weights,
                                .biases = row.biases,
                                .frozen = row.frozen,
                                .flops = row.flops};
        GY_TRY(gy_pool_string(&o->pool, row.name, &l->name));
        GY_TRY(shape_text(&o->pool, &row.out, &l->output));
        a->weights += row.weights;
        a->biases += row.biases;
        a->frozen += row.frozen;
        a->flops += row.flops;
    }
    a->total = a->weights + a->biases;
    a->trainable = a->total - a->frozen;
    return GY_OK;
}

static gy_status take_params(owner *o, gy_model *model)
{
    const gy_params *table = gy_model_params(model);
    gy_anatomy *a = &o->anatomy;
    a->n_params = table->n + table->formed;
    GY_TRY(gy_pool_array(&o->pool, a->n_params, &o->params));
    a->params = o->params;
    for (int i = 0; i < a->n_params; i++) {
        gy_anatomy_param *p = &o->params[i];
        *p = (gy_anatomy_param){
            .role = gy_role_names[table->v[i].role],
            .form = table->v[i].form == NULL ? "float32" : table->v[i].form->kind->kind.name,
            .trainable = table->v[i].trainable,
            .count = table->v[i].count};
        GY_TRY(gy_pool_string(&o->pool, table->v[i].name, &p->name));
        GY_TRY(shape_text(&o->pool, &table->v[i].shape, &p->shape));
    }
    a->buffers = gy_model_buffers(model)->elements;
    return GY_OK;
}

static gy_status take_sizes(owner *o)
{
    const int n = gy_form_registry.n;
    GY_TRY(gy_pool_array(&o->pool, n + 1, &o->sizes));
    o->sizes[0].form = "float32";
    for (int i = 0; i < n; i++) o->sizes[i + 1].form = gy_form_registry.kinds[i]->name;
    o->anatomy.sizes = o->sizes;
    o->anatomy.n_sizes = n + 1;
    return GY_OK;
}

/* [units, n] of a plain dense layer. */
static const gy_param *dense_weight(const gy_params *table, const gy_layer_row *row)
{
    char name[256];
    int n = snprintf(name, sizeof name, "%s/weight", row->name);
    int at = n > 0 && (size_t)n < sizeof name ? gy_params_find(table, name) : -1;
    bool plain = strcmp(row->kind, "dense") == 0 && at >= 0 && table->v[at].shape.n == 2 &&
                 table->v[at].count == row->weights;
    return plain ? &table->v[at] : NULL;
}

/* "(3·4 + 4·1) + (4 + 1) = 16 + 5 = 21"; nothing where other layers have parameters. */
static gy_status take_formula(owner *o, gy_model *model)
{
    gy_buffer weights, biases;
    gy_anatomy *a = &o->anatomy;
    bool plain = a->total > 0;
    gy_buffer_init(&weights, o->pool.ctx);
    gy_buffer_init(&biases, o->pool.ctx);
    for (int i = 0; i < gy_model_layers(model) && plain; i++) {
        gy_layer_row row = gy_model_layer(model, i);
        if (row.weights + row.biases == 0) continue;
        const gy_param *w = dense_weight(gy_model_params(model), &row);
        plain = w != NULL;
        if (!plain) break;
        gy_buffer_format(&weights, "%s%lld·%lld", weights.bytes > 0 ? " + " : "",
                         (long long)w->shape.d[1], (long long)w->shape.d[0]);
        if (row.biases > 0)
            gy_buffer_format(&biases, "%s%lld", biases.bytes > 0 ? " + " : "",
                             (long long)row.biases);
    }
    gy_status status = weights.status != GY_OK ? weights.status : biases.status;
    if (status == GY_OK && plain)
        status =
            gy_pool_format(&o->pool, &a->formula, "(%s) + (%s) = %lld + %lld = %lld",
                           gy_buffer_text(&weights), a->biases > 0 ? gy_buffer_text(&biases) : "0",
                           (long long)a->weights, (long long)a->biases, (long long)a->total);
    gy_buffer_clear(&weights);
    gy_buffer_clear(&biases);
    return status;
}

/* What the loss takes for a piece, and the samples of a grain. */
static int64_t piece_bytes(const gy_net *n)
{
    const int64_t sample = gy_shape_count(gy_model_input(n->model)) + n->task.targets;
    const int64_t room = n->task.loss == NULL ? 0 : gy_task_room(&n->task, n->micro);
    return (room + (n->grains > 0 ? n->micro * sample : 0)) * (int64_t)sizeof(float);
}

/* The precisions of products, and what makes those that are not in float32. */
static void tell_products(gy_anatomy *a, const gy_net *n)
{
    gy_precision precision = n->spec.precision;
    a->precision = gy_precision_names[precision];
    for (int i = 0; i < a->n_layers && a->winograd == NULL; i++) {
        const char *method = a->layers[i].method;
        if (method == NULL || strcmp(method, gy_conv_names[GY_CONV_winograd]) != 0) continue;
        a->winograd = gy_precision_names[n->spec.winograd];
        if (precision == GY_PRECISION_float32) precision = n->spec.winograd;
    }
    a->products_by = gy_kernel_products(n->ctx, precision);
}

static gy_status take(owner *o, gy_net *n, const char *name, gy_model_use use)
{
    gy_anatomy *a = &o->anatomy;
    gy_model_memory memory;
    a->step = -1;
    a->batch = n->micro;
    GY_TRY(gy_pool_string(&o->pool, name, &a->name));
    GY_TRY(shape_text(&o->pool, gy_model_input(n->model), &a->input));
    GY_TRY(take_layers(o, n->model));
    tell_products(a, n);
    GY_TRY(take_params(o, n->model));
    GY_TRY(take_sizes(o));
    GY_TRY(take_formula(o, n->model));
    GY_TRY(gy_model_measure(n->model, n->micro, use, &memory));
    a->parameter_bytes = memory.parameters + memory.buffers;
    a->gradient_bytes = memory.gradients;
    a->packed_bytes = memory.packed;
    a->activation_bytes = memory.activations + piece_bytes(n);
    return GY_OK;
}

gy_status gy_net_take_apart(gy_net *n, const char *name, gy_model_use use, gy_anatomy **out)
{
    owner *o = NULL;
    GY_TRY(gy_new(n->ctx, &o));
    gy_pool_init(&o->pool, n->ctx);
    gy_status status = take(o, n, name, use);
    if (status == GY_OK)
        *out = &o->anatomy;
    else
        gy_anatomy_free(n->ctx, &o->anatomy);
    return status;
}

void gy_anatomy_free(gy_context *ctx, gy_anatomy *anatomy)
{
    if (anatomy == NULL) return;
    owner *o = (owner *)anatomy;
    gy_pool_clear(&o->pool);
    gy_free(ctx, o);
}

const char *gy_model_bfloat16_by(const gy_context *ctx)
{
    return gy_kernel_products(ctx, GY_PRECISION_bfloat16);
}

const char *gy_model_library(void)
{
    return gy_blas_name();
}
