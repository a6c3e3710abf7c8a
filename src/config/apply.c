/*
 * A mapping of the tree into plain structs, by setting rows.
 *
 * A scope is all that one mapping may have: its section's rows, and the rows of the kinds that it
 * chooses (`kind: sgd` lets `momentum` in), which is why kinds are taken first. The tree is walked
 * once; whatever is wrong is said with the place of the key or value.
 */
#include "config_impl.h"

#include "base/foreign.h"

#include <stdio.h>
#include <string.h>

const char *gy_path_text(const gy_path *path, char out[GY_PATH_TEXT])
{
    const gy_path *links[GY_TREE_DEPTH * 2 + 8];
    int n = 0;
    for (; path != NULL && path->up != NULL && n < GY_TREE_DEPTH * 2 + 8; path = path->up)
        links[n++] = path;
    size_t used = 0;
    out[0] = '\0';
    while (n-- > 0 && used < GY_PATH_TEXT) {
        const char *dot = used == 0 ? "" : ".";
        int more = links[n]->key != NULL
                       ? snprintf(out + used, GY_PATH_TEXT - used, "%s%s", dot, links[n]->key)
                       : snprintf(out + used, GY_PATH_TEXT - used, "%s%d", dot, links[n]->index);
        used += more > 0 ? (size_t)more : 0;
    }
    return out;
}

static const char *place(const char *file, int line, int column, char out[GY_PLACE_TEXT])
{
    if (line == 0)
        (void)snprintf(out, GY_PLACE_TEXT, "%s", file);
    else
        (void)snprintf(out, GY_PLACE_TEXT, "%s:%d:%d", file, line, column);
    return out;
}

const char *gy_place_of_key(const gy_node *node, char out[GY_PLACE_TEXT])
{
    if (node->key_line == 0) return gy_place_of_value(node, out);
    return place(node->file, node->key_line, node->key_column, out);
}

const char *gy_place_of_value(const gy_node *node, char out[GY_PLACE_TEXT])
{
    return place(node->file, node->line, node->column, out);
}

bool gy_node_is_null(const gy_node *node)
{
    if (node->type != GY_NODE_SCALAR || node->quoted) return false;
    return node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}

static gy_status wrong(const gy_path *path, const gy_node *node, const char *why)
{
    char at[GY_PLACE_TEXT], name[GY_PATH_TEXT];
    return gy_raise(GY_E_CONFIG, "wrong value of %s" GY_AT "%s" GY_WHY "%s",
                    gy_path_text(path, name), gy_place_of_value(node, at), why);
}

/* "it must be a number, not a mapping" */
static gy_status wrong_type(const gy_path *path, const gy_node *node, const gy_setting *s,
                            gy_buffer *why, const char *found, const char *text)
{
    gy_buffer_reset(why);
    gy_buffer_add(why, "it must be ");
    gy_setting_expect(s, why);
    gy_buffer_format(why, ", %s%s%s%s", found, *text ? " '" : "", text, *text ? "'" : "");
    return why->status != GY_OK ? why->status : wrong(path, node, gy_buffer_text(why));
}

/* A quoted number is a text. */
static bool wants_bare(const gy_setting *s)
{
    return s->type == GY_SETTING_BOOL || s->type == GY_SETTING_INT || s->type == GY_SETTING_FLOAT ||
           s->type == GY_SETTING_INTS;
}

static gy_status take_items(gy_pool *pool, const gy_path *path, const gy_setting *s,
                            const gy_node *node, void *values, gy_buffer *why)
{
    bool is_list = node->type == GY_NODE_LIST;
    const gy_node *item = is_list ? node->first : node;
    const char **items;
    int n = 0;
    GY_TRY(gy_pool_array(pool, is_list ? node->n : 1, &items));
    for (; item != NULL; item = is_list ? item->next : NULL) {
        if (item->type != GY_NODE_SCALAR) return wrong_type(path, item, s, why, "not deeper", "");
        if (item->quoted && wants_bare(s))
            return wrong_type(path, item, s, why, "not the text", item->text);
        if (is_list && gy_node_is_null(item))
            return wrong_type(path, item, s, why, "not empty", "");
        items[n++] = item->text;
    }
    if (!is_list && gy_node_is_null(node)) items[0] = "";
    if (gy_setting_assign(s, items, n, is_list, pool, values, why)) return GY_OK;
    return why->status != GY_OK ? why->status : wrong(path, node, gy_buffer_text(why));
}

