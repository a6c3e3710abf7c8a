/** ONNX: a graph in the making, and the numbers of its fields. Inside kinds only. Local. */
#ifndef GY_EXCHANGE_KINDS_ONNX_H
#define GY_EXCHANGE_KINDS_ONNX_H

#include "../exchange.h"
#include "../wire.h"

/** Fields of onnx.proto (facts), by message. */
enum {
    GY_ONNX_MODEL_IR = 1,
    GY_ONNX_MODEL_PRODUCER = 2,
    GY_ONNX_MODEL_GRAPH = 7,
    GY_ONNX_MODEL_OPSET = 8,
    GY_ONNX_MODEL_METADATA = 14,
    GY_ONNX_GRAPH_NODE = 1,
    GY_ONNX_GRAPH_NAME = 2,
    GY_ONNX_GRAPH_INITIALIZER = 5,
    GY_ONNX_GRAPH_INPUT = 11,
    GY_ONNX_GRAPH_OUTPUT = 12,
    GY_ONNX_NODE_INPUT = 1,
    GY_ONNX_NODE_OUTPUT = 2,
    GY_ONNX_NODE_NAME = 3,
    GY_ONNX_NODE_OP = 4,
    GY_ONNX_NODE_ATTRIBUTE = 5,
    GY_ONNX_ATTRIBUTE_NAME = 1,
    GY_ONNX_ATTRIBUTE_FLOAT = 2,
    GY_ONNX_ATTRIBUTE_INT = 3,
    GY_ONNX_ATTRIBUTE_TEXT = 4,
    GY_ONNX_ATTRIBUTE_INTS = 8,
    GY_ONNX_ATTRIBUTE_TYPE = 20,
    GY_ONNX_TENSOR_DIMS = 1,
    GY_ONNX_TENSOR_TYPE = 2,
    GY_ONNX_TENSOR_FLOATS = 4,
    GY_ONNX_TENSOR_NAME = 8,
    GY_ONNX_TENSOR_RAW = 9,
    GY_ONNX_TENSOR_PLACE = 14,
    GY_ONNX_PAIR_KEY = 1,
    GY_ONNX_PAIR_VALUE = 2,
    GY_ONNX_OPSET_VERSION = 2,
    GY_ONNX_FLOAT = 1, /* a type of tensors */
    GY_ONNX_INT64 = 7
};

/** A graph in the making; a failure is remembered, and names are "" then. */
typedef struct gy_onnx {
    gy_context *ctx;
    gy_pool *pool;
    gy_model *model;
    gy_buffer graph;                /* fields of a GraphProto */
    gy_buffer attributes;           /* of the next node */
    const char **params, **buffers; /* names of their tensors */
    const char **values;            /* [values] names */
    int fresh;                      /* names that were made */
    gy_status status;
} gy_onnx;

/** Attributes of the node that is added next. */
void gy_onnx_int(gy_onnx *o, const char *name, int64_t value);
void gy_onnx_ints(gy_onnx *o, const char *name, const int64_t *v, int n);
void gy_onnx_float(gy_onnx *o, const char *name, double value);
void gy_onnx_text(gy_onnx *o, const char *name, const char *text);

/** Adds a node with inputs, closed by NULL; the name of its output number `which`. */
const char *gy_onnx_node(gy_onnx *o, const char *op, int which, ...);
#define gy_onnx_op(o, op, ...) gy_onnx_node(o, op, 0, __VA_ARGS__, NULL)

/** Constants. */
const char *gy_onnx_constant_ints(gy_onnx *o, const int64_t *v, int n);
const char *gy_onnx_constant_floats(gy_onnx *o, const gy_shape *shape, const float *v);

/** Adds a tensor of float32. @param dims  [n] */
void gy_onnx_tensor(gy_onnx *o, const char *name, const int64_t *dims, int n, const float *v);

/** x as [batch, shape…]; and with its axes in another order. */
const char *gy_onnx_reshape(gy_onnx *o, const char *x, const gy_shape *shape);
const char *gy_onnx_transpose(gy_onnx *o, const char *x, const int64_t *order, int n);

/** The names of the inputs of a layer, and of its parameters. */
static inline const char *gy_onnx_x(const gy_onnx *o, const gy_model_unit *u, int i)
{
    return o->values[u->x[i]];
}
static inline const char *gy_onnx_param(const gy_onnx *o, const gy_model_unit *u, int i)
{
    return o->params[u->params[i]];
}

/** x, and the activation that a layer ends in. */
const char *gy_onnx_activate(gy_onnx *o, const gy_layer *l, const char *x);

/* Layers over images: onnx_images.c. */
const char *gy_onnx_conv(gy_onnx *o, const gy_model_unit *u);
const char *gy_onnx_conv_transposed(gy_onnx *o, const gy_model_unit *u);
const char *gy_onnx_pool(gy_onnx *o, const gy_model_unit *u);
const char *gy_onnx_upsample(gy_onnx *o, const gy_model_unit *u);

/** Adds the nodes of a layer, gives the name of its output; GY_E_CONFIG where ONNX cannot say it. */
gy_status gy_onnx_layer(gy_onnx *o, const gy_model_unit *u, const char **out) GY_CHECKED;

#endif
