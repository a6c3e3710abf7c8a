/* What differs between two resolved configurations, key by key. */
#include "config_impl.h"

#include <string.h>

typedef struct comparison {
    gy_context *ctx;
    void (*line)(void *user, const char *key, const char *old_value, const char *new_value);
    void *user;
} comparison;

static void print_value(const gy_node *node, gy_buffer *out)
{
    if (node == NULL)
        gy_buffer_add(out, "none");
    else if (node->type == GY_NODE_SCALAR)
        gy_buffer_add(out, node->text);
    else
        gy_json_print(node, out);
}

static bool has_children(const gy_node *node)
{
    return node != NULL && node->type != GY_NODE_SCALAR && node->n > 0;
}

/* A list of numbers or words is one value; a list of layers is compared layer by layer. */
static bool is_value(const gy_node *node)
{
    if (node == NULL || node->type != GY_NODE_LIST) return !has_children(node);
    for (const gy_node *item = node->first; item != NULL; item = item->next)
        if (item->type != GY_NODE_SCALAR) return false;
    return true;
}

static gy_status compare_values(const comparison *c, const gy_path *path, const gy_node *a,
                                const gy_node *b)
{
    char key[GY_PATH_TEXT];
    gy_buffer old_value, new_value;
    gy_buffer_init(&old_value, c->ctx);
    gy_buffer_init(&new_value, c->ctx);
    print_value(a, &old_value);
    print_value(b, &new_value);
    gy_status status = old_value.status != GY_OK ? old_value.status : new_value.status;
    const char *x = gy_buffer_text(&old_value), *y = gy_buffer_text(&new_value);
    if (status == GY_OK && strcmp(x, y) != 0) c->line(c->user, gy_path_text(path, key), x, y);
    gy_buffer_clear(&new_value);
    gy_buffer_clear(&old_value);
    return status;
}

static gy_status compare(const comparison *c, const gy_path *path, const gy_node *a,
                         const gy_node *b);

static gy_status compare_lists(const comparison *c, const gy_path *path, const gy_node *a,
                               const gy_node *b)
{
    const gy_node *x = a->first, *y = b->first;
    for (int i = 0; x != NULL || y != NULL; i++) {
        gy_path here = {path, NULL, i};
        GY_TRY(compare(c, &here, x, y));
        if (x != NULL) x = x->next;
        if (y != NULL) y = y->next;
    }
    return GY_OK;
}

static gy_status compare_maps(const comparison *c, const gy_path *path, const gy_node *a,
                              const gy_node *b)
{
    for (const gy_node *x = a->first; x != NULL; x = x->next) {
        gy_path here = {path, x->key, 0};
        GY_TRY(compare(c, &here, x, gy_node_find(b, x->key)));
    }
    for (const gy_node *y = b->first; y != NULL; y = y->next) {
        gy_path here = {path, y->key, 0};
        if (gy_node_find(a, y->key) == NULL) GY_TRY(compare(c, &here, NULL, y));
    }
    return GY_OK;
}

static gy_status compare(const comparison *c, const gy_path *path, const gy_node *a,
                         const gy_node *b)
{
    bool alike = a != NULL && b != NULL && a->type == b->type && !is_value(a) && !is_value(b);
    if (!alike) return compare_values(c, path, a, b);
    return a->type == GY_NODE_MAP ? compare_maps(c, path, a, b) : compare_lists(c, path, a, b);
}

gy_status gy_config_compare(gy_context *ctx, const char *old_yaml, const char *new_yaml,
                            void (*line)(void *user, const char *key, const char *old_value,
                                         const char *new_value),
                            void *user)
{
    comparison c = {ctx, line, user};
    gy_path root = {NULL, NULL, 0};
    gy_status status;
    gy_node *a, *b;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    GY_TRY_GOTO(done, gy_yaml_parse(&pool, "old", old_yaml, strlen(old_yaml), &a));
    GY_TRY_GOTO(done, gy_yaml_parse(&pool, "new", new_yaml, strlen(new_yaml), &b));
    GY_TRY_GOTO(done, compare(&c, &root, a, b));
done:
    gy_pool_clear(&pool);
    return status;
}
