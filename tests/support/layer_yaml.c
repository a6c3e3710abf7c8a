#include "layer_yaml.h"

#include "text/tree.h"

#include <string.h>

static gy_status read_entry(gy_pool *pool, const gy_node *node, gy_layer_spec *out);

static gy_status read_list(gy_pool *pool, const gy_node *node, gy_layer_specs *out)
{
    gy_layer_spec *v;
    int n = 0;
    GY_TRY(gy_pool_array(pool, node->n + 1, &v));
    for (const gy_node *c = node->first; c != NULL; c = c->next)
        GY_TRY(read_entry(pool, c, &v[n++]));
    *out = (gy_layer_specs){v, n};
    return GY_OK;
}

static gy_status read_branches(gy_pool *pool, const gy_node *node, gy_layer_branches *out)
{
    gy_layer_specs *v;
    int n = 0;
    GY_TRY(gy_pool_array(pool, node->n + 1, &v));
    for (const gy_node *c = node->first; c != NULL; c = c->next)
        GY_TRY(read_list(pool, c, &v[n++]));
    *out = (gy_layer_branches){v, n};
    return GY_OK;
}

static gy_status read_value(gy_pool *pool, const gy_setting *row, const gy_node *node, void *values)
{
    const char *items[16];
    int n = 0;
    void *place = (char *)values + row->offset;
    if (row->type == GY_SETTING_LAYERS) return read_list(pool, node, place);
    if (row->type == GY_SETTING_BRANCHES) return read_branches(pool, node, place);
    for (const gy_node *c = node->first; c != NULL && n < 16; c = c->next) items[n++] = c->text;
    if (node->type == GY_NODE_SCALAR) items[n++] = node->text;
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status = GY_OK;
    if (!gy_setting_assign(row, items, n, node->type == GY_NODE_LIST, pool, values, &why))
        status = gy_raise(GY_E_CONFIG, "%s" GY_WHY "%s", row->key, gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

static gy_status read_setting(gy_pool *pool, const gy_node *node, gy_layer_spec *spec)
{
    const gy_setting *tables[] = {spec->kind->kind.settings, gy_layer_common_settings,
                                  spec->kind->has_params ? gy_layer_init_settings : NULL};
    for (int i = 0; i < 3; i++) {
        const gy_setting *row = tables[i] == NULL ? NULL : gy_setting_find(tables[i], node->key);
        void *values = i == 0 ? (void *)(uintptr_t)spec->settings : &spec->common;
        if (row != NULL) return read_value(pool, row, node, values);
    }
    return gy_raise(GY_E_CONFIG, "%s" GY_WHY "%s takes no such setting", node->key,
                    spec->kind->kind.name);
}

static gy_status read_entry(gy_pool *pool, const gy_node *node, gy_layer_spec *out)
{
    const gy_node *body = node->type == GY_NODE_MAP ? node->first : NULL;
    const char *name = body != NULL ? body->key : node->text;
    void *settings = NULL;
    *out = (gy_layer_spec){.kind = gy_layer_find(name), .where = "sample"};
    GY_REQUIRE(out->kind != NULL, GY_E_CONFIG, "%s" GY_WHY "there is no such layer", name);
    if (out->kind->kind.settings != NULL) {
        GY_TRY(gy_pool_alloc(pool, out->kind->kind.settings_size, &settings));
        GY_TRY(gy_settings_default(out->kind->kind.settings, pool, settings));
    }
    GY_TRY(gy_settings_default(gy_layer_common_settings, pool, &out->common));
    GY_TRY(gy_settings_default(gy_layer_init_settings, pool, &out->common));
    out->settings = settings;
    for (const gy_node *c = body == NULL ? NULL : body->first; c != NULL; c = c->next)
        GY_TRY(read_setting(pool, c, out));
    return GY_OK;
}

gy_status gy_test_layer(gy_pool *pool, const char *yaml, gy_layer_spec *out)
{
    gy_node *root;
    GY_TRY(gy_yaml_parse(pool, "sample", yaml, strlen(yaml), &root));
    return read_entry(pool, root, out);
}
