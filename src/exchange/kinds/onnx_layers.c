/*
 * Layers as ONNX's operators. Values keep our order, channels last: operators on images find them turned,
 * and products see rows.
 */
#include "onnx.h"

#include "../settings.h"
#include "kernel/activation.h"
#include "layer/kinds/parts.h"

#include <math.h>
#include <string.h>

enum { AXES = GY_DIMS + 2 };

static const char *activate(gy_onnx *o, const char *x, gy_activation a)
{
    static const struct {
        gy_activation a;
        const char *op;
    } plain[] = {{GY_ACTIVATION_relu, "Relu"},      {GY_ACTIVATION_leaky_relu, "LeakyRelu"},
                 {GY_ACTIVATION_elu, "Elu"},        {GY_ACTIVATION_gelu, "Gelu"},
                 {GY_ACTIVATION_gelu_tanh, "Gelu"}, {GY_ACTIVATION_sigmoid, "Sigmoid"},
                 {GY_ACTIVATION_tanh, "Tanh"},      {GY_ACTIVATION_softplus, "Softplus"},
                 {GY_ACTIVATION_softmax, "Softmax"}};
    if (a == GY_ACTIVATION_none) return x;
    if (a == GY_ACTIVATION_silu) return gy_onnx_op(o, "Mul", x, gy_onnx_op(o, "Sigmoid", x));
    if (a == GY_ACTIVATION_leaky_relu) gy_onnx_float(o, "alpha", 0.01);
    if (a == GY_ACTIVATION_gelu_tanh) gy_onnx_text(o, "approximate", "tanh");
    if (a == GY_ACTIVATION_softmax) gy_onnx_int(o, "axis", -1);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].a == a) return gy_onnx_op(o, plain[i].op, x);
    o->status = gy_raise(GY_E_CONFIG, "cannot write the network" GY_WHY "ONNX has no %s",
                         gy_activation_names[a]);
    return "";
}

const char *gy_onnx_activate(gy_onnx *o, const gy_layer *l, const char *x)
{
    return activate(o, x, (gy_activation)gy_layer_choice(l, "activation"));
}

static int axes_of(const gy_layer *l)
{
    return l->in[0].n - 1;
}

/* The rows of a value: [batch · rows, last]. */
static const char *rows_of(gy_onnx *o, const char *x, const gy_shape *shape)
{
    return shape->n == 1 ? x : gy_onnx_reshape(o, x, &(gy_shape){1, {gy_shape_last(shape)}});
}
static const char *unrow(gy_onnx *o, const char *x, const gy_shape *shape)
{
    return shape->n == 1 ? x : gy_onnx_reshape(o, x, shape);
}

/* x Wᵀ + b on rows. bias NULL: none */
static const char *product(gy_onnx *o, const char *x, const char *weight, const char *bias)
{
    gy_onnx_int(o, "transB", 1);
    return gy_onnx_op(o, "Gemm", x, weight, bias);
}

static const char *dense(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const int factors = gy_layer_int(l, "rank") > 0 ? 2 : 1;
    const char *bias = gy_layer_bool(l, "bias") ? gy_onnx_param(o, u, factors) : NULL;
    const char *x = rows_of(o, gy_onnx_x(o, u, 0), &l->in[0]);
    if (factors == 2) x = product(o, x, gy_onnx_param(o, u, 0), NULL);
    x = product(o, x, gy_onnx_param(o, u, factors - 1), bias);
    return gy_onnx_activate(o, l, unrow(o, x, &l->out));
}

static const char *output_embedding(gy_onnx *o, const gy_model_unit *u)
{
    const char *x = rows_of(o, gy_onnx_x(o, u, 0), &u->layer->in[0]);
    return unrow(o, product(o, x, gy_onnx_param(o, u, 0), NULL), &u->layer->out);
}

static const char *reduce(gy_onnx *o, const char *op, const char *x, int64_t first, int64_t last,
                          bool keeps)
{
    int64_t axes[AXES];
    int n = 0;
    for (int64_t i = first; i <= last; i++) axes[n++] = i;
    gy_onnx_int(o, "keepdims", keeps);
    return gy_onnx_op(o, op, x, gy_onnx_constant_ints(o, axes, n));
}

