/*
 * Lists of layers. An entry is one key, the kind, with its settings, or the kind alone:
 *
 *     - dense: {units: 10, name: out}
 *     - flatten
 *
 * Names make paths and stand in checkpoints: siblings must differ, default names counted in.
 */
#include "config_impl.h"

#include "base/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gy_status wrong_entry(const gy_path *path, const gy_node *entry, const char *why,
                             const char *hint)
{
    char at[GY_PLACE_TEXT], name[GY_PATH_TEXT];
    return gy_raise(GY_E_CONFIG, "wrong entry %s" GY_AT "%s" GY_WHY "%s" GY_HINT "%s",
                    gy_path_text(path, name), gy_place_of_value(entry, at), why, hint);
}

/* `dropout: 0.5`: shows it with the setting that the kind asks for first. */
static gy_status settings_missing(const gy_path *path, const gy_node *given)
{
    char hint[160];
    const gy_kind *kind = gy_registry_find(&gy_layer_registry, given->key);
    const gy_setting *s = kind != NULL ? kind->settings : NULL;
    const char *value = given->type == GY_NODE_SCALAR ? given->text : "…";
    while (s != NULL && s->key != NULL && s->standard != NULL) s++;
    if (s == NULL || s->key == NULL)
        (void)snprintf(hint, sizeof hint, "write it as `- dense: {units: 10}`");
    else
        (void)snprintf(hint, sizeof hint, "write it as `- %s: {%s: %s}`", given->key, s->key,
                       value);
    return wrong_entry(path, given, "a layer's settings are a mapping", hint);
}

/* The kind's name and the mapping of its settings (or a null) of an entry. */
static gy_status open_entry(const gy_path *path, const gy_node *entry, const char **kind,
                            const gy_node **settings)
{
    static const char hint[] = "write it as `- dense: {units: 10}`";
    if (entry->type == GY_NODE_SCALAR && !gy_node_is_null(entry)) {
        *kind = entry->text;
        *settings = NULL;
        return GY_OK;
    }
    if (entry->type != GY_NODE_MAP || entry->n == 0)
        return wrong_entry(path, entry, "a layer is one kind with its settings", hint);
    if (entry->n > 1)
        return wrong_entry(path, entry, "a layer is one kind, this entry has several keys",
                           "indent the settings below the kind, or begin each layer with `- `");
    *kind = entry->first->key;
    *settings = entry->first;
    bool map = entry->first->type == GY_NODE_MAP;
    if (!map && !gy_node_is_null(entry->first)) return settings_missing(path, entry->first);
    return GY_OK;
}

static gy_status unknown_kind(gy_pool *pool, const gy_node *entry, const char *name)
{
    char at[GY_PLACE_TEXT];
    const char *nearest = gy_foreign_word(name);
    if (nearest == NULL) nearest = gy_registry_nearest(&gy_layer_registry, name);
    gy_buffer hint;
    gy_buffer_init(&hint, pool->ctx);
    if (nearest != NULL) gy_buffer_format(&hint, "did you mean '%s'? ", nearest);
    gy_buffer_add(&hint, "there are ");
    for (int i = 0; i < gy_layer_registry.n; i++)
        gy_buffer_format(&hint, "%s%s", i == 0 ? "" : ", ", gy_layer_registry.kinds[i]->name);
    gy_status status = gy_raise(
        GY_E_CONFIG, "unknown layer '%s'" GY_AT "%s" GY_WHY "there is no such kind" GY_HINT "%s",
        name, gy_place_of_value(entry, at), gy_buffer_text(&hint));
    gy_buffer_clear(&hint);
    return status;
}

static gy_status check_name(const gy_path *path, const gy_node *settings, const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789";
    if (name == NULL) return GY_OK;
    bool ok = strspn(name, letters) == strlen(name) && strspn(name, "0123456789") != strlen(name);
    if (ok) return GY_OK;
    char at[GY_PLACE_TEXT], key[GY_PATH_TEXT];
    const gy_node *given = gy_node_find(settings, "name");
    return gy_raise(GY_E_CONFIG,
                    "wrong value of %s.name" GY_AT "%s" GY_WHY
                    "a name is letters, digits, _ and -, and not digits alone, not '%s'",
                    gy_path_text(path, key), gy_place_of_value(given, at), name);
}

