#include "subject.h"

#include "form/form_list.h"
#include "kernel/gemm.h"

#include <fnmatch.h>
#include <string.h>

static gy_status open_network(gy_subject *s, gy_net *out)
{
    gy_net_spec spec;
    GY_TRY(gy_config_network(s->config, s->comm, &spec));
    if (s->formed.n > 0) spec.forms = &s->formed;
    GY_TRY(gy_net_open(s->ctx, &spec, out));
    return gy_model_allocate(out->model, false);
}

/* A table's tensor by name, of those in forms too; NULL: there is none of that name and shape. */
static const gy_param *find_in(const gy_params *table, const gy_param *like)
{
    for (int i = 0; i < table->n + table->formed; i++)
        if (strcmp(table->v[i].name, like->name) == 0 &&
            gy_shape_equal(&table->v[i].shape, &like->shape))
            return &table->v[i];
    return NULL;
}

/* What tensors of the same name and shape have; the others stay as they are. */
static void copy_alike(const gy_params *from, const float *values, const gy_params *to, float *out)
{
    for (int i = 0; i < to->n; i++) {
        const gy_param *p = &to->v[i], *old = find_in(from, p);
        if (old == NULL) continue;
        if (old->form != NULL)
            gy_form_expand(old->form, out + p->offset);
        else
            memcpy(out + p->offset, values + old->offset, (size_t)p->count * sizeof *out);
    }
}

static void copy_model(gy_model *from, gy_model *to)
{
    copy_alike(gy_model_params(from), gy_model_values(from), gy_model_params(to),
               gy_model_values(to));
    copy_alike(gy_model_buffers(from), gy_model_buffer_values(from), gy_model_buffers(to),
               gy_model_buffer_values(to));
}

/* Adapters become part of the weights that they are beside. */
static void fold_adapters(const gy_opened *o, gy_subject *s)
{
    gy_model *from = o->network.model;
    const gy_params *old = gy_model_params(from), *params = gy_subject_params(s);
    const gy_param *down, *up;
    for (int i = 0; i < params->n && o->config->adapt.how.rank > 0; i++) {
        const gy_param *p = find_in(old, &params->v[i]);
        if (p == NULL || !gy_model_adapters(from, p, &down, &up)) continue;
        s->folded++;
        const int64_t rows = up->shape.d[0], rank = up->shape.d[1], columns = down->shape.d[1];
        gy_gemm_serial(
            false, false, rows, columns, rank, gy_model_adapt_scale(&o->config->adapt.how),
            gy_model_values(from) + up->offset, rank, gy_model_values(from) + down->offset, columns,
            1, gy_subject_values(s, &params->v[i]), columns);
    }
}

static gy_status create(const gy_opened *o, gy_subject *s)
{
    const char *run_dir; /* of a training that goes on with it: not the one that it comes from */
    GY_TRY(gy_pool_format(&s->pool, &run_dir, "%s-small", o->config->run_dir));
    GY_TRY(gy_config_revise(o->config, &o->config->model.layers, run_dir, &s->config));
    GY_TRY(open_network(s, &s->network));
    copy_model(o->network.model, s->network.model);
    fold_adapters(o, s);
    GY_TRY(gy_pool_array(&s->pool, gy_subject_params(s)->n, &s->forms));
    return gy_pool_array(&s->pool, gy_subject_params(s)->n, &s->holds);
}

gy_status gy_subject_create(const gy_opened *o, const char *layers, gy_subject *out)
{
    *out = (gy_subject){.ctx = o->ctx, .comm = o->comm, .layers = layers};
    gy_pool_init(&out->pool, o->ctx);
    GY_TRY(gy_comm_agree(o->comm, create(o, out)));
    return gy_checkpoint_read_holds(o->ctx, o->comm, o->path, gy_subject_params(out), out->holds);
}

void gy_subject_clear(gy_subject *s)
{
    gy_net_close(&s->network);
    gy_config_free(s->config);
    if (s->ctx != NULL) gy_pool_clear(&s->pool);
}

const gy_params *gy_subject_params(const gy_subject *s)
{
    return gy_model_params(s->network.model);
}

float *gy_subject_values(const gy_subject *s, const gy_param *p)
{
    return gy_model_values(s->network.model) + p->offset;
}

