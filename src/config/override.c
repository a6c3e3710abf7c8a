/*
 * What overrides the file: `--set key.path=value` and GYRE_SET_<KEY__PATH>. Both go into the tree
 * before the schema looks at it, and are checked and named like what the file says.
 */
#include "config_impl.h"
#include "text/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

extern char **environ; /* POSIX leaves its declaration to us */

/* One override: where it comes from, for messages ("--set train.epochs"). */
typedef struct override {
    gy_pool *pool;
    const char *source;
    const char *value;
} override;

static gy_status refuse(const override *o, const char *why, const char *hint)
{
    return gy_raise(GY_E_CONFIG, "cannot override" GY_AT "%s" GY_WHY "%s" GY_HINT "%s", o->source,
                    why, hint);
}

/* An override has one place, whatever the lines within its text. */
static void forget_lines(gy_node *node)
{
    node->line = node->column = node->key_line = node->key_column = 0;
    for (gy_node *child = node->first; child != NULL; child = child->next) forget_lines(child);
}

/* The schema decides whether it is a text, which is taken as it stands, or what YAML makes of it. */
static gy_status parse_value(const override *o, gy_node **out)
{
    size_t bytes = strlen(o->value);
    gy_status status = gy_yaml_parse(o->pool, o->source, o->value, bytes, out);
    bool broken = status == GY_E_CONFIG && gy_utf8_valid(o->value, bytes) == bytes;
    if (!broken) GY_TRY(status);
    if (broken) GY_TRY(gy_pool_new(o->pool, out));
    bool blank = (*out)->type == GY_NODE_MAP && (*out)->n == 0 && strchr(o->value, '{') == NULL;
    if (blank || broken) {
        (*out)->type = GY_NODE_SCALAR;
        (*out)->text = broken ? o->value : "";
        (*out)->file = o->source;
    }
    (*out)->raw = o->value;
    (*out)->broken = broken;
    forget_lines(*out);
    return GY_OK;
}

static gy_status add_child(const override *o, gy_node *map, const char *key, gy_node **out)
{
    gy_node **end = &map->first;
    while (*end != NULL) end = &(*end)->next;
    GY_TRY(gy_pool_new(o->pool, end));
    **end = (gy_node){.type = GY_NODE_SCALAR, .key = key, .text = "", .file = o->source};
    map->n++;
    *out = *end;
    return GY_OK;
}

static void become_map(const override *o, gy_node *node)
{
    node->type = GY_NODE_MAP;
    if (node->line == 0) node->file = o->source;
}

/* `- flatten` is `- flatten: {}` for a path that goes on with `flatten`. */
static gy_status open_bare_layer(const override *o, gy_node *entry, const char *key, gy_node **out)
{
    if (entry->key != NULL || strcmp(entry->text, key) != 0)
        return refuse(o, "its path goes through a value that is no mapping", "check the path");
    become_map(o, entry);
    return add_child(o, entry, key, out);
}

static gy_status list_entry(const override *o, const gy_node *list, const char *key, gy_node **out)
{
    int64_t index = 0;
    bool digits = key[0] != '\0' && strspn(key, "0123456789") == strlen(key) && strlen(key) < 10;
    if (digits) index = atol(key);
    if (!digits || index >= list->n)
        return gy_raise(GY_E_CONFIG,
                        "cannot override" GY_AT "%s" GY_WHY
                        "'%s' is no entry of a list of %d" GY_HINT "count from 0",
                        o->source, key, list->n);
    gy_node *entry = list->first;
    for (int64_t i = 0; i < index; i++) entry = entry->next;
    *out = entry;
    return GY_OK;
}

/* The child of that key; made where a mapping does not have it. */
static gy_status step(const override *o, gy_node *node, const char *key, gy_node **out)
{
    if (node->type == GY_NODE_LIST) return list_entry(o, node, key, out);
    if (node->type == GY_NODE_SCALAR) {
        if (!gy_node_is_null(node)) return open_bare_layer(o, node, key, out);
        become_map(o, node);
    }
    gy_node *child = (gy_node *)gy_node_find(node, key);
    if (child == NULL) return add_child(o, node, key, out);
    *out = child;
    return GY_OK;
}

/* Puts the value at a path of dots, which is cut in place. */
static gy_status put(const override *o, gy_node *root, char *path)
{
    gy_node *node = root, *value;
    GY_TRY(parse_value(o, &value));
    for (char *key = path; key != NULL;) {
        char *dot = strchr(key, '.');
        if (dot != NULL) *dot = '\0';
        if (key[0] == '\0') return refuse(o, "its path has an empty part", "write key.path=value");
        GY_TRY(step(o, node, key, &node));
        key = dot == NULL ? NULL : dot + 1;
    }
    value->key = node->key;
    value->next = node->next;
    *node = *value;
    return GY_OK;
}

gy_status gy_config_set(gy_pool *pool, gy_node *root, const char *text)
{
    GY_REQUIRE(text != NULL, GY_E_USAGE,
               "cannot override" GY_AT "sets" GY_WHY "one of them is NULL");
    const char *equals = strchr(text, '=');
    GY_REQUIRE(equals != NULL, GY_E_USAGE,
               "cannot override" GY_AT "--set %s" GY_WHY "it has no '='" GY_HINT
               "write --set key.path=value",
               text);
    override o = {.pool = pool, .value = equals + 1};
    const char *path;
    GY_TRY(gy_pool_format(pool, &path, "%.*s", (int)(equals - text), text));
    GY_TRY(gy_pool_format(pool, &o.source, "--set %s", path));
    return put(&o, root, (char *)path);
}

static const char prefix[] = "GYRE_SET_";

/* GYRE_SET_TRAIN__BATCH_SIZE=32 */
static gy_status set_variable(gy_pool *pool, gy_node *root, const char *variable)
{
    const char *equals = strchr(variable, '=');
    override o = {.pool = pool, .value = equals + 1};
    GY_TRY(gy_pool_format(pool, &o.source, "%.*s", (int)(equals - variable), variable));
    const char *copy;
    GY_TRY(gy_pool_string(pool, o.source + strlen(prefix), &copy));
    char *path = (char *)copy, *to = path;
    for (const char *from = path; *from != '\0'; from++) {
        bool dot = from[0] == '_' && from[1] == '_';
        *to++ = dot ? '.' : (char)tolower((unsigned char)*from);
        from += dot;
    }
    *to = '\0';
    return put(&o, root, path);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gy_status gy_config_set_environment(gy_pool *pool, gy_node *root)
{
    const char **found;
    int n = 0;
    for (char **e = environ; e != NULL && *e != NULL; e++)
        n += strncmp(*e, prefix, strlen(prefix)) == 0 && strchr(*e, '=') != NULL;
    GY_TRY(gy_pool_array(pool, n, &found));
    n = 0;
    for (char **e = environ; e != NULL && *e != NULL; e++)
        if (strncmp(*e, prefix, strlen(prefix)) == 0 && strchr(*e, '=') != NULL) found[n++] = *e;
    qsort(found, (size_t)n, sizeof *found, by_text);
    for (int i = 0; i < n; i++) GY_TRY(set_variable(pool, root, found[i]));
    return GY_OK;
}
