/* The layers as configured: copied, walked over, changed. Names are those that the model gives. */
#include "subject.h"

#include "layer/layer_list.h"

#include <string.h>

void *gy_spec_setting(const gy_layer_spec *spec, const char *key)
{
    const gy_setting *rows = spec->kind->kind.settings;
    const gy_setting *row = rows == NULL ? NULL : gy_setting_find(rows, key);
    return row == NULL ? NULL : (char *)(uintptr_t)spec->settings + row->offset;
}

static gy_status copy_settings(gy_pool *pool, gy_layer_spec *spec)
{
    const gy_kind *kind = &spec->kind->kind;
    void *settings = NULL;
    if (kind->settings == NULL) return GY_OK;
    GY_TRY(gy_pool_alloc(pool, kind->settings_size, &settings));
    memcpy(settings, spec->settings, kind->settings_size);
    spec->settings = settings;
    for (const gy_setting *row = kind->settings; row->key != NULL; row++) {
        void *at = (char *)settings + row->offset;
        if (row->type == GY_SETTING_LAYERS) GY_TRY(gy_specs_copy(pool, at, at));
        if (row->type != GY_SETTING_BRANCHES) continue;
        gy_layer_branches *branches = at;
        gy_layer_specs *v;
        GY_TRY(gy_pool_array(pool, branches->n, &v));
        for (int i = 0; i < branches->n; i++) GY_TRY(gy_specs_copy(pool, &branches->v[i], &v[i]));
        branches->v = v;
    }
    return GY_OK;
}

gy_status gy_specs_copy(gy_pool *pool, const gy_layer_specs *layers, gy_layer_specs *out)
{
    int *counts;
    gy_layer_spec *v;
    const int n = layers->n;
    GY_TRY(gy_pool_array(pool, gy_layer_registry.n, &counts));
    GY_TRY(gy_pool_array(pool, n, &v));
    for (int i = 0; i < n; i++) {
        v[i] = layers->v[i];
        const char *kind = v[i].kind->kind.name;
        int nth = counts[gy_registry_index(&gy_layer_registry, kind)]++;
        if (v[i].common.name == NULL)
            GY_TRY(gy_pool_format(pool, &v[i].common.name, "%s_%d", kind, nth));
        GY_TRY(copy_settings(pool, &v[i]));
    }
    *out = (gy_layer_specs){v, n};
    return GY_OK;
}

/* A walk: what is visited, and under which path. */
typedef struct walk {
    gy_pool *pool;
    gy_status (*visit)(void *user, const gy_spec_at *at);
    void *user;
} walk;

static gy_status walk_list(const walk *w, gy_layer_specs *list, const char *above);

/* What is inside a layer. A loop's turns are one list for several running layers. */
static gy_status walk_inside(const walk *w, const gy_layer_spec *spec, const char *path)
{
    const char *below = gy_spec_setting(spec, "times") != NULL ? NULL : path;
    for (const gy_setting *row = spec->kind->kind.settings; row != NULL && row->key != NULL;
         row++) {
        void *at = gy_spec_setting(spec, row->key);
        if (row->type == GY_SETTING_LAYERS) GY_TRY(walk_list(w, at, below));
        if (row->type != GY_SETTING_BRANCHES) continue;
        const gy_layer_branches *branches = at;
        for (int i = 0; i < branches->n; i++) {
            const char *branch = NULL;
            if (below != NULL) GY_TRY(gy_pool_format(w->pool, &branch, "%s/%d", below, i));
            GY_TRY(walk_list(w, (gy_layer_specs *)(uintptr_t)&branches->v[i], branch));
        }
    }
    return GY_OK;
}

/* From the end, so that a visit may take away what it was called for. */
static gy_status walk_list(const walk *w, gy_layer_specs *list, const char *above)
{
    for (int i = list->n - 1; i >= 0; i--) {
        const gy_layer_spec spec = list->v[i];
        gy_spec_at at = {.list = list, .index = i};
        if (above != NULL)
            GY_TRY(gy_pool_format(w->pool, &at.path, "%s%s%s", above, above[0] == '\0' ? "" : "/",
                                  spec.common.name));
        GY_TRY(w->visit(w->user, &at));
        GY_TRY(walk_inside(w, &spec, at.path));
    }
    return GY_OK;
}

gy_status gy_specs_walk(gy_pool *pool, gy_layer_specs *layers,
                        gy_status (*visit)(void *user, const gy_spec_at *at), void *user)
{
    const walk w = {pool, visit, user};
    return walk_list(&w, layers, "");
}
