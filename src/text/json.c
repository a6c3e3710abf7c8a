/* JSON text to a tree, by jansson; this file is the only door to it. */
#include "tree.h"

#include "base/setting.h"

#include <jansson.h>

#include <string.h>

typedef struct reader {
    gy_pool *pool;
    const char *file;
} reader;

static gy_status scalar(const reader *r, const json_t *value, gy_node *node)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        node->quoted = true;
        return gy_pool_string(r->pool, json_string_value(value), &node->text);
    case JSON_INTEGER:
        return gy_pool_format(r->pool, &node->text, "%lld", (long long)json_integer_value(value));
    case JSON_REAL: {
        gy_buffer text;
        gy_buffer_init(&text, r->pool->ctx);
        gy_setting_print_float(json_real_value(value), &text);
        gy_status status = text.status;
        if (status == GY_OK) status = gy_pool_string(r->pool, gy_buffer_text(&text), &node->text);
        gy_buffer_clear(&text);
        return status;
    }
    case JSON_TRUE:
        node->text = "true";
        return GY_OK;
    case JSON_FALSE:
        node->text = "false";
        return GY_OK;
    default:
        node->text = "null";
        return GY_OK;
    }
}

static gy_status convert(const reader *r, const json_t *value, int depth, gy_node **out);

static gy_status convert_object(const reader *r, json_t *object, int depth, gy_node *node)
{
    gy_node **end = &node->first;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        GY_TRY(convert(r, value, depth + 1, end));
        GY_TRY(gy_pool_string(r->pool, key, &(*end)->key));
        end = &(*end)->next;
        node->n++;
    }
    return GY_OK;
}

static gy_status convert(const reader *r, const json_t *value, int depth, gy_node **out)
{
    GY_REQUIRE(depth <= GY_TREE_DEPTH, GY_E_DATA,
               "not valid JSON" GY_AT "%s" GY_WHY "it is nested deeper than %d levels", r->file,
               GY_TREE_DEPTH);
    gy_node *node;
    GY_TRY(gy_pool_new(r->pool, &node));
    node->file = r->file;
    if (json_is_object(value)) {
        node->type = GY_NODE_MAP;
        GY_TRY(convert_object(r, (json_t *)value, depth, node));
    } else if (json_is_array(value)) {
        node->type = GY_NODE_LIST;
        gy_node **end = &node->first;
        for (size_t i = 0; i < json_array_size(value); i++) {
            GY_TRY(convert(r, json_array_get(value, i), depth + 1, end));
            end = &(*end)->next;
            node->n++;
        }
    } else {
        node->type = GY_NODE_SCALAR;
        GY_TRY(scalar(r, value, node));
    }
    *out = node;
    return GY_OK;
}

gy_status gy_json_parse(gy_pool *pool, const char *file, const char *text, size_t bytes,
                        gy_node **out)
{
    reader r = {.pool = pool};
    GY_TRY(gy_pool_string(pool, file, &r.file));
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        if (json_error_code(&error) == json_error_out_of_memory)
            return gy_raise(GY_E_NOMEM, "out of memory" GY_AT "%s" GY_WHY "no room for its tree",
                            file);
        return gy_raise(GY_E_DATA, "not valid JSON" GY_AT "%s:%d:%d" GY_WHY "%s", file, error.line,
                        error.column, error.text);
    }
    gy_status status = convert(&r, root, 0, out);
    json_decref(root);
    return status;
}