static const char *global_pool(gy_onnx *o, const gy_model_unit *u)
{
    const bool mean = strcmp(u->layer->kind->kind.name, "global_avg_pool") == 0;
    if (axes_of(u->layer) == 0) return gy_onnx_x(o, u, 0);
    return reduce(o, mean ? "ReduceMean" : "ReduceMax", gy_onnx_x(o, u, 0), 1, axes_of(u->layer),
                  false);
}

static const char *same(gy_onnx *o, const gy_model_unit *u)
{
    return gy_onnx_x(o, u, 0);
}

static const char *reshape(gy_onnx *o, const gy_model_unit *u)
{
    return gy_onnx_reshape(o, gy_onnx_x(o, u, 0), &u->layer->out);
}

static const char *activation(gy_onnx *o, const gy_model_unit *u)
{
    return activate(o, gy_onnx_x(o, u, 0), (gy_activation)gy_layer_choice(u->layer, "kind"));
}

static const char *batch_norm(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const char *x = rows_of(o, gy_onnx_x(o, u, 0), &l->in[0]);
    gy_onnx_float(o, "epsilon", gy_layer_float(l, "epsilon"));
    x = gy_onnx_op(o, "BatchNormalization", x, gy_onnx_param(o, u, 0), gy_onnx_param(o, u, 1),
                   o->buffers[u->buffers[0]], o->buffers[u->buffers[1]]);
    return unrow(o, x, &l->out);
}

static const char *layer_norm(gy_onnx *o, const gy_model_unit *u)
{
    gy_onnx_int(o, "axis", -1);
    gy_onnx_float(o, "epsilon", gy_layer_float(u->layer, "epsilon"));
    return gy_onnx_op(o, "LayerNormalization", gy_onnx_x(o, u, 0), gy_onnx_param(o, u, 0),
                      gy_onnx_param(o, u, 1));
}

static const char *number(gy_onnx *o, double value)
{
    float v = (float)value;
    return gy_onnx_constant_floats(o, &(gy_shape){0}, &v);
}

/* x γ / √(mean of x² + ε) */
static const char *rms_norm(gy_onnx *o, const gy_model_unit *u)
{
    const char *x = gy_onnx_x(o, u, 0);
    const char *mean = reduce(o, "ReduceMean", gy_onnx_op(o, "Mul", x, x), -1, -1, true);
    const char *sum = gy_onnx_op(o, "Add", mean, number(o, gy_layer_float(u->layer, "epsilon")));
    return gy_onnx_op(o, "Mul", gy_onnx_op(o, "Div", x, gy_onnx_op(o, "Sqrt", sum)),
                      gy_onnx_param(o, u, 0));
}

static const char *embedding(gy_onnx *o, const gy_model_unit *u)
{
    return gy_onnx_op(o, "Gather", gy_onnx_param(o, u, 0), gy_onnx_x(o, u, 0));
}

static const char *sines(gy_onnx *o, int64_t time, int64_t n)
{
    float *rows;
    o->status = gy_pool_array(o->pool, time * n, &rows);
    if (o->status != GY_OK) return "";
    for (int64_t j = 0; j < n; j++) {
        double rate = pow(10000, -(double)(j - j % 2) / (double)n);
        for (int64_t p = 0; p < time; p++) {
            double angle = (double)p * rate;
            rows[p * n + j] = (float)(j % 2 == 0 ? sin(angle) : cos(angle));
        }
    }
    return gy_onnx_constant_floats(o, &(gy_shape){2, {time, n}}, rows);
}

static const char *position_embedding(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const int64_t time = l->in[0].d[0], zero = 0;
    const char *rows;
    if (l->n_params == 0) {
        rows = sines(o, time, l->in[0].d[1]);
    } else {
        rows = gy_onnx_param(o, u, 0);
        if (l->params[0].shape.d[0] > time)
            rows = gy_onnx_op(o, "Slice", rows, gy_onnx_constant_ints(o, &zero, 1),
                              gy_onnx_constant_ints(o, &time, 1));
    }
    return gy_onnx_op(o, "Add", gy_onnx_x(o, u, 0), rows);
}

/* −∞ where a position must not look: behind itself. */
static const char *mask(gy_onnx *o, int64_t time)
{
    float *v;
    o->status = gy_pool_array(o->pool, time * time, &v);
    if (o->status != GY_OK) return "";
    for (int64_t i = 0; i < time * time; i++) v[i] = i % time > i / time ? -INFINITY : 0;
    return gy_onnx_constant_floats(o, &(gy_shape){2, {time, time}}, v);
}