static gy_status read_layer(gy_pool *pool, const gy_path *path, const gy_node *entry,
                            gy_layer_spec *out)
{
    const char *name = NULL;
    const gy_node *settings = NULL;
    GY_TRY(open_entry(path, entry, &name, &settings));
    const gy_kind *kind = gy_registry_find(&gy_layer_registry, name);
    if (kind == NULL) return unknown_kind(pool, entry, name);

    char at[GY_PLACE_TEXT];
    void *values;
    gy_layer_common *common = &out->common;
    *out = (gy_layer_spec){.kind = gy_layer_kind_of(kind)};
    GY_TRY(gy_pool_string(pool, gy_place_of_value(entry, at), &out->where));
    GY_TRY(gy_pool_alloc(pool, kind->settings_size, &values));
    GY_TRY(gy_settings_default(kind->settings, pool, values));
    GY_TRY(gy_settings_default(gy_layer_common_settings, pool, common));
    GY_TRY(gy_settings_default(gy_layer_init_settings, pool, common));
    out->settings = values;

    gy_scope scope = {.what = kind->name,
                      .sets = {{kind->settings, values},
                               {gy_layer_common_settings, common},
                               {gy_layer_init_settings, common}},
                      .n = out->kind->has_params ? 3 : 2};
    gy_path here = {path, kind->name, 0};
    gy_node empty = *entry;
    empty.type = GY_NODE_MAP;
    empty.first = NULL;
    bool map = settings != NULL && settings->type == GY_NODE_MAP;
    GY_TRY(gy_config_apply(pool, &here, map ? settings : &empty, &scope));
    return check_name(&here, map ? settings : &empty, common->name);
}

/* A layer's name among its siblings, given or made. */
typedef struct sibling {
    const char *name;
    int index;
} sibling;

static int by_name(const void *a, const void *b)
{
    const sibling *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : x->index - y->index;
}

/* Fills in the names: <kind>_<n>, where n counts all siblings of that kind. */
static gy_status name_siblings(gy_pool *pool, const gy_layer_specs *list, sibling *out)
{
    int *counts;
    GY_TRY(gy_pool_array(pool, gy_layer_registry.n, &counts));
    for (int i = 0; i < list->n; i++) {
        const gy_layer_spec *spec = &list->v[i];
        int count = counts[gy_registry_index(&gy_layer_registry, spec->kind->kind.name)]++;
        out[i] = (sibling){spec->common.name, i};
        if (out[i].name == NULL)
            GY_TRY(gy_pool_format(pool, &out[i].name, "%s_%d", spec->kind->kind.name, count));
    }
    return GY_OK;
}

static gy_status refuse_twins(gy_pool *pool, const gy_path *path, const gy_layer_specs *list)
{
    if (list->n < 2) return GY_OK;
    char name[GY_PATH_TEXT];
    sibling *siblings;
    GY_TRY(gy_pool_array(pool, list->n, &siblings));
    GY_TRY(name_siblings(pool, list, siblings));
    qsort(siblings, (size_t)list->n, sizeof *siblings, by_name);
    for (int i = 1; i < list->n; i++) {
        if (strcmp(siblings[i - 1].name, siblings[i].name) != 0) continue;
        return gy_raise(GY_E_CONFIG,
                        "two layers of %s are named '%s'" GY_AT "%s" GY_WHY
                        "the other stands at %s" GY_HINT "give one of them another name",
                        gy_path_text(path, name), siblings[i].name,
                        list->v[siblings[i].index].where, list->v[siblings[i - 1].index].where);
    }
    return GY_OK;
}

gy_status gy_config_layers(gy_pool *pool, const gy_path *path, const gy_node *list,
                           gy_layer_specs *out)
{
    gy_layer_spec *v;
    int n = 0;
    GY_TRY(gy_pool_array(pool, list->n, &v));
    for (const gy_node *entry = list->first; entry != NULL; entry = entry->next, n++) {
        gy_path here = {path, NULL, n};
        GY_TRY(read_layer(pool, &here, entry, &v[n]));
    }
    *out = (gy_layer_specs){v, n};
    return refuse_twins(pool, path, out);
}

gy_status gy_config_branches(gy_pool *pool, const gy_path *path, const gy_node *list,
                             gy_layer_branches *out)
{
    gy_layer_specs *v;
    int n = 0;
    GY_TRY(gy_pool_array(pool, list->n, &v));
    for (const gy_node *entry = list->first; entry != NULL; entry = entry->next, n++) {
        gy_path here = {path, NULL, n};
        if (entry->type != GY_NODE_LIST)
            return wrong_entry(&here, entry, "a branch is a list of layers",
                               "write it as `- [dense: {units: 10}]`, or `- []` for the identity");
        GY_TRY(gy_config_layers(pool, &here, entry, &v[n]));
    }
    *out = (gy_layer_branches){v, n};
    return GY_OK;
}

gy_status gy_config_layer(gy_pool *pool, const char *yaml, gy_layer_spec *out)
{
    gy_node *entry;
    GY_TRY(gy_yaml_parse(pool, "layer", yaml, strlen(yaml), &entry));
    gy_path root = {NULL, NULL, 0};
    return read_layer(pool, &root, entry, out);
}