bool gy_subject_has(const gy_subject *s, const gy_param *p)
{
    char layer[512];
    const char *slash = strrchr(p->name, '/');
    if (s->layers == NULL || fnmatch(s->layers, p->name, 0) == 0) return true;
    if (slash == NULL || (size_t)(slash - p->name) >= sizeof layer) return false;
    memcpy(layer, p->name, (size_t)(slash - p->name));
    layer[slash - p->name] = '\0';
    return fnmatch(s->layers, layer, 0) == 0;
}

static const gy_param *find(const gy_params *table, const char *layer, const char *name)
{
    char path[1024];
    if (strlen(layer) + strlen(name) + 2 > sizeof path) return NULL;
    strcpy(path, layer);
    strcat(strcat(path, "/"), name);
    const int at = gy_params_find(table, path);
    return at < 0 ? NULL : &table->v[at];
}

const gy_param *gy_subject_param(const gy_subject *s, const char *layer, const char *name)
{
    return find(gy_subject_params(s), layer, name);
}

const float *gy_subject_buffer(const gy_subject *s, const char *layer, const char *name)
{
    const gy_param *p = find(gy_model_buffers(s->network.model), layer, name);
    return p == NULL ? NULL : gy_model_buffer_values(s->network.model) + p->offset;
}

static void put_made(gy_model *model, const gy_made *made, int n)
{
    const gy_params *table = gy_model_params(model);
    for (int i = 0; i < n; i++) {
        const int at = gy_params_find(table, made[i].name);
        if (at < 0) continue;
        memcpy(gy_model_values(model) + table->v[at].offset, made[i].values,
               (size_t)table->v[at].count * sizeof(float));
    }
}

/* What belongs to parameters, in the order of another table. */
static gy_status carry(gy_subject *s, const gy_params *old, const gy_params *table)
{
    gy_hold *holds;
    gy_form *forms;
    GY_TRY(gy_pool_array(&s->pool, table->n, &holds));
    GY_TRY(gy_pool_array(&s->pool, table->n, &forms));
    for (int i = 0; i < table->n; i++) {
        const int at = gy_params_find(old, table->v[i].name);
        if (at >= 0) holds[i] = s->holds[at];
    }
    s->holds = holds;
    s->forms = forms;
    return GY_OK;
}

/* Goes on with another network, made of what there is. */
static gy_status turn_to(gy_subject *s, const gy_made *made, int n)
{
    gy_net network = {.ctx = NULL};
    gy_status status = open_network(s, &network);
    if (status == GY_OK) {
        copy_model(s->network.model, network.model);
        put_made(network.model, made, n);
        status = carry(s, gy_subject_params(s), gy_model_params(network.model));
    }
    if (status != GY_OK) {
        gy_net_close(&network);
        return status;
    }
    gy_net_close(&s->network);
    s->network = network;
    return GY_OK;
}

gy_status gy_subject_rebuild(gy_subject *s, gy_layer_specs layers, const gy_made *made, int n)
{
    gy_config *config, *before = s->config;
    GY_TRY(gy_config_revise(s->config, &layers, s->config->run_dir, &config));
    s->config = config;
    gy_status status = turn_to(s, made, n);
    if (status == GY_OK)
        s->changed += n;
    else
        s->config = before;
    gy_config_free(status == GY_OK ? before : config);
    return status;
}

gy_status gy_subject_form(gy_subject *s, int param, const gy_form_kind *kind, const void *settings)
{
    gy_form form;
    const gy_param *p = &gy_subject_params(s)->v[param];
    float *values = gy_subject_values(s, p);
    GY_TRY(gy_form_pack(&s->pool, kind, settings, &p->shape, values, &form));
    if (form.kind == NULL) return GY_OK;
    s->changed++;
    s->forms[param] = form;
    gy_form_expand(&form, values);
    return GY_OK;
}

gy_status gy_subject_finish(gy_subject *s)
{
    gy_formed *v;
    const gy_params *params = gy_subject_params(s);
    GY_TRY(gy_pool_array(&s->pool, params->n, &v));
    for (int i = 0; i < params->n; i++) {
        if (s->holds[i] == GY_HOLD_CLUSTERS && s->forms[i].kind == NULL)
            GY_TRY(gy_subject_form(s, i, &gy_form_shared, NULL));
        if (s->forms[i].kind == NULL) continue;
        v[s->formed.n] = (gy_formed){.form = s->forms[i], .hold = s->holds[i]};
        GY_TRY(gy_pool_string(&s->pool, params->v[i].name, &v[s->formed.n++].name));
    }
    s->formed.v = v;
    return s->formed.n == 0 ? GY_OK : turn_to(s, NULL, 0);
}
