/* The layers as configured: copied, walked over, changed. Names are those that the model gives. */
#include "subject.h"

#include "layer/layer_list.h"

#include <stdio.h>
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

/* Where a list is: the paths above it, one for each turn of the loops that it is in. */
typedef struct above {
    const char **v; /* [n] */
    int n;
    bool in_loop;
} above;

static gy_status walk_list(const walk *w, gy_layer_specs *list, const above *at);

/* What is below `name` of each. */
static gy_status below(const walk *w, const above *at, const char *name, above *out)
{
    *out = (above){.n = at->n, .in_loop = at->in_loop};
    GY_TRY(gy_pool_array(w->pool, at->n, &out->v));
    for (int i = 0; i < at->n; i++)
        GY_TRY(gy_pool_format(w->pool, &out->v[i], "%s%s%s", at->v[i],
                              at->v[i][0] == '\0' ? "" : "/", name));
    return GY_OK;
}

static gy_status below_number(const walk *w, const above *at, int number, above *out)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%d", number);
    return below(w, at, name, out);
}

/* The turns of a loop, if it is one, that have parameters of their own. */
static gy_status take_turns(const walk *w, const gy_layer_spec *spec, const above *at, above *out)
{
    const int64_t *times = gy_spec_setting(spec, "times");
    const bool *tied = gy_spec_setting(spec, "tied");
    *out = *at;
    if (times == NULL) return GY_OK;
    const int64_t turns = tied != NULL && *tied ? 1 : *times;
    *out = (above){.in_loop = true};
    GY_TRY(gy_pool_array(w->pool, turns * at->n, &out->v));
    for (int64_t t = 0; t < turns; t++) {
        above turn;
        GY_TRY(below_number(w, at, (int)t, &turn));
        for (int i = 0; i < turn.n; i++) out->v[out->n++] = turn.v[i];
    }
    return GY_OK;
}

static gy_status walk_inside(const walk *w, const gy_layer_spec *spec, const above *of)
{
    above at;
    GY_TRY(take_turns(w, spec, of, &at));
    for (const gy_setting *row = spec->kind->kind.settings; row != NULL && row->key != NULL;
         row++) {
        void *value = gy_spec_setting(spec, row->key);
        if (row->type == GY_SETTING_LAYERS) GY_TRY(walk_list(w, value, &at));
        if (row->type != GY_SETTING_BRANCHES) continue;
        const gy_layer_branches *branches = value;
        for (int i = 0; i < branches->n; i++) {
            above branch;
            GY_TRY(below_number(w, &at, i, &branch));
            GY_TRY(walk_list(w, (gy_layer_specs *)(uintptr_t)&branches->v[i], &branch));
        }
    }
    return GY_OK;
}

/* From the end, so that a visit may take away what it was called for, or put something before it. */
static gy_status walk_list(const walk *w, gy_layer_specs *list, const above *at)
{
    for (int i = list->n - 1; i >= 0; i--) {
        above of;
        const gy_layer_spec spec = list->v[i];
        GY_TRY(below(w, at, spec.common.name, &of));
        const gy_spec_at here = {.list = list,
                                 .index = i,
                                 .path = of.in_loop ? NULL : of.v[0],
                                 .paths = of.v,
                                 .n_paths = of.n};
        GY_TRY(w->visit(w->user, &here));
        GY_TRY(walk_inside(w, &spec, &of));
    }
    return GY_OK;
}

gy_status gy_specs_walk(gy_pool *pool, gy_layer_specs *layers,
                        gy_status (*visit)(void *user, const gy_spec_at *at), void *user)
{
    const char *top[] = {""};
    const walk w = {pool, visit, user};
    return walk_list(&w, layers, &(above){top, 1, false});
}

static gy_status count_shared(void *user, const gy_spec_at *at)
{
    gy_shared *shared = user;
    if (at->list->v[at->index].common.share != NULL) shared->n++;
    return GY_OK;
}

static gy_status note_shared(void *user, const gy_spec_at *at)
{
    gy_shared *shared = user;
    const char *share = at->list->v[at->index].common.share;
    if (share != NULL) shared->v[shared->n++] = share;
    return GY_OK;
}

gy_status gy_specs_shared(gy_pool *pool, gy_layer_specs *layers, gy_shared *out)
{
    *out = (gy_shared){.n = 0};
    GY_TRY(gy_specs_walk(pool, layers, count_shared, out));
    GY_TRY(gy_pool_array(pool, out->n, &out->v));
    out->n = 0;
    return gy_specs_walk(pool, layers, note_shared, out);
}

bool gy_shared_has(const gy_shared *shared, const gy_layer_spec *spec)
{
    bool is = spec->common.share != NULL;
    for (int i = 0; i < shared->n && !is; i++) {
        const char *slash = strrchr(shared->v[i], '/');
        is = strcmp(slash == NULL ? shared->v[i] : slash + 1, spec->common.name) == 0;
    }
    return is;
}
