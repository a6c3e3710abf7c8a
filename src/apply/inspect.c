/* `inspect`: the anatomy of a configuration or of a checkpoint, with what its values are like. */
#include "opened.h"

#include <gyre/model.h>

#include "base/door.h"
#include "tensor.h"
#include "text/tree.h"

#include <math.h>
#include <string.h>

/* What a parameter takes in a form; as floats where it cannot have that, or that takes more. */
static gy_status size_in(gy_context *ctx, const gy_param *p, const gy_form_kind *kind,
                         const float *v, int64_t *bytes)
{
    gy_form form;
    gy_pool pool;
    const int64_t floats = p->count * (int64_t)sizeof *v;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_form_pack(&pool, kind, NULL, &p->shape, v, &form);
    *bytes += form.kind != NULL && gy_form_bytes(&form) < floats ? gy_form_bytes(&form) : floats;
    gy_pool_clear(&pool);
    return status;
}

static gy_status add_sizes(gy_context *ctx, gy_anatomy *a, const gy_param *p, const float *v,
                           bool finite)
{
    gy_anatomy_size *sizes = (gy_anatomy_size *)(uintptr_t)a->sizes;
    const int64_t floats = p->count * (int64_t)sizeof *v;
    for (int i = 0; i < a->n_sizes; i++)
        if (i == 0 || !finite || !gy_role_decays(p->role))
            sizes[i].bytes += floats;
        else
            GY_TRY(size_in(ctx, p, (const gy_form_kind *)gy_form_registry.kinds[i - 1], v,
                           &sizes[i].bytes));
    return GY_OK;
}

static gy_status measure_one(gy_context *ctx, gy_anatomy *a, int i, const gy_param *p,
                             const float *v)
{
    gy_anatomy_param *of = (gy_anatomy_param *)&a->params[i];
    gy_tensor_measure(of, v);
    return add_sizes(ctx, a, p, v, isfinite(of->norm));
}

static gy_status measure_form(gy_context *ctx, gy_anatomy *a, int i, const gy_param *p)
{
    float *values;
    GY_TRY(gy_new_array(ctx, p->count, &values));
    gy_form_expand(p->form, values);
    gy_status status = measure_one(ctx, a, i, p, values);
    gy_free(ctx, values);
    return status;
}

static gy_status measure_all(gy_context *ctx, gy_anatomy *a, gy_model *model)
{
    const gy_params *table = gy_model_params(model);
    const float *values = gy_model_values(model);
    for (int i = 0; i < a->n_params; i++) {
        const gy_param *p = &table->v[i];
        GY_TRY(p->form != NULL ? measure_form(ctx, a, i, p)
                               : measure_one(ctx, a, i, p, values + p->offset));
    }
    a->values = true;
    return GY_OK;
}

gy_status gy_opened_take_apart(gy_opened *o, gy_anatomy **out)
{
    gy_net_spec spec;
    const gy_config *config = o->config;
    GY_TRY(gy_opened_network(o, &spec));
    gy_status status = gy_net_open(o->ctx, &spec, &o->network);
    if (status == GY_OK) status = gy_net_aim(&o->network, NULL);
    if (status == GY_OK) {
        gy_net_cut(&o->network, config->train.batch_size, o->ranks, config->train.micro_batch_size);
        status = gy_config_take_apart(config, o->comm, &o->network, out);
    }
    if (status == GY_OK && o->path != NULL) status = gy_model_allocate(o->network.model, false);
    GY_TRY(gy_comm_agree(o->comm, status));
    if (o->path == NULL) return GY_OK;
    GY_TRY(gy_opened_read(o));
    (*out)->step = o->head.step;
    return gy_comm_agree(o->comm, measure_all(o->ctx, *out, o->network.model));
}

gy_status gy_anatomy_create(gy_context *ctx, gy_comm *comm, const char *path,
                            const char *const *sets, int n, gy_anatomy **out)
{
    GY_DOOR;
    gy_anatomy *anatomy = NULL;
    const gy_opening opening = {.path = path, .or_config = true, .sets = sets, .n_sets = n};
    gy_opened o;
    gy_status status = gy_opened_open(ctx, comm, &opening, &o);
    if (status == GY_OK) status = gy_opened_take_apart(&o, &anatomy);
    gy_opened_close(&o);
    if (status == GY_OK)
        *out = anatomy;
    else
        gy_anatomy_free(ctx, anatomy);
    return status;
}

