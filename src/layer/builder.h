/**
 * What a composite kind's expand() may ask of the model that is being built. Values are numbered;
 * every layer makes one. Implemented by the model room; all functions are local.
 */
#ifndef GY_LAYER_BUILDER_H
#define GY_LAYER_BUILDER_H

#include "layer.h"

struct gy_builder {
    const struct gy_builder_calls *calls;
    gy_pool *pool;
};

struct gy_builder_calls {
    const gy_shape *(*shape)(gy_builder *b, int value);
    const char *(*path)(gy_builder *b);
    gy_status (*layer)(gy_builder *b, const gy_layer_spec *spec, const int *x, int n, int *out);
    gy_status (*enter)(gy_builder *b, const char *name, const char *params, bool block);
    void (*leave)(gy_builder *b);
};

/** The shape (of one sample) of a value. */
static inline const gy_shape *gy_builder_shape(gy_builder *b, int value)
{
    return b->calls->shape(b, value);
}

/**
 * Adds a layer (running or composite) under the current path. spec->common.name NULL gives
 * <kind>_<n>, "" the path of the composite itself (for parts without parameters); spec's settings
 * must live in b->pool or longer, spec itself is copied. Shapes are checked here.
 */
GY_CHECKED static inline gy_status gy_builder_layer(gy_builder *b, const gy_layer_spec *spec,
                                                    const int *x, int n, int *out)
{
    return b->calls->layer(b, spec, x, n, out);
}

/**
 * Begins and ends a level of the path, e.g. the `<i>` of repeat.
 *
 * @param params  NULL, or the earlier level whose parameters are used again (tied turns: "0")
 * @param block   `recompute: blocks` may drop what is inside
 */
GY_CHECKED static inline gy_status gy_builder_enter(gy_builder *b, const char *name,
                                                    const char *params, bool block)
{
    return b->calls->enter(b, name, params, block);
}

static inline void gy_builder_leave(gy_builder *b)
{
    b->calls->leave(b);
}

/** The path of the composite, or of the level entered. */
static inline const char *gy_builder_path(gy_builder *b)
{
    return b->calls->path(b);
}

/** gy_layer_refuse() for a composite. */
gy_status gy_builder_refuse(gy_builder *b, const gy_layer_spec *spec, const char *hint,
                            const char *format, ...) GY_FORMAT(4, 5);

/** Adds a list of layers one after the other; an empty list is the identity. */
gy_status gy_builder_layers(gy_builder *b, const gy_layer_specs *list, int x, int *out) GY_CHECKED;

#endif
