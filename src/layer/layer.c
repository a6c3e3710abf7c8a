/* The list of kinds, the settings that all take, and what their shape() and expand() call. */
#include "layer.h"

#include "builder.h"
#include "layer_list.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENTRY(name) &gy_layer_##name.kind,
GY_REGISTRY(gy_layer_registry, "layer", ENTRY, GY_LAYER_LIST)

#define INIT_NAME(name) #name,
static const char *const init_choices[] = {"auto", GY_INIT_LIST(INIT_NAME) NULL};

const gy_setting gy_layer_common_settings[] = {
    {.key = "name",
     .type = GY_SETTING_STRING,
     .offset = offsetof(gy_layer_common, name),
     .standard = "",
     .help = "name in paths and checkpoints; default <kind>_<n>"},
    {.key = "trainable",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_layer_common, trainable),
     .standard = "true",
     .help = "false: parameters of this layer and all below it stay as they are"},
    {.key = "share",
     .type = GY_SETTING_STRING,
     .offset = offsetof(gy_layer_common, share),
     .standard = "",
     .help = "earlier layer whose parameters are used; the nearest of that name"},
    GY_SETTING_END,
};

const gy_setting gy_layer_init_settings[] = {
    {.key = "init",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(gy_layer_common, init),
     .standard = "auto",
     .choices = init_choices,
     .help = "start of weights; auto: he_normal before relu-like activations, else xavier_uniform"},
    {.key = "bias_init",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(gy_layer_common, bias_init),
     .standard = "auto",
     .choices = init_choices,
     .help = "start of biases; auto: zeros (lstm's forget gate: ones)"},
    {.key = "init_scale",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(gy_layer_common, init_scale),
     .standard = "0",
     .min = 0,
     .max = 1e6,
     .help = "constant: the value; normal, truncated_normal: standard deviation; uniform: bound; "
             "others: a factor. 0: 0 for constant, 0.02, 0.02, 0.05, 1. Goes for bias_init too"},
    GY_SETTING_END,
};

/* What init_scale 0 stands for. */
static double own_scale(gy_init_kind kind)
{
    switch (kind) {
    case GY_INIT_zeros:
    case GY_INIT_constant:
        return 0;
    case GY_INIT_normal:
    case GY_INIT_truncated_normal:
        return 0.02;
    case GY_INIT_uniform:
        return 0.05;
    default:
        return 1;
    }
}

static gy_init chosen(int choice, double scale, gy_init standard)
{
    if (choice > 0) {
        gy_init_kind kind = (gy_init_kind)(choice - 1);
        return (gy_init){kind, scale > 0 ? scale : own_scale(kind)};
    }
    return standard;
}

/* Appends to a list in the pool that grows by doubling. */
static void append(gy_layer *l, const gy_tensor_spec *spec)
{
    if (l->status != GY_OK) return;
    if (l->n_params == l->params_room) {
        int room = l->params_room == 0 ? 8 : 2 * l->params_room;
        gy_tensor_spec *grown;
        l->status = gy_pool_array(l->pool, room, &grown);
        if (l->status != GY_OK) return;
        for (int i = 0; i < l->n_params; i++) grown[i] = l->params[i];
        l->params = grown;
        l->params_room = room;
    }
    l->params[l->n_params++] = *spec;
}

void gy_layer_param(gy_layer *l, const char *name, gy_role role, gy_shape shape, gy_init standard)
{
    const gy_layer_common *c = l->common;
    gy_init init = standard;
    if (role == GY_ROLE_BIAS) {
        init = chosen(c->bias_init, c->init_scale, standard);
    } else if (role != GY_ROLE_NORM) {
        init = chosen(c->init, c->init_scale, standard);
        if (c->init == 0 && c->init_scale > 0) init.scale = c->init_scale;
    }
    if (init.scale == 0) init.scale = own_scale(init.kind);
    append(l, &(gy_tensor_spec){.name = name, .shape = shape, .role = role, .init = init});
}

void gy_layer_param_floats(gy_layer *l)
{
    if (l->status == GY_OK) l->params[l->n_params - 1].floats = true;
}

void gy_layer_join(gy_layer *l, int first, int n)
{
    assert(l->n_joints < GY_LAYER_JOINTS && first + n <= l->n_params);
    l->joints[l->n_joints++] = (gy_joint){first, n};
}

