#include "subject.h"

#include <fnmatch.h>
#include <string.h>

static gy_status open_network(gy_subject *s, gy_network *out)
{
    gy_network_spec spec;
    GY_TRY(gy_config_network(s->config, s->comm, &spec));
    GY_TRY(gy_network_open(s->ctx, &spec, out));
    return gy_model_allocate(out->model, false);
}

static void copy_vectors(gy_model *from, gy_model *to)
{
    memcpy(gy_model_values(to), gy_model_values(from),
           (size_t)gy_model_params(to)->floats * sizeof(float));
    memcpy(gy_model_buffer_values(to), gy_model_buffer_values(from),
           (size_t)gy_model_buffers(to)->floats * sizeof(float));
}

gy_status gy_subject_create(const gy_opened *o, const char *layers, gy_subject *out)
{
    *out = (gy_subject){.ctx = o->ctx, .comm = o->comm, .layers = layers};
    gy_pool_init(&out->pool, o->ctx);
    const char *run_dir; /* of a training that goes on with it: not the one that it comes from */
    GY_TRY(gy_pool_format(&out->pool, &run_dir, "%s-small", o->config->run_dir));
    GY_TRY(gy_config_revise(o->config, &o->config->model.layers, run_dir, &out->config));
    GY_TRY(open_network(out, &out->network));
    copy_vectors(o->network.model, out->network.model);
    return gy_pool_array(&out->pool, gy_subject_params(out)->n, &out->holds);
}

void gy_subject_clear(gy_subject *s)
{
    gy_network_close(&s->network);
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

bool gy_subject_is_weight(const gy_param *p)
{
    return p->role == GY_ROLE_WEIGHT || p->role == GY_ROLE_KERNEL || p->role == GY_ROLE_RECURRENT;
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

/* What a tensor of the new network is: made, or as it was. NULL: its start. */
static const float *source(const gy_params *old, const float *values, const gy_param *p,
                           const gy_made *made, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(made[i].name, p->name) == 0) return made[i].values;
    const int at = gy_params_find(old, p->name);
    if (at < 0 || !gy_shape_equal(&old->v[at].shape, &p->shape)) return NULL;
    return values + old->v[at].offset;
}

static void fill(const gy_params *table, float *to, const gy_params *old, const float *values,
                 const gy_made *made, int n)
{
    for (int i = 0; i < table->n; i++) {
        const gy_param *p = &table->v[i];
        const float *from = source(old, values, p, made, n);
        if (from != NULL) memcpy(to + p->offset, from, (size_t)p->count * sizeof *to);
    }
}

static gy_status carry_holds(gy_subject *s, const gy_params *old, const gy_params *table)
{
    gy_hold *holds;
    GY_TRY(gy_pool_array(&s->pool, table->n, &holds));
    for (int i = 0; i < table->n; i++) {
        const int at = gy_params_find(old, table->v[i].name);
        if (at >= 0) holds[i] = s->holds[at];
    }
    s->holds = holds;
    return GY_OK;
}

gy_status gy_subject_rebuild(gy_subject *s, gy_layer_specs layers, const gy_made *made, int n)
{
    gy_config *config;
    gy_network network = {.ctx = NULL};
    GY_TRY(gy_config_revise(s->config, &layers, s->config->run_dir, &config));
    gy_config *before = s->config;
    s->config = config;
    gy_status status = open_network(s, &network);
    if (status == GY_OK) {
        gy_model *from = s->network.model, *to = network.model;
        fill(gy_model_params(to), gy_model_values(to), gy_model_params(from), gy_model_values(from),
             made, n);
        fill(gy_model_buffers(to), gy_model_buffer_values(to), gy_model_buffers(from),
             gy_model_buffer_values(from), made, n);
        status = carry_holds(s, gy_model_params(from), gy_model_params(to));
    }
    if (status != GY_OK) {
        gy_network_close(&network);
        s->config = before;
        gy_config_free(config);
        return status;
    }
    gy_network_close(&s->network);
    s->network = network;
    gy_config_free(before);
    return GY_OK;
}
