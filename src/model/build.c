/*
 * From specs to units: the builder that composite kinds expand into.
 *
 * Every layer has two paths: the one as written, under which it can be shared, and the one of its
 * parameters, which differs inside layers that share. A name after `share` is looked up beside the
 * layer, then in each enclosing level outwards; only layers that are finished can be found.
 */
#include "model_impl.h"

#include "layer/builder.h"
#include "layer/layer_list.h"

#include <stdio.h>
#include <string.h>

/* One level of the path. */
typedef struct level {
    const char *path, *params;
    int *counts;         /* [gy_layer_registry.n] siblings of each kind */
    bool reuses, blocks; /* what ends with it */
    struct level *up;
} level;

typedef struct builder {
    gy_builder base;
    gy_model *m;
    level *level;
    const gy_layer_specs *layers; /* of the model */
    gy_settling settling;         /* of parameters and buffers */
    int block;                    /* −1: outside */
    int levels;                   /* that there were */
    gy_list units, values;
    gy_list homes;  /* of finished layers: the paths of their parameters */
    gy_names paths; /* of layers → homes; −1: not finished */
} builder;

enum { UNFINISHED = -1 };

/* `repeat` in `repeat` unfolds to more than any memory holds. */
enum { MOST_LAYERS = 100000 };

gy_status gy_list_add(gy_pool *pool, gy_list *list, void *item)
{
    if (list->n == list->room) {
        int room = list->room == 0 ? 16 : 2 * list->room;
        void **grown;
        GY_TRY(gy_pool_array(pool, room, &grown));
        for (int i = 0; i < list->n; i++) grown[i] = list->v[i];
        list->v = grown;
        list->room = room;
    }
    list->v[list->n++] = item;
    return GY_OK;
}

static builder *builder_of(gy_builder *b)
{
    return (builder *)(void *)b;
}

static gy_status add_value(builder *b, const gy_shape *shape, int maker, int *out)
{
    gy_value *v;
    GY_TRY(gy_pool_new(&b->m->pool, &v));
    *v = (gy_value){.shape = *shape, .count = gy_shape_count(shape), .maker = maker};
    *out = b->values.n;
    return gy_list_add(&b->m->pool, &b->values, v);
}

static const gy_shape *value_shape(gy_builder *base, int value)
{
    return &((const gy_value *)builder_of(base)->values.v[value])->shape;
}

static const char *current_path(gy_builder *base)
{
    return builder_of(base)->level->path;
}

static gy_status check_room(const builder *b)
{
    GY_REQUIRE(b->units.n < MOST_LAYERS && b->levels < MOST_LAYERS, GY_E_CONFIG,
               "model.layers" GY_AT "%s" GY_WHY
               "they unfold to more than %d layers or turns" GY_HINT "repeat less",
               b->m->where, MOST_LAYERS);
    return GY_OK;
}

static gy_status push(builder *b, const char *path, const char *params)
{
    level *l;
    GY_TRY(check_room(b));
    b->levels++;
    GY_TRY(gy_pool_new(&b->m->pool, &l));
    GY_TRY(gy_pool_array(&b->m->pool, gy_layer_registry.n, &l->counts));
    l->path = path;
    l->params = params;
    l->up = b->level;
    b->level = l;
    return GY_OK;
}

static void begin_block(builder *b, bool block)
{
    if (!block || b->block >= 0) return;
    b->block = b->m->n_blocks++;
    b->level->blocks = true;
}

static gy_status enter(gy_builder *base, const char *name, const char *params, bool block)
{
    builder *b = builder_of(base);
    gy_pool *pool = &b->m->pool;
    const char *path, *own;
    GY_TRY(gy_pool_string(pool, name, &name));
    GY_TRY(gy_join_path(pool, b->level->path, name, &path));
    GY_TRY(gy_join_path(pool, b->level->params, params != NULL ? params : name, &own));
    GY_TRY(push(b, path, own));
    if (params != NULL) {
        b->level->reuses = true;
        b->settling.reuse++;
    }
    begin_block(b, block);
    return GY_OK;
}

static void leave(gy_builder *base)
{
    builder *b = builder_of(base);
    if (b->level->reuses) b->settling.reuse--;
    if (b->level->blocks) b->block = -1;
    b->level = b->level->up;
}

