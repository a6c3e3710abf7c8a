/*
 * The parameters and buffers of units: made, or found where layers share them; beside an adapted weight its
 * two adapters.
 */
#include "model_impl.h"

gy_status gy_join_path(gy_pool *pool, const char *path, const char *name, const char **out)
{
    if (path[0] == '\0' || name[0] == '\0') {
        *out = path[0] == '\0' ? name : path;
        return GY_OK;
    }
    return gy_pool_format(pool, out, "%s/%s", path, name);
}

static gy_status add(gy_settling *s, const gy_draft *draft, bool buffer, int *index)
{
    gy_draft *d;
    gy_list *list = buffer ? s->buffers : s->params;
    GY_TRY(gy_pool_new(&s->m->pool, &d));
    *d = *draft;
    *index = list->n;
    GY_TRY(
        gy_names_set(&s->m->pool, buffer ? &s->buffer_names : &s->param_names, d->name, list->n));
    return gy_list_add(&s->m->pool, list, d);
}

/* One parameter or buffer of a unit: made, or found where parameters are shared. */
static gy_status settle(gy_settling *s, const gy_unit *u, const char *path,
                        const gy_tensor_spec *spec, bool buffer, int *index)
{
    gy_list *list = buffer ? s->buffers : s->params;
    gy_names *names = buffer ? &s->buffer_names : &s->param_names;
    const char *name;
    GY_TRY(gy_join_path(&s->m->pool, path, spec->name, &name));
    if (gy_names_find(names, name, index)) {
        const gy_draft *found = list->v[*index];
        char have[GY_SHAPE_TEXT], want[GY_SHAPE_TEXT];
        if (s->reuse == 0)
            return gy_layer_refuse(&u->layer, "rename one of the layers",
                                   "another layer has a parameter %s", name);
        if (!gy_shape_equal(&found->shape, &spec->shape))
            return gy_layer_refuse(&u->layer, "share parameters of the same shapes only",
                                   "the shared %s is %s, not %s", name,
                                   gy_shape_text(&found->shape, have),
                                   gy_shape_text(&spec->shape, want));
        return GY_OK;
    }
    if (s->reuse > 0 && !buffer)
        return gy_layer_refuse(&u->layer, "share with a layer of the same kind and settings",
                               "share: there is no parameter %s", name);
    const bool trains = s->frozen == 0 && !buffer && s->m->adapt == NULL;
    return add(s, &(gy_draft){name, spec->shape, spec->role, spec->init, trains, u->index}, buffer,
               index);
}

static gy_status add_adapter(gy_settling *s, const gy_unit *u, const char *name,
                             const gy_tensor_spec *spec, int *index)
{
    return add(s, &(gy_draft){name, spec->shape, spec->role, spec->init, true, u->index}, false,
               index);
}

/* The adapters of a parameter that is new, or those that it has where it is shared. */
static gy_status settle_adapters(gy_settling *s, gy_unit *u, int param, bool is_new)
{
    gy_pool *pool = &s->m->pool;
    const gy_layer *l = &u->layer;
    const char *name = ((const gy_draft *)s->params->v[u->params[param]])->name, *down, *up;
    int indices[2];
    GY_TRY(gy_pool_format(pool, &down, "%s_down", name));
    GY_TRY(gy_pool_format(pool, &up, "%s_up", name));
    if (is_new) {
        gy_tensor_spec specs[2];
        if (s->frozen > 0 || !gy_adapt_wants(s->m, l, &l->params[param])) return GY_OK;
        gy_adapt_specs(s->m, &l->params[param], &specs[0], &specs[1]);
        GY_TRY(add_adapter(s, u, down, &specs[0], &indices[0]));
        GY_TRY(add_adapter(s, u, up, &specs[1], &indices[1]));
    } else if (!gy_names_find(&s->param_names, down, &indices[0]) ||
               !gy_names_find(&s->param_names, up, &indices[1])) {
        return GY_OK;
    }
    u->adapter[param] = u->n_params;
    u->params[u->n_params++] = indices[0];
    u->params[u->n_params++] = indices[1];
    s->adapters++;
    return GY_OK;
}

gy_status gy_settle_unit(gy_settling *s, gy_unit *u, const char *path)
{
    gy_layer *l = &u->layer;
    GY_TRY(gy_pool_array(&s->m->pool, 3 * l->n_params + 1, &u->params));
    u->n_params = l->n_params;
    if (s->m->adapt != NULL) GY_TRY(gy_pool_array(&s->m->pool, l->n_params + 1, &u->adapter));
    for (int i = 0; i < l->n_params; i++) {
        const int before = s->params->n;
        GY_TRY(settle(s, u, path, &l->params[i], false, &u->params[i]));
        if (u->adapter != NULL) GY_TRY(settle_adapters(s, u, i, s->params->n > before));
    }
    for (int i = 0; i < l->n_buffers; i++)
        GY_TRY(settle(s, u, path, &l->buffers[i], true, &u->buffers[i]));
    return GY_OK;
}
