/** Specs of layers made in C, for tests of rooms below the configuration. */
#ifndef GY_TEST_SPECS_H
#define GY_TEST_SPECS_H

#include "layer/layer.h"
#include "layer/layer_list.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GY_TEST_LAYERS = 16 };

/** A list in the making. */
typedef struct gy_test_list {
    gy_pool *pool;
    gy_layer_spec *v;
    int n;
} gy_test_list;

static inline gy_test_list gy_test_layers(gy_pool *pool)
{
    gy_test_list list = {.pool = pool};
    if (gy_pool_array(pool, GY_TEST_LAYERS, &list.v) != GY_OK) abort();
    return list;
}

/** Adds a layer: kind, name (NULL: default), then pairs of key and value, NULL. */
static inline gy_layer_spec *gy_test_add(gy_test_list *list, const char *kind, const char *name,
                                         ...)
{
    gy_layer_spec parent = {&gy_layer_flatten, {.trainable = true}, NULL, "test"};
    gy_layer_spec *spec = &list->v[list->n++];
    if (list->n > GY_TEST_LAYERS ||
        gy_layer_spec_make(list->pool, &parent, kind, name, spec) != GY_OK)
        abort();
    va_list args;
    va_start(args, name);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;)
        if (gy_layer_spec_set(list->pool, spec, key, "%s", va_arg(args, const char *)) != GY_OK)
            abort();
    va_end(args);
    return spec;
}

/** Sets a setting of type LAYERS. */
static inline void gy_test_inside(gy_layer_spec *spec, const gy_test_list *inside)
{
    const gy_setting *row = gy_setting_find(spec->kind->kind.settings, "layers");
    gy_layer_specs specs = {inside->v, inside->n};
    memcpy((char *)(uintptr_t)spec->settings + row->offset, &specs, sizeof specs);
}

#endif