static void print_layers(const gy_anatomy *a, gy_buffer *out)
{
    gy_json_begin(out, "layers", '[');
    for (int i = 0; i < a->n_layers; i++) {
        const gy_anatomy_layer *l = &a->layers[i];
        gy_json_begin(out, NULL, '{');
        gy_json_string(out, "name", l->name);
        gy_json_string(out, "kind", l->kind);
        if (l->method != NULL) gy_json_string(out, "method", l->method);
        gy_json_string(out, "output", l->output);
        gy_json_int(out, "weights", l->weights);
        gy_json_int(out, "biases", l->biases);
        gy_json_int(out, "parameters", l->weights + l->biases);
        gy_json_int(out, "frozen", l->frozen);
        gy_json_float(out, "flops", l->flops);
        gy_json_end(out, '}');
    }
    gy_json_end(out, ']');
}

static void print_values(const gy_anatomy_param *p, bool histogram, gy_buffer *out)
{
    gy_json_float(out, "min", p->min);
    gy_json_float(out, "max", p->max);
    gy_json_float(out, "mean", p->mean);
    gy_json_float(out, "standard_deviation", p->deviation);
    gy_json_float(out, "zeros", p->zeros);
    gy_json_float(out, "norm", p->norm);
    if (!histogram) return;
    gy_json_begin(out, "histogram", '[');
    for (int i = 0; i < GY_HISTOGRAM; i++) gy_json_int(out, NULL, p->histogram[i]);
    gy_json_end(out, ']');
}

static void print_params(const gy_anatomy *a, bool histogram, gy_buffer *out)
{
    gy_json_begin(out, "tensors", '[');
    for (int i = 0; i < a->n_params; i++) {
        const gy_anatomy_param *p = &a->params[i];
        gy_json_begin(out, NULL, '{');
        gy_json_string(out, "name", p->name);
        gy_json_string(out, "role", p->role);
        gy_json_string(out, "shape", p->shape);
        gy_json_string(out, "form", p->form);
        gy_json_int(out, "count", p->count);
        gy_json_bool(out, "trainable", p->trainable);
        if (a->values) print_values(p, histogram, out);
        gy_json_end(out, '}');
    }
    gy_json_end(out, ']');
}

static void print_sizes(const gy_anatomy *a, gy_buffer *out)
{
    gy_json_begin(out, "sizes", '{');
    for (int i = 0; i < a->n_sizes; i++) gy_json_int(out, a->sizes[i].form, a->sizes[i].bytes);
    gy_json_end(out, '}');
}

static void print_totals(const gy_anatomy *a, gy_buffer *out)
{
    gy_json_int(out, "weights", a->weights);
    gy_json_int(out, "biases", a->biases);
    gy_json_int(out, "parameters", a->total);
    gy_json_int(out, "trainable", a->trainable);
    gy_json_int(out, "frozen", a->frozen);
    gy_json_int(out, "buffers", a->buffers);
    if (a->formula != NULL) gy_json_string(out, "formula", a->formula);
    gy_json_float(out, "flops", a->flops);
    gy_json_begin(out, "memory", '{');
    gy_json_int(out, "batch", a->batch);
    gy_json_int(out, "parameters", a->parameter_bytes);
    gy_json_int(out, "gradients", a->gradient_bytes);
    gy_json_int(out, "optimizer", a->optimizer_bytes);
    gy_json_int(out, "activations", a->activation_bytes);
    gy_json_int(out, "packed", a->packed_bytes);
    gy_json_int(out, "checkpoint", a->checkpoint_bytes);
    gy_json_end(out, '}');
}

gy_status gy_anatomy_json(gy_context *ctx, const gy_anatomy *anatomy, bool histogram,
                          void (*line)(void *user, const char *json), void *user)
{
    GY_DOOR;
    gy_buffer out;
    gy_buffer_init(&out, ctx);
    gy_json_begin(&out, NULL, '{');
    gy_json_string(&out, "name", anatomy->name);
    gy_json_string(&out, "input", anatomy->input);
    if (anatomy->step >= 0) gy_json_int(&out, "step", anatomy->step);
    gy_json_string(&out, "precision", anatomy->precision);
    if (anatomy->winograd != NULL) gy_json_string(&out, "winograd", anatomy->winograd);
    gy_json_string(&out, "products_by", anatomy->products_by);
    print_layers(anatomy, &out);
    print_params(anatomy, histogram, &out);
    print_totals(anatomy, &out);
    if (anatomy->values) print_sizes(anatomy, &out);
    gy_json_end(&out, '}');
    gy_status status = out.status;
    if (status == GY_OK) line(user, gy_buffer_text(&out));
    gy_buffer_clear(&out);
    return status;
}