/* softmax(Q Kᵀ / √width + mask) V; heads that share a key lie behind one another: [N, groups, each, T, width] */
static const char *attention(gy_onnx *o, const gy_model_unit *u)
{
    enum { PARTS = 3 };
    static const int64_t forward[] = {0, 2, 3, 1, 4}, turned[] = {0, 2, 3, 4, 1};
    static const int64_t back[] = {0, 3, 1, 2, 4};
    const gy_layer *l = u->layer;
    const int64_t time = l->in[0].d[0], heads = gy_layer_int(l, "heads");
    const int64_t shared = gy_layer_int(l, "key_value_heads"), groups = shared > 0 ? shared : heads;
    const int64_t units = l->params[0].shape.d[0], width = units / heads;
    const bool bias = gy_layer_bool(l, "bias");
    const char *x = rows_of(o, gy_onnx_x(o, u, 0), &l->in[0]), *part[PARTS];
    if (gy_layer_bool(l, "rotary")) return NULL;
    for (int i = 0; i < PARTS; i++) {
        const gy_shape split = {4, {time, groups, i == 0 ? heads / groups : 1, width}};
        part[i] =
            product(o, x, gy_onnx_param(o, u, i), bias ? gy_onnx_param(o, u, PARTS + i) : NULL);
        part[i] =
            gy_onnx_transpose(o, gy_onnx_reshape(o, part[i], &split), i == 1 ? turned : forward, 5);
    }
    const char *scores = gy_onnx_op(o, "Mul", gy_onnx_op(o, "MatMul", part[0], part[1]),
                                    number(o, 1 / sqrt((double)width)));
    if (gy_layer_bool(l, "causal")) scores = gy_onnx_op(o, "Add", scores, mask(o, time));
    gy_onnx_int(o, "axis", -1);
    const char *seen = gy_onnx_op(o, "MatMul", gy_onnx_op(o, "Softmax", scores), part[2]);
    seen = gy_onnx_reshape(o, gy_onnx_transpose(o, seen, back, 5), &(gy_shape){1, {units}});
    const int out = bias ? 2 * PARTS : PARTS;
    seen = product(o, seen, gy_onnx_param(o, u, out), bias ? gy_onnx_param(o, u, out + 1) : NULL);
    return unrow(o, seen, &l->out);
}

static const char *recurrent(gy_onnx *o, const gy_model_unit *u, const char *op)
{
    static const int64_t by_time[] = {1, 0, 2}, by_sample[] = {2, 0, 1, 3};
    const gy_layer *l = u->layer;
    const bool both = gy_layer_bool(l, "bidirectional"), last = gy_layer_choice(l, "return") == 1;
    const char *x = gy_onnx_transpose(o, gy_onnx_x(o, u, 0), by_time, 3);
    gy_onnx_int(o, "hidden_size", gy_layer_int(l, "units"));
    if (both) gy_onnx_text(o, "direction", "bidirectional");
    if (strcmp(op, "GRU") == 0) gy_onnx_int(o, "linear_before_reset", 1);
    /* weights, then recurrent matrices, then biases: the first of each tells its tensor */
    const int gates = strcmp(op, "LSTM") == 0 ? 4 : strcmp(op, "GRU") == 0 ? 3 : 1;
    x = gy_onnx_node(o, op, last ? 1 : 0, x, gy_onnx_param(o, u, 0), gy_onnx_param(o, u, gates),
                     gy_onnx_param(o, u, 2 * gates), NULL);
    x = last ? gy_onnx_transpose(o, x, by_time, 3) : gy_onnx_transpose(o, x, by_sample, 4);
    return gy_onnx_reshape(o, x, &l->out);
}

static const char *lstm(gy_onnx *o, const gy_model_unit *u)
{
    return recurrent(o, u, "LSTM");
}
static const char *gru(gy_onnx *o, const gy_model_unit *u)
{
    return recurrent(o, u, "GRU");
}
static const char *rnn(gy_onnx *o, const gy_model_unit *u)
{
    return recurrent(o, u, "RNN");
}

