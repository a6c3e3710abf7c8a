/*
 * The homes of a model under a convention: each parameter is looked up in its rules, by the kind of the
 * layer and its own name, and put into the link of the tensor that the rule names. A parameter that
 * several layers share is the first one's.
 */
#include "convention.h"

#include <stdio.h>
#include <string.h>

/* Homes in the making. */
typedef struct maker {
    gy_pool *pool;
    const gy_model *model;
    const gy_convention *convention;
    const gy_shape *orders; /* [values] */
    bool *seen;             /* [params, buffers] */
    gy_homes *homes;
} maker;

/* The next rule for a parameter behind `from`; NULL: there is none. */
static const gy_name_rule *next_rule(const gy_convention *c, const char *kind, const char *ours,
                                     const gy_name_rule *from)
{
    const gy_name_rule *r = from == NULL ? c->rules : from + 1;
    for (; r != NULL && r->ours != NULL; r++)
        if ((r->kind == NULL || strcmp(r->kind, kind) == 0) && strcmp(r->ours, ours) == 0) return r;
    return NULL;
}

/* The link of that tensor in a home, made where it is not there. */
static gy_status find_link(maker *k, gy_home *home, const char *theirs, gy_link **out)
{
    enum { PARTS = 20 }; /* of an ONNX LSTM: four gates, two biases, two directions */
    for (int i = 0; i < home->n; i++) {
        *out = &home->v[i];
        if (strcmp((*out)->theirs, theirs) == 0) return GY_OK;
    }
    *out = &home->v[home->n++];
    **out = (gy_link){.theirs = theirs};
    return gy_pool_array(k->pool, PARTS, &(*out)->parts);
}

/* Parts in the order of the rules; a link has as many as there are rules for it. */
static gy_status add_part(maker *k, gy_home *home, const char *theirs, const gy_link_part *part)
{
    gy_link *link;
    GY_TRY(find_link(k, home, theirs, &link));
    link->parts[link->n++] = *part;
    return GY_OK;
}

static const gy_param *param_of(const maker *k, const gy_link_part *part)
{
    const gy_params *table =
        part->is_buffer ? gy_model_buffers(k->model) : gy_model_params(k->model);
    return &table->v[part->index];
}

/* Place of a part in the rules, which are in the order of their tensor. */
static int64_t rank_of(const maker *k, const gy_home *home, const gy_link *link,
                       const gy_link_part *part)
{
    const gy_convention *c = k->convention;
    for (const gy_name_rule *r = NULL; (r = next_rule(c, home->kind, part->own, r)) != NULL;)
        if (strcmp(r->theirs, link->theirs) == 0 && r->extra == part->extra) return r - c->rules;
    return 0;
}

static void sort_parts(const maker *k, const gy_home *home, gy_link *link)
{
    for (int i = 1; i < link->n; i++) {
        for (int j = i; j > 0; j--) {
            gy_link_part *a = &link->parts[j - 1], *b = &link->parts[j], kept = *b;
            if (rank_of(k, home, link, a) <= rank_of(k, home, link, b)) break;
            *b = *a;
            *a = kept;
        }
    }
}

static int lead_of(const maker *k, const gy_home *home, const gy_link *link)
{
    const gy_name_rule *r = next_rule(k->convention, home->kind, link->parts[0].own, NULL);
    return r == NULL || strcmp(r->theirs, link->theirs) != 0 ? 1 : r->lead;
}

/* The views of a link's parts, one behind the other. */
static void place_parts(const maker *k, const gy_home *home, gy_link *link,
                        const gy_model_unit *unit)
{
    int64_t total = 0, before = 0;
    sort_parts(k, home, link);
    for (int i = 0; i < link->n; i++) {
        const gy_shape *s = &param_of(k, &link->parts[i])->shape;
        total += s->n == 0 ? 1 : s->d[0];
    }
    for (int i = 0; i < link->n; i++) {
        const gy_param *p = param_of(k, &link->parts[i]);
        gy_tensor_view_spec spec = {.layout = k->convention->layout,
                                    .role = p->role,
                                    .is_buffer = link->parts[i].is_buffer,
                                    .transposed = strstr(home->kind, "_transposed") != NULL,
                                    .shape = p->shape,
                                    .before = before,
                                    .total = total};
        if (k->orders != NULL) spec.in = k->orders[unit->x[0]];
        if (k->orders != NULL) spec.out = k->orders[unit->y];
        gy_tensor_view_make(&spec, &link->parts[i].view, &link->shape);
        before += p->shape.n == 0 ? 1 : p->shape.d[0];
    }
    int lead = lead_of(k, home, link);
    if (lead > 1) link->shape = (gy_shape){2, {lead, total / lead}};
}

