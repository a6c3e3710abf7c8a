/* A space as a configuration has it: `- {key: optimizer.learning_rate, log_uniform: [1e-4, 1e-1]}`, an entry a key. */
#include "search.h"

#include "base/number.h"
#include "text/tree.h"

#include <math.h>
#include <string.h>

static gy_status wrong(int entry, const char *why, const char *hint)
{
    return gy_raise(GY_E_CONFIG, "wrong entry" GY_AT "search.space.%d" GY_WHY "%s" GY_HINT "%s",
                    entry, why, hint);
}

/* A scalar as it stands; what is deeper as JSON, which is YAML, too. */
static gy_status value_of(gy_pool *pool, const gy_node *node, const char **out)
{
    if (node->type == GY_NODE_SCALAR) return gy_pool_string(pool, node->text, out);
    gy_buffer text;
    gy_buffer_init(&text, pool->ctx);
    gy_json_print(node, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&text), out);
    gy_buffer_clear(&text);
    return status;
}

static gy_status read_choice(gy_pool *pool, const gy_node *list, int entry, gy_axis *out)
{
    const char **values;
    if (list->n == 0) return wrong(entry, "there is nothing to choose from", "give two or more");
    GY_TRY(gy_pool_array(pool, list->n, &values));
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        GY_TRY(value_of(pool, item, &values[out->n++]));
    out->values = values;
    return GY_OK;
}

static gy_status read_ends(const gy_node *list, int entry, gy_axis *out)
{
    double ends[2];
    int n = 0;
    for (const gy_node *item = list->first; item != NULL && n < 2; item = item->next)
        if (item->text != NULL && gy_number_float(item->text, &ends[n]) && isfinite(ends[n])) n++;
    if (n != 2 || list->n != 2) return wrong(entry, "a range has two ends", "write [low, high]");
    out->low = ends[0];
    out->high = ends[1];
    if (out->low > out->high) return wrong(entry, "it ends below its begin", "write [low, high]");
    if (out->kind == GY_AXIS_LOG_UNIFORM && out->low <= 0)
        return wrong(entry, "a logarithm is of numbers above 0", "begin above 0, or use uniform");
    const bool whole = out->low == floor(out->low) && out->high == floor(out->high);
    if (out->kind == GY_AXIS_INTEGER && !whole)
        return wrong(entry, "its ends are no whole numbers", "use uniform");
    return GY_OK;
}

static gy_status unknown_kind(int entry, const char *found)
{
    enum { KINDS = 4 };
    const char *near = gy_nearest(found, gy_axis_kind_names, KINDS);
    return gy_raise(GY_E_CONFIG,
                    "unknown key %s" GY_AT "search.space.%d" GY_WHY
                    "an entry has key, and one of choice, uniform, log_uniform, integer%s%s%s",
                    found, entry, near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
                    near == NULL ? "" : "?");
}

static int kind_of(const char *name)
{
    for (int i = 0; gy_axis_kind_names[i] != NULL; i++)
        if (strcmp(gy_axis_kind_names[i], name) == 0) return i;
    return -1;
}

static gy_status read_range(gy_pool *pool, const gy_node *map, int entry, gy_axis *out)
{
    const gy_node *range = NULL;
    if (map->type != GY_NODE_MAP)
        return wrong(entry, "it is no mapping", "write {key: …, uniform: [0, 1]}");
    for (const gy_node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, "key") == 0) {
            out->key = child->text;
            continue;
        }
        const int kind = kind_of(child->key);
        if (kind < 0) return unknown_kind(entry, child->key);
        if (range != NULL) return wrong(entry, "it has two ranges", "keep one of the two");
        if (child->type != GY_NODE_LIST)
            return wrong(entry, "a range is a list", "write [low, high]");
        range = child;
        out->kind = (gy_axis_kind)kind;
    }
    if (out->key == NULL || out->key[0] == '\0')
        return wrong(entry, "its key is not given", "add key: optimizer.learning_rate");
    if (range == NULL)
        return wrong(entry, "its range is not given",
                     "add choice, uniform, log_uniform or integer");
    return out->kind == GY_AXIS_CHOICE ? read_choice(pool, range, entry, out)
                                       : read_ends(range, entry, out);
}

gy_status gy_space_read(gy_pool *pool, const char *text, gy_space *out)
{
    gy_node *tree;
    gy_axis *ranges;
    int n = 0;
    *out = (gy_space){.n = 0};
    if (text == NULL) return GY_OK;
    GY_TRY(gy_json_parse(pool, "search.space", text, strlen(text), &tree));
    GY_REQUIRE(tree->type == GY_NODE_LIST && tree->n <= GY_AXES, GY_E_CONFIG,
               "wrong value of search.space" GY_AT "search.space" GY_WHY
               "it must be a list of at most %d keys with their ranges",
               (int)GY_AXES);
    GY_TRY(gy_pool_array(pool, tree->n, &ranges));
    for (const gy_node *entry = tree->first; entry != NULL; entry = entry->next) {
        GY_TRY(read_range(pool, entry, n, &ranges[n]));
        for (int i = 0; i < n; i++)
            if (strcmp(ranges[i].key, ranges[n].key) == 0)
                return wrong(n, "its key is there twice", "join the two");
        n++;
    }
    *out = (gy_space){ranges, n};
    return GY_OK;
}