void gy_layer_buffer(gy_layer *l, const char *name, gy_shape shape, double value)
{
    if (l->n_buffers == GY_LAYER_BUFFERS) {
        if (l->status == GY_OK) l->status = gy_layer_refuse(l, "use fewer", "too many buffers");
        return;
    }
    l->buffers[l->n_buffers++] = (gy_tensor_spec){
        .name = name, .shape = shape, .role = GY_ROLE_NORM, .init = {GY_INIT_constant, value}};
}

static gy_status refuse(const char *path, const char *where, const char *hint, const char *format,
                        va_list args)
{
    char why[512];
    (void)vsnprintf(why, sizeof why, format, args);
    return gy_raise(GY_E_SHAPE, "layer %s" GY_AT "%s" GY_WHY "%s" GY_HINT "%s", path, where, why,
                    hint);
}

gy_status gy_layer_refuse(const gy_layer *l, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    gy_status status = refuse(l->path, l->where, hint, format, args);
    va_end(args);
    return status;
}

gy_status gy_builder_refuse(gy_builder *b, const gy_layer_spec *spec, const char *hint,
                            const char *format, ...)
{
    va_list args;
    va_start(args, format);
    gy_status status = refuse(gy_builder_path(b), spec->where, hint, format, args);
    va_end(args);
    return status;
}

gy_shape gy_shape_of(int n, ...)
{
    gy_shape shape = {.n = n};
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) shape.d[i] = va_arg(args, int64_t);
    va_end(args);
    return shape;
}

gy_init gy_init_for(gy_activation a)
{
    return (gy_init){gy_activation_halves(a) ? GY_INIT_he_normal : GY_INIT_xavier_uniform, 1};
}

/* Letters, digits, `_` and `-`, and not digits alone: names go into paths. */
static bool is_name(const char *name)
{
    bool digits = true;
    for (const char *c = name; *c != '\0'; c++) {
        bool letter =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || *c == '-';
        if (!letter && (*c < '0' || *c > '9')) return false;
        digits = digits && !letter;
    }
    return !digits;
}

gy_status gy_builder_layers(gy_builder *b, const gy_layer_specs *list, int x, int *out)
{
    for (int i = 0; i < list->n; i++) {
        const char *name = list->v[i].common.name;
        GY_REQUIRE(name == NULL || is_name(name), GY_E_CONFIG,
                   "layer %s" GY_AT "%s" GY_WHY "this is no name for a layer" GY_HINT
                   "use letters, digits, _ and -, not digits alone",
                   name, list->v[i].where);
        GY_TRY(gy_builder_layer(b, &list->v[i], &x, 1, &x));
    }
    *out = x;
    return GY_OK;
}

gy_status gy_layer_spec_make(gy_pool *pool, const gy_layer_spec *parent, const char *kind,
                             const char *name, gy_layer_spec *out)
{
    const gy_layer_kind *k = gy_layer_find(kind);
    GY_REQUIRE(k != NULL, GY_E_CONFIG,
               "layer %s" GY_AT "%s" GY_WHY "there is no layer %s in this build" GY_HINT
               "use another layer",
               parent->kind->kind.name, parent->where, kind);
    void *settings = NULL;
    if (k->kind.settings != NULL) {
        GY_TRY(gy_pool_alloc(pool, k->kind.settings_size, &settings));
        GY_TRY(gy_settings_default(k->kind.settings, pool, settings));
    }
    gy_layer_common common = parent->common;
    common.name = name;
    common.share = NULL; /* the composite itself shares */
    common.trainable = true;
    *out = (gy_layer_spec){k, common, settings, parent->where};
    return GY_OK;
}

gy_status gy_layer_spec_set(gy_pool *pool, gy_layer_spec *spec, const char *key, const char *format,
                            ...)
{
    char text[64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const gy_setting *rows = spec->kind->kind.settings;
    const gy_setting *row = rows == NULL ? NULL : gy_setting_find(rows, key);
    const char *item = text;
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status = GY_OK;
    if (row == NULL) gy_buffer_format(&why, "it takes no %s", key);
    if (row == NULL ||
        !gy_setting_assign(row, &item, 1, false, pool, (void *)(uintptr_t)spec->settings, &why))
        status = gy_raise(GY_E_CONFIG, "layer %s" GY_AT "%s" GY_WHY "%s", spec->kind->kind.name,
                          spec->where, gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}