/* `optimizer: adam` is `optimizer: {kind: adam}`. */
static bool is_kind_alone(const gy_setting *s, const gy_node *node)
{
    return s->type == GY_SETTING_SECTION && node->type == GY_NODE_SCALAR &&
           !gy_node_is_null(node) && gy_setting_find(s->section, "kind") != NULL;
}

static gy_status take_section(gy_pool *pool, const gy_path *path, const gy_setting *s,
                              const gy_node *node, void *values)
{
    gy_scope scope = {.what = s->key, .sets = {{s->section, (char *)values + s->offset}}, .n = 1};
    gy_node map = *node, kind = *node;
    map.type = GY_NODE_MAP;
    map.first = NULL;
    kind.key = "kind";
    kind.next = NULL;
    if (is_kind_alone(s, node)) map.first = &kind;
    return gy_config_apply(pool, path, node->type == GY_NODE_MAP ? node : &map, &scope);
}

/* A text that overrides stands as it is; for anything else it is YAML. */
static bool is_text_as_it_stands(const gy_setting *s, const gy_node *node)
{
    return node->raw != NULL && node->raw[0] != '\0' && s->type == GY_SETTING_STRING;
}

/* Kept as it is for who knows its meaning. */
static gy_status take_tree(gy_pool *pool, const gy_node *node, const char **out)
{
    gy_buffer text;
    *out = NULL;
    if (gy_node_is_null(node)) return GY_OK;
    gy_buffer_init(&text, pool->ctx);
    gy_json_print(node, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&text), out);
    gy_buffer_clear(&text);
    return status;
}

static gy_status take(gy_pool *pool, const gy_path *path, const gy_setting *s, const gy_node *node,
                      void *values)
{
    gy_node text = *node, *none;
    if (is_text_as_it_stands(s, node)) {
        text.type = GY_NODE_SCALAR;
        text.text = node->raw;
        text.quoted = true;
        node = &text;
    } else if (node->broken) { /* fails again, with its error */
        return gy_yaml_parse(pool, node->file, node->raw, strlen(node->raw), &none);
    }
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status;
    void *target = (char *)values + s->offset;
    bool null = gy_node_is_null(node), section = s->type == GY_SETTING_SECTION;
    bool layers = s->type == GY_SETTING_LAYERS, branches = s->type == GY_SETTING_BRANCHES;
    bool may_be_none = section || (s->standard != NULL && s->standard[0] == '\0');
    if (null && !may_be_none)
        status = wrong_type(path, node, s, &why, "not empty", "");
    else if (section && node->type != GY_NODE_MAP && !null && !is_kind_alone(s, node))
        status = wrong_type(path, node, s, &why, "not", node->text == NULL ? "a list" : node->text);
    else if (s->type == GY_SETTING_TREE)
        status = take_tree(pool, node, target);
    else if (section)
        status = take_section(pool, path, s, node, values);
    else if (node->type == GY_NODE_MAP)
        status = wrong_type(path, node, s, &why, "not a mapping", "");
    else if ((layers || branches) && node->type != GY_NODE_LIST)
        status = wrong_type(path, node, s, &why, "not", node->text);
    else if (layers)
        status = gy_config_layers(pool, path, node, target);
    else if (branches)
        status = gy_config_branches(pool, path, node, target);
    else
        status = take_items(pool, path, s, node, values, &why);
    gy_buffer_clear(&why);
    return status;
}

/* Takes what chooses kinds, and lets their rows into the scope. */
static gy_status choose_kinds(gy_pool *pool, const gy_path *path, const gy_node *map,
                              gy_scope *scope)
{
    for (int i = 0, n = scope->n; i < n; i++) {
        for (const gy_setting *s = scope->sets[i].rows; s != NULL && s->key != NULL; s++) {
            if (s->type != GY_SETTING_KIND) continue;
            void *values = scope->sets[i].values;
            const gy_node *child = gy_node_find(map, s->key);
            gy_path here = {path, s->key, 0};
            if (child != NULL) GY_TRY(take(pool, &here, s, child, values));
            const gy_choice *choice = (const gy_choice *)((char *)values + s->offset);
            if (choice->kind == NULL || scope->n == GY_SCOPE_SETS) continue;
            scope->sets[scope->n].rows = choice->kind->settings;
            scope->sets[scope->n++].values = choice->settings;
        }
    }
    return GY_OK;
}