static const char *merge(gy_onnx *o, const gy_model_unit *u)
{
    static const char *const ops[] = {"Add", "Concat", "Mul"};
    const gy_merge how = ((const gy_merge_settings *)u->layer->settings)->how;
    const char *x = gy_onnx_x(o, u, 0);
    for (int i = 1; i < u->layer->inputs; i++) {
        if (how == GY_MERGE_CONCAT) gy_onnx_int(o, "axis", -1);
        x = gy_onnx_op(o, ops[how], x, gy_onnx_x(o, u, i));
    }
    return x;
}

/* Every s-th position, then a product. */
static const char *projection(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const int axes = axes_of(l);
    int64_t from[AXES] = {0}, to[AXES], at[AXES], step[AXES];
    const char *x = gy_onnx_x(o, u, 0);
    for (int i = 0; i < axes; i++) {
        to[i] = l->in[0].d[i];
        at[i] = i + 1;
        step[i] = (l->in[0].d[i] + l->out.d[i] - 1) / l->out.d[i];
    }
    if (axes > 0)
        x = gy_onnx_op(o, "Slice", x, gy_onnx_constant_ints(o, from, axes),
                       gy_onnx_constant_ints(o, to, axes), gy_onnx_constant_ints(o, at, axes),
                       gy_onnx_constant_ints(o, step, axes));
    return unrow(o, product(o, rows_of(o, x, &l->in[0]), gy_onnx_param(o, u, 0), NULL), &l->out);
}

/** X(kind, function): what ONNX can say. */
#define WRITER_LIST(X)                                                                             \
    X(dense, dense)                                                                                \
    X(conv1d, gy_onnx_conv)                                                                        \
    X(conv2d, gy_onnx_conv)                                                                        \
    X(conv3d, gy_onnx_conv)                                                                        \
    X(conv1d_transposed, gy_onnx_conv_transposed)                                                  \
    X(conv2d_transposed, gy_onnx_conv_transposed)                                                  \
    X(conv3d_transposed, gy_onnx_conv_transposed)                                                  \
    X(upsample1d, gy_onnx_upsample)                                                                \
    X(upsample2d, gy_onnx_upsample)                                                                \
    X(upsample3d, gy_onnx_upsample)                                                                \
    X(max_pool1d, gy_onnx_pool)                                                                    \
    X(max_pool2d, gy_onnx_pool)                                                                    \
    X(max_pool3d, gy_onnx_pool)                                                                    \
    X(avg_pool1d, gy_onnx_pool)                                                                    \
    X(avg_pool2d, gy_onnx_pool)                                                                    \
    X(avg_pool3d, gy_onnx_pool)                                                                    \
    X(global_avg_pool, global_pool)                                                                \
    X(global_max_pool, global_pool)                                                                \
    X(flatten, reshape)                                                                            \
    X(reshape, reshape)                                                                            \
    X(activation, activation)                                                                      \
    X(dropout, same)                                                                               \
    X(batch_norm, batch_norm)                                                                      \
    X(layer_norm, layer_norm)                                                                      \
    X(rms_norm, rms_norm)                                                                          \
    X(embedding, embedding)                                                                        \
    X(position_embedding, position_embedding)                                                      \
    X(output_embedding, output_embedding)                                                          \
    X(attention, attention)                                                                        \
    X(rnn, rnn)                                                                                    \
    X(gru, gru)                                                                                    \
    X(lstm, lstm)                                                                                  \
    X(merge, merge)                                                                                \
    X(projection, projection)

#define ENTRY(kind, function) {#kind, function},
static const struct {
    const char *kind;
    const char *(*write)(gy_onnx *o, const gy_model_unit *u);
} writers[] = {WRITER_LIST(ENTRY)};

gy_status gy_onnx_layer(gy_onnx *o, const gy_model_unit *u, const char **out)
{
    const gy_layer *l = u->layer;
    *out = NULL;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(writers[i].kind, l->kind->kind.name) == 0) *out = writers[i].write(o, u);
    GY_TRY(o->status);
    GY_REQUIRE(*out != NULL, GY_E_CONFIG,
               "cannot write the network" GY_AT "layer %s" GY_WHY
               "ONNX has no words for such a %s" GY_HINT "export to .safetensors or .h5",
               l->path, l->kind->kind.name);
    return GY_OK;
}
