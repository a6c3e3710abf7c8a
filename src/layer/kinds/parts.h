/** Settings of the parts that composites expand into; they have no rows. */
#ifndef GY_LAYER_KINDS_PARTS_H
#define GY_LAYER_KINDS_PARTS_H

#include "../builder.h"
#include "../layer_list.h"

typedef enum gy_merge { GY_MERGE_ADD, GY_MERGE_CONCAT, GY_MERGE_MULTIPLY } gy_merge;

typedef struct gy_merge_settings {
    gy_merge how;
} gy_merge_settings;

typedef struct gy_projection_settings {
    gy_shape out; /* the last axis is the units */
} gy_projection_settings;

/** Adds a merge of n values under the path of the composite itself. */
gy_status gy_merge_add(const gy_layer_spec *spec, gy_builder *b, gy_merge how, const int *x, int n,
                       int *out) GY_CHECKED;

#endif