/* `label_smoothing` beside `loss: mse`: names the kinds that have it; false where none has. */
static bool name_other_kinds(const gy_scope *scope, const char *key, gy_buffer *why)
{
    for (int i = 0; i < scope->n; i++) {
        for (const gy_setting *s = scope->sets[i].rows; s != NULL && s->key != NULL; s++) {
            if (s->type != GY_SETTING_KIND) continue;
            int found = 0;
            for (int k = 0; k < s->registry->n; k++) {
                const gy_kind *kind = s->registry->kinds[k];
                if (gy_setting_find(kind->settings, key) == NULL) continue;
                if (found++ == 0) gy_buffer_format(why, "it goes with %s: ", s->key);
                gy_buffer_format(why, "%s%s", found == 1 ? "" : ", ", kind->name);
            }
            if (found == 0) continue;
            const gy_choice *choice =
                (const gy_choice *)((const char *)scope->sets[i].values + s->offset);
            gy_buffer_format(why, ", not with %s; remove it or choose another %s",
                             choice->kind == NULL ? "none" : choice->kind->name, s->registry->noun);
            return true;
        }
    }
    return false;
}

enum { MOST_KEYS = 128 };

static void suggest(const gy_scope *scope, const char *key, gy_buffer *why)
{
    const char *names[MOST_KEYS];
    int n = 0;
    gy_buffer_format(why, "%s has no such key; ", scope->what);
    for (int i = 0; i < scope->n; i++) {
        for (const gy_setting *s = scope->sets[i].rows; s != NULL && s->key != NULL; s++) {
            if (n < MOST_KEYS) names[n++] = s->key;
            if (s->type != GY_SETTING_SECTION || gy_setting_find(s->section, key) == NULL) continue;
            gy_buffer_format(why, "did you mean '%s.%s'?", s->key, key);
            return;
        }
    }
    const char *nearest = gy_foreign_word(key);
    if (nearest == NULL) nearest = gy_nearest(key, names, n);
    if (nearest != NULL) {
        gy_buffer_format(why, "did you mean '%s'?", nearest);
        return;
    }
    gy_buffer_add(why, n == 0 ? "it has none" : "it has ");
    for (int i = 0; i < n; i++) gy_buffer_format(why, "%s%s", i == 0 ? "" : ", ", names[i]);
}

static gy_status unknown(gy_pool *pool, const gy_path *path, const gy_node *node,
                         const gy_scope *scope)
{
    char at[GY_PLACE_TEXT], name[GY_PATH_TEXT];
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    if (!name_other_kinds(scope, node->key, &why)) suggest(scope, node->key, &why);
    gy_status status =
        gy_raise(GY_E_CONFIG, "unknown key %s" GY_AT "%s" GY_WHY "%s", gy_path_text(path, name),
                 gy_place_of_key(node, at), gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

/* Looks for what must be given: in this mapping, and in sections that are not there at all. */
static gy_status require(gy_pool *pool, const gy_path *path, const gy_node *map,
                         const gy_scope *scope)
{
    char at[GY_PLACE_TEXT], name[GY_PATH_TEXT];
    for (int i = 0; i < scope->n; i++) {
        for (const gy_setting *s = scope->sets[i].rows; s != NULL && s->key != NULL; s++) {
            if (gy_node_find(map, s->key) != NULL) continue;
            gy_path here = {path, s->key, 0};
            if (s->type == GY_SETTING_SECTION)
                GY_TRY(take_section(pool, &here, s,
                                    &(gy_node){.type = GY_NODE_MAP, .file = map->file},
                                    scope->sets[i].values));
            else if (s->standard == NULL)
                return gy_raise(GY_E_CONFIG,
                                "missing key %s" GY_AT "%s" GY_WHY "it must be given" GY_HINT
                                "add %s: %s",
                                gy_path_text(&here, name), gy_place_of_key(map, at), s->key,
                                s->help == NULL ? "…" : s->help);
        }
    }
    return GY_OK;
}

gy_status gy_config_apply(gy_pool *pool, const gy_path *path, const gy_node *map, gy_scope *scope)
{
    GY_TRY(choose_kinds(pool, path, map, scope));
    for (const gy_node *child = map->first; child != NULL; child = child->next) {
        gy_path here = {path, child->key, 0};
        const gy_setting *s = NULL;
        int i = 0;
        for (; i < scope->n && s == NULL; i++) s = gy_setting_find(scope->sets[i].rows, child->key);
        if (s == NULL) return unknown(pool, &here, child, scope);
        if (s->type == GY_SETTING_KIND) continue; /* taken already */
        GY_TRY(take(pool, &here, s, child, scope->sets[i - 1].values));
    }
    return require(pool, path, map, scope);
}
