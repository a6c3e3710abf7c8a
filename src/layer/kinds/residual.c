/*
 * Residual (He et al. 2015): y = x + f(x); where the shapes differ and `projection` is set, the
 * shortcut goes through a 1×1 projection.
 */
#include "parts.h"

typedef struct residual {
    gy_layer_specs layers;
    bool projection;
} residual;

static gy_status expand(const gy_layer_spec *spec, gy_builder *b, int x, int *out)
{
    const residual *s = spec->settings;
    int ends[2] = {x, x};
    GY_TRY(gy_builder_layers(b, &s->layers, x, &ends[0]));
    gy_shape from = *gy_builder_shape(b, x), to = *gy_builder_shape(b, ends[0]);
    if (!gy_shape_equal(&from, &to)) {
        char in[GY_SHAPE_TEXT], inner[GY_SHAPE_TEXT];
        if (!s->projection)
            return gy_builder_refuse(b, spec, "make them agree, or set projection: true",
                                     "in %s and out %s differ", gy_shape_text(&from, in),
                                     gy_shape_text(&to, inner));
        gy_projection_settings *settings;
        GY_TRY(gy_pool_new(b->pool, &settings));
        settings->out = to;
        gy_layer_spec part = {
            &gy_layer_projection, {.name = "projection", .trainable = true}, settings, spec->where};
        GY_TRY(gy_builder_layer(b, &part, &x, 1, &ends[1]));
    }
    return gy_merge_add(spec, b, GY_MERGE_ADD, ends, 2, out);
}

static const gy_setting rows[] = {
    {.key = "layers",
     .type = GY_SETTING_LAYERS,
     .offset = offsetof(residual, layers),
     .help = "what is added to the input"},
    {.key = "projection",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(residual, projection),
     .standard = "false",
     .help = "where shapes differ: a bias-free product on every s-th position of the shortcut"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "residual: {layers: [dense: {units: 5, activation: tanh}, dense: {units: 5}]}",
     .in = {1, {5}}},
    {.yaml = "residual: {layers: [dense: {units: 4}, activation: {kind: relu}], projection: true}",
     .in = {2, {3, 6}}},
    {.yaml = "residual: {layers: [residual: {layers: [dense: {units: 4}]}, dense: {units: 4}]}",
     .in = {1, {4}}},
    {.yaml =
         "residual: {layers: [conv3d: {filters: 2, kernel: 2, stride: 2x1x3}], projection: true}",
     .in = {4, {3, 2, 5, 2}}},
    {.yaml = "residual: {layers: [conv2d: {filters: 2, kernel: 3, stride: 2x3}], projection: true}",
     .in = {3, {5, 7, 3}}},
    {.yaml = "residual: {layers: []}", .in = {1, {4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_residual = {
    .kind = {"residual", "the input plus what the layers inside make of it", rows,
             sizeof(residual)},
    .block = true,
    .expand = expand,
    .samples = samples,
};