/* A parameter's path without its own name. */
static gy_status path_of(maker *k, const gy_param *p, const char *own, const char **out)
{
    int n = (int)(strlen(p->name) - strlen(own));
    return gy_pool_format(k->pool, out, "%.*s", n > 0 ? n - 1 : 0, p->name);
}

static gy_status add(maker *k, gy_home *home, const char *own, int index, bool is_buffer)
{
    gy_link_part part = {.own = own, .index = index, .is_buffer = is_buffer};
    bool *seen = &k->seen[is_buffer ? gy_model_params(k->model)->n + index : index];
    if (*seen) return GY_OK;
    *seen = true;
    const gy_param *p = param_of(k, &part);
    part.name = p->name;
    if (home->path == NULL) GY_TRY(path_of(k, p, own, &home->path));
    const gy_name_rule *r = next_rule(k->convention, home->kind, own, NULL);
    if (r == NULL) return add_part(k, home, own, &part);
    for (; r != NULL; r = next_rule(k->convention, home->kind, own, r)) {
        part.extra = r->extra;
        GY_TRY(add_part(k, home, r->theirs, &part));
    }
    return GY_OK;
}

static gy_status add_home(maker *k, const gy_model_unit *unit)
{
    const gy_layer *l = unit->layer;
    gy_home *home = &k->homes->v[k->homes->n];
    *home = (gy_home){.kind = l->kind->kind.name};
    GY_TRY(gy_pool_array(k->pool, 2 * (l->n_params + l->n_buffers) + 1, &home->v));
    for (int i = 0; i < l->n_params; i++)
        GY_TRY(add(k, home, l->params[i].name, unit->params[i], false));
    for (int i = 0; i < l->n_buffers; i++)
        GY_TRY(add(k, home, l->buffers[i].name, unit->buffers[i], true));
    for (int i = 0; i < home->n; i++) place_parts(k, home, &home->v[i], unit);
    k->homes->n += home->n > 0;
    return GY_OK;
}

gy_status gy_homes_make(gy_pool *pool, const gy_model *model, const gy_convention *convention,
                        gy_homes *out)
{
    const int n = gy_model_params(model)->n + gy_model_buffers(model)->n;
    maker k = {.pool = pool, .model = model, .convention = convention, .homes = out};
    gy_shape *orders = NULL;
    *out = (gy_homes){0};
    GY_TRY(gy_pool_array(pool, gy_model_layers(model) + 1, &out->v));
    GY_TRY(gy_pool_array(pool, n + 1, &k.seen));
    if (convention->layout == GY_LAYOUT_CHANNELS_FIRST && !convention->keeps_lines)
        GY_TRY(gy_orders_make(pool, model, &orders));
    k.orders = orders;
    for (int i = 0; i < gy_model_layers(model); i++) {
        const gy_model_unit unit = gy_model_unit_at(model, i);
        GY_TRY(add_home(&k, &unit));
    }
    return GY_OK;
}

static float *place_of(const gy_link_part *part, gy_model *model)
{
    return part->is_buffer
               ? gy_model_buffer_values(model) + gy_model_buffers(model)->v[part->index].offset
               : gy_model_values(model) + gy_model_params(model)->v[part->index].offset;
}

void gy_link_gather(const gy_link *link, gy_model *model, float *out)
{
    memset(out, 0, (size_t)gy_shape_count(&link->shape) * sizeof *out);
    for (int i = 0; i < link->n; i++)
        if (!link->parts[i].extra)
            gy_tensor_view_write(&link->parts[i].view, place_of(&link->parts[i], model), out);
}

void gy_link_scatter(const gy_link *link, const float *x, gy_model *model)
{
    for (int i = 0; i < link->n; i++) {
        const gy_link_part *part = &link->parts[i];
        gy_tensor_view_read(&part->view, x, part->extra, place_of(part, model));
    }
}

gy_status gy_link_name(gy_pool *pool, const gy_convention *convention, const gy_home *home,
                       const gy_link *link, const char **out)
{
    const char *path = home->path;
    const int own = (int)strcspn(link->theirs, "|");
    const char separator[] = {path[0] == '\0' ? '\0' : convention->separator, '\0'};
    char *name;
    GY_TRY(gy_pool_alloc(pool, strlen(path) + (size_t)own + 2, (void **)&name));
    (void)snprintf(name, strlen(path) + (size_t)own + 2, "%s%s%.*s", path, separator, own,
                   link->theirs);
    for (size_t i = 0; path[i] != '\0'; i++)
        if (name[i] == '/') name[i] = convention->separator;
    *out = name;
    return GY_OK;
}
