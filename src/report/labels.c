/* What runs are called in a picture: their names, and which settings differ from the first one's. */
#include "curves.h"

#include "base/buffer.h"
#include "store/file.h"
#include "text/tree.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 3 }; /* differences that are named */

/* Whether two trees of the same kind say the same. */
static bool are_alike(const gy_node *a, const gy_node *b)
{
    if (a == NULL || b == NULL || a->type != b->type || a->n != b->n) return a == b;
    if (a->type == GY_NODE_SCALAR) return strcmp(a->text, b->text) == 0;
    const gy_node *y = b->first;
    for (const gy_node *x = a->first; x != NULL; x = x->next, y = y->next) {
        if (a->type == GY_NODE_MAP && strcmp(x->key, y->key) != 0) return false;
        if (!are_alike(x, y)) return false;
    }
    return true;
}

/* Whether their parts can be told apart one by one. */
static bool are_alike_in_form(const gy_node *a, const gy_node *b)
{
    if (a == NULL || a->type != b->type) return false;
    return b->type == GY_NODE_MAP || (b->type == GY_NODE_LIST && a->n == b->n);
}

/* Adds "optimizer.learning_rate 0.1" for what b has otherwise than a. */
static void add_differences(const gy_node *a, const gy_node *b, const char *above, int *n,
                            gy_buffer *out)
{
    const gy_node *item = a->first; /* of a list: b's are in the same places */
    int64_t i = 0;
    for (const gy_node *y = b->first; y != NULL && *n < MOST; y = y->next, i++) {
        char path[256], place[24];
        const bool list = b->type == GY_NODE_LIST;
        const gy_node *x = list ? item : gy_node_find(a, y->key);
        if (list) item = item->next;
        (void)snprintf(place, sizeof place, "%lld", (long long)i);
        const char *key = list ? place : y->key;
        bool named = above[0] == '\0' && (strcmp(key, "name") == 0 || strcmp(key, "run_dir") == 0);
        if (named || are_alike(x, y)) continue;
        (void)snprintf(path, sizeof path, "%s%s%s", above, above[0] == '\0' ? "" : ".", key);
        if (are_alike_in_form(x, y)) {
            add_differences(x, y, path, n, out);
            continue;
        }
        gy_buffer_format(out, "%s%s %s", (*n)++ == 0 ? "" : ", ", path,
                         y->type == GY_NODE_SCALAR ? y->text : "differs");
    }
}

static gy_status read_config(gy_pool *pool, const char *dir, gy_node **out)
{
    const char *path;
    gy_lies there;
    *out = NULL;
    GY_TRY(gy_pool_format(pool, &path, "%s/config.yaml", dir));
    GY_TRY(gy_path_kind(path, &there));
    return there == GY_IS_NONE ? GY_OK : gy_yaml_read(pool, path, out);
}

static gy_status label(gy_pool *pool, const gy_node *first, const gy_node *own, gy_curves *run)
{
    gy_buffer out;
    int n = 0;
    gy_buffer_init(&out, pool->ctx);
    gy_buffer_add(&out, run->dir);
    if (own != NULL && first != NULL && own != first) {
        gy_buffer_add(&out, ": ");
        add_differences(first, own, "", &n, &out);
        if (n == 0) gy_buffer_add(&out, "the same settings");
    }
    gy_status status = out.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&out), &run->label);
    gy_buffer_clear(&out);
    return status;
}

gy_status gy_curves_label(gy_pool *pool, gy_curves *runs, int n)
{
    gy_node *first = NULL;
    for (int i = 0; i < n; i++) {
        gy_node *own;
        GY_TRY(read_config(pool, runs[i].dir, &own));
        if (i == 0) first = own;
        GY_TRY(label(pool, first, own, &runs[i]));
    }
    return GY_OK;
}