/* The path of a layer; one that is there already is an error. Parts called "" have their composite's. */
static gy_status choose_path(builder *b, const gy_layer_spec *spec, const char **name_out,
                             const char **out)
{
    gy_pool *pool = &b->m->pool;
    const char *name = spec->common.name;
    int kind = gy_registry_index(&gy_layer_registry, spec->kind->kind.name), other;
    int n = kind < 0 ? 0 : b->level->counts[kind]++;
    if (name == NULL) GY_TRY(gy_pool_format(pool, &name, "%s_%d", spec->kind->kind.name, n));
    GY_TRY(gy_join_path(pool, b->level->path, name, out));
    *name_out = name;
    if (name[0] == '\0') return GY_OK;
    GY_REQUIRE(!gy_names_find(&b->paths, *out, &other), GY_E_CONFIG,
               "layer %s" GY_AT "%s" GY_WHY "a sibling has this name already" GY_HINT
               "give them different names",
               name, spec->where);
    return gy_names_set(pool, &b->paths, *out, UNFINISHED);
}

/* From now on it can be shared. */
static gy_status finish(builder *b, const char *name, const char *path, const char *params)
{
    if (name[0] == '\0') return GY_OK;
    GY_TRY(gy_names_set(&b->m->pool, &b->paths, path, b->homes.n));
    return gy_list_add(&b->m->pool, &b->homes, (void *)(uintptr_t)params);
}

/* Where the parameters of the layer called `name` are: beside, then in each enclosing level. */
static gy_status find_shared(builder *b, const gy_layer_spec *spec, const char *path,
                             const char **out)
{
    const char *name = spec->common.share;
    for (const level *l = b->level; l != NULL; l = l->up) {
        const char *wanted;
        int home = UNFINISHED;
        GY_TRY(gy_join_path(&b->m->pool, l->path, name, &wanted));
        if (!gy_names_find(&b->paths, wanted, &home) || home == UNFINISHED) continue;
        *out = b->homes.v[home];
        return GY_OK;
    }
    return gy_raise(GY_E_CONFIG,
                    "layer %s" GY_AT "%s" GY_WHY "share: no earlier layer is named %s" GY_HINT
                    "name a layer that stands before this one",
                    path, spec->where, name);
}

static gy_status check_unit(const builder *b, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    char text[GY_SHAPE_TEXT];
    GY_TRY(l->status);
    if (gy_shape_count(&l->out) < 1)
        return gy_layer_refuse(l, "change the settings or the input", "its output would be %s",
                               gy_shape_text(&l->out, text));
    if (l->kind->takes_tokens && u->x[0] != 0)
        return gy_layer_refuse(l, "make it the first layer", "it takes tokens");
    bool carries = l->memory.carry.per_sample > 0 || l->memory.carry.fixed > 0;
    if (l->window > 0 && !l->kind->pointwise && !carries)
        return gy_layer_refuse(l, "generate with layers that look back, position by position",
                               "it cannot take a sequence in pieces");
    (void)b;
    return GY_OK;
}

/* Whether a parameter below a path is in a form of its own. */
static bool has_forms(const gy_model *m, const char *path)
{
    const size_t n = strlen(path);
    for (int i = 0; m->forms != NULL && i < m->forms->n; i++) {
        const char *name = m->forms->v[i].name;
        if (strncmp(name, path, n) == 0 && (n == 0 || name[n] == '/')) return true;
    }
    return false;
}

/* What a layer is told of a weight that is there already: its form, its shape where it is shared. */
static gy_status know_weight(const builder *b, gy_layer *l, const char *params)
{
    const gy_settling *s = &b->settling;
    const char *weight;
    int index;
    if (b->m->forms == NULL && s->reuse == 0) return GY_OK;
    GY_TRY(gy_join_path(&b->m->pool, params, "weight", &weight));
    const gy_formed *formed = b->m->forms == NULL ? NULL : gy_formed_find(b->m->forms, weight);
    if (formed != NULL) l->form = formed->form.kind;
    if (s->reuse > 0 && gy_names_find(&s->param_names, weight, &index))
        l->shared = ((const gy_draft *)s->params->v[index])->shape;
    return GY_OK;
}

static gy_status add_unit(builder *b, const gy_layer_spec *spec, const char *path,
                          const char *params, const int *x, int n, int *out)
{
    gy_model *m = b->m;
    gy_unit *u;
    GY_TRY(check_room(b));
    GY_TRY(gy_pool_new(&m->pool, &u));
    u->common = spec->common;
    u->index = b->units.n;
    u->block = b->block;
    gy_layer *l = &u->layer;
    *l = (gy_layer){.ctx = m->ctx,
                    .pool = &m->pool,
                    .kind = spec->kind,
                    .path = path,
                    .where = spec->where,
                    .settings = spec->settings,
                    .common = &u->common,
                    .threads = m->threads,
                    .window = m->window,
                    .inputs = n};
    for (int i = 0; i < n; i++) {
        u->x[i] = x[i];
        l->in[i] = *value_shape(&b->base, x[i]);
    }
    GY_TRY(know_weight(b, l, params));
    l->formed = has_forms(m, params);
    GY_TRY(spec->kind->shape(l));
    GY_TRY(check_unit(b, u));
    if (l->relation.view) gy_model_make_view(l);
    if (l->kind->takes_tokens && m->embedding == NULL) m->embedding = u;
    GY_TRY(gy_settle_unit(&b->settling, u, params));
    GY_TRY(gy_list_add(&m->pool, &b->units, u));
    GY_TRY(add_value(b, &l->out, u->index, &u->y));
    *out = u->y;
    return GY_OK;
}

