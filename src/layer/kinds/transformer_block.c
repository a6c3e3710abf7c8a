/*
 * Transformer block, pre-norm (Vaswani et al. 2017; Radford et al. 2019):
 * x += attention(norm1(x)); x += mlp/down(activation(mlp/up(norm2(x)))).
 */
#include "parts.h"

#include <math.h>

typedef struct transformer_block {
    int64_t heads, key_value_heads;
    bool causal, bias;
    double mlp, dropout, epsilon;
    int activation, norm, position;
} transformer_block;

static const char *const norms[] = {"layer_norm", "rms_norm", NULL};
static const char *const positions[] = {"none", "rotary", NULL};

static const char *yes_or_no(bool value)
{
    return value ? "true" : "false";
}

static gy_status add(gy_builder *b, const gy_layer_spec *layer, int *x)
{
    return gy_builder_layer(b, layer, x, 1, x);
}

static gy_status add_norm(const gy_layer_spec *spec, gy_builder *b, const char *name, int *x)
{
    const transformer_block *s = spec->settings;
    gy_layer_spec norm;
    GY_TRY(gy_layer_spec_make(b->pool, spec, norms[s->norm], name, &norm));
    GY_TRY(gy_layer_spec_set(b->pool, &norm, "epsilon", "%.17g", s->epsilon));
    return add(b, &norm, x);
}

static gy_status add_attention(const gy_layer_spec *spec, gy_builder *b, int *x)
{
    const transformer_block *s = spec->settings;
    gy_layer_spec l;
    GY_TRY(gy_layer_spec_make(b->pool, spec, "attention", "attention", &l));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "heads", "%lld", (long long)s->heads));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "causal", "%s", yes_or_no(s->causal)));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "rotary", "%s", yes_or_no(s->position == 1)));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "bias", "%s", yes_or_no(s->bias)));
    if (s->key_value_heads > 0)
        GY_TRY(gy_layer_spec_set(b->pool, &l, "key_value_heads", "%lld",
                                 (long long)s->key_value_heads));
    return add(b, &l, x);
}

static gy_status add_dense(const gy_layer_spec *spec, gy_builder *b, const char *name,
                           int64_t units, int activation, int *x)
{
    const transformer_block *s = spec->settings;
    gy_layer_spec l;
    GY_TRY(gy_layer_spec_make(b->pool, spec, "dense", name, &l));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "units", "%lld", (long long)units));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "bias", "%s", yes_or_no(s->bias)));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "activation", "%s", gy_activation_names[activation]));
    return add(b, &l, x);
}

static gy_status add_dropout(const gy_layer_spec *spec, gy_builder *b, const char *name, int *x)
{
    const transformer_block *s = spec->settings;
    if (s->dropout == 0) return GY_OK;
    gy_layer_spec l;
    GY_TRY(gy_layer_spec_make(b->pool, spec, "dropout", name, &l));
    GY_TRY(gy_layer_spec_set(b->pool, &l, "rate", "%.17g", s->dropout));
    return add(b, &l, x);
}

static gy_status expand(const gy_layer_spec *spec, gy_builder *b, int x, int *out)
{
    const transformer_block *s = spec->settings;
    char text[GY_SHAPE_TEXT];
    gy_shape in = *gy_builder_shape(b, x);
    if (in.n != 2)
        return gy_builder_refuse(b, spec, "give it a sequence", "its input %s is not [T, n]",
                                 gy_shape_text(&in, text));
    const double product = s->mlp * (double)in.d[1], width = round(product);
    if (width < 1 || fabs(product - width) > 1e-9 * width) /* 1.1 is no binary number */
        return gy_builder_refuse(b, spec, "change mlp", "%g times %lld units is not whole", s->mlp,
                                 (long long)in.d[1]);
    int ends[2] = {x, x};
    GY_TRY(add_norm(spec, b, "norm1", &ends[0]));
    GY_TRY(add_attention(spec, b, &ends[0]));
    GY_TRY(add_dropout(spec, b, "dropout1", &ends[0]));
    GY_TRY(gy_merge_add(spec, b, GY_MERGE_ADD, ends, 2, &ends[1]));
    ends[0] = ends[1];
    GY_TRY(add_norm(spec, b, "norm2", &ends[0]));
    GY_TRY(add_dense(spec, b, "mlp/up", (int64_t)width, s->activation, &ends[0]));
    GY_TRY(add_dense(spec, b, "mlp/down", in.d[1], GY_ACTIVATION_none, &ends[0]));
    GY_TRY(add_dropout(spec, b, "dropout2", &ends[0]));
    return gy_merge_add(spec, b, GY_MERGE_ADD, ends, 2, out);
}

static const gy_setting rows[] = {
    {.key = "heads",
     .type = GY_SETTING_INT,
     .offset = offsetof(transformer_block, heads),
     .min = 1,
     .max = 65536,
     .help = "heads of the attention"},
    {.key = "causal",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(transformer_block, causal),
     .standard = "false",
     .help = "whether a position sees only itself and those before"},
    {.key = "mlp",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(transformer_block, mlp),
     .standard = "4",
     .min = 1e-6,
     .max = 1e6,
     .help = "width of the hidden layer, as a multiple of the input's"},
    GY_SETTING_ACTIVATION(transformer_block, activation, "gelu"),
    {.key = "dropout",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(transformer_block, dropout),
     .standard = "0",
     .min = 0,
     .max = 0.999,
     .help = "rate on the outputs of attention and mlp"},
    {.key = "norm",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(transformer_block, norm),
     .standard = "layer_norm",
     .choices = norms,
     .help = "kind of norm1 and norm2"},
    {.key = "position",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(transformer_block, position),
     .standard = "none",
     .choices = positions,
     .help = "rotary: queries and keys are turned by their position"},
    {.key = "key_value_heads",
     .type = GY_SETTING_INT,
     .offset = offsetof(transformer_block, key_value_heads),
     .standard = "0",
     .min = 0,
     .max = 65536,
     .help = "heads of keys and values; 0: as many as heads"},
    {.key = "bias",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(transformer_block, bias),
     .standard = "true",
     .help = "whether attention and mlp have biases"},
    {.key = "epsilon",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(transformer_block, epsilon),
     .standard = "1e-5",
     .min = 0,
     .max = 1,
     .help = "of the norms"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "transformer_block: {heads: 2, causal: true}", .in = {2, {5, 8}}, .batch = 2},
    {.yaml =
         "transformer_block: {heads: 4, key_value_heads: 2, mlp: 1.5, norm: rms_norm, position: "
         "rotary, activation: silu, bias: false}",
     .in = {2, {3, 8}},
     .batch = 2},
    {.yaml = "transformer_block: {heads: 1, dropout: 0.25, mlp: 2}", .in = {2, {4, 4}}},
    {.yaml = "transformer_block: {heads: 1, mlp: 1.15}", .in = {2, {2, 20}}, .batch = 2},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_transformer_block = {
    .kind = {"transformer_block", "attention and a dense network, each after a norm and added",
             rows, sizeof(transformer_block)},
    .has_params = true,
    .block = true,
    .expand = expand,
    .samples = samples,
};