static gy_status add_layer(gy_builder *base, const gy_layer_spec *spec, const int *x, int n,
                           int *out)
{
    builder *b = builder_of(base);
    gy_pool *pool = &b->m->pool;
    const char *name, *path, *params;
    GY_TRY(choose_path(b, spec, &name, &path));
    GY_TRY(gy_join_path(pool, b->level->params, name, &params));
    bool shares = spec->common.share != NULL;
    if (shares) GY_TRY(find_shared(b, spec, path, &params));
    b->settling.reuse += shares;
    b->settling.frozen += !spec->common.trainable;
    if (spec->kind->expand != NULL) {
        GY_TRY(push(b, path, params));
        begin_block(b, spec->kind->block);
        GY_TRY(spec->kind->expand(spec, base, x[0], out));
        leave(base);
    } else {
        GY_TRY(add_unit(b, spec, path, params, x, n, out));
    }
    b->settling.frozen -= !spec->common.trainable;
    b->settling.reuse -= shares;
    return finish(b, name, path, params);
}

static const struct gy_builder_calls calls = {value_shape, current_path, add_layer, enter, leave};

static gy_status list_uses(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++)
        for (int j = 0; j < m->units[i]->layer.inputs; j++) m->values[m->units[i]->x[j]]->n_uses++;
    for (int i = 0; i < m->n_values; i++) {
        GY_TRY(gy_pool_array(&m->pool, m->values[i]->n_uses + 1, &m->values[i]->uses));
        m->values[i]->n_uses = 0;
    }
    for (int i = 0; i < m->n_units; i++)
        for (int j = 0; j < m->units[i]->layer.inputs; j++) {
            gy_value *v = m->values[m->units[i]->x[j]];
            v->uses[v->n_uses++] = i;
        }
    return GY_OK;
}

/* A turn of a model that is rolled out: after the first by its parameters. */
static gy_status turn(gy_builder *base, int i, int x, int *out)
{
    builder *b = builder_of(base);
    const char *path;
    if (i == 0) return gy_builder_layers(base, b->layers, x, out);
    GY_TRY(gy_pool_format(&b->m->pool, &path, "%d", i));
    GY_TRY(push(b, path, ""));
    b->level->reuses = true;
    b->settling.reuse++;
    GY_TRY(gy_builder_layers(base, b->layers, x, out));
    leave(base);
    return GY_OK;
}

gy_status gy_model_build(gy_model *m, const gy_model_spec *spec, gy_list *params, gy_list *buffers)
{
    char text[GY_SHAPE_TEXT];
    GY_REQUIRE(gy_shape_count(&spec->input) > 0, GY_E_CONFIG,
               "model.input" GY_AT "%s" GY_WHY "%s is no shape" GY_HINT "give lengths above 0",
               spec->where, gy_shape_text(&spec->input, text));
    GY_REQUIRE(spec->layers.n > 0, GY_E_CONFIG,
               "model.layers" GY_AT "%s" GY_WHY "there is no layer" GY_HINT "name at least one",
               spec->where);
    builder b = {.base = {&calls, &m->pool},
                 .m = m,
                 .settling = {.m = m, .params = params, .buffers = buffers},
                 .block = -1};
    b.layers = &spec->layers;
    int x;
    GY_TRY(push(&b, "", ""));
    GY_TRY(add_value(&b, &spec->input, -1, &x));
    GY_TRY(spec->rollout > 1 ? gy_model_roll_out(&b.base, spec, x, &m->output, turn)
                             : turn(&b.base, 0, x, &m->output));
    m->units = (gy_unit **)(void *)b.units.v;
    m->n_units = b.units.n;
    m->values = (gy_value **)(void *)b.values.v;
    m->n_values = b.values.n;
    GY_REQUIRE(m->n_units > 0, GY_E_CONFIG,
               "model.layers" GY_AT "%s" GY_WHY "the layers compute nothing" GY_HINT
               "add one that does",
               spec->where);
    GY_REQUIRE(m->adapt == NULL || b.settling.adapters > 0, GY_E_CONFIG,
               "nothing to adapt" GY_AT "adapt.layers" GY_WHY
               "no layer with weights is of these kinds or has such a name" GY_HINT
               "name kinds, such as dense and attention, or paths as gyre inspect lists them");
    return list_uses(m);
}
