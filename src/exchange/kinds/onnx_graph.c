/* Nodes, constants and attributes of a graph in the making. */
#include "onnx.h"

#include <stdarg.h>
#include <string.h>

/* An attribute: its name and type, and a field that the caller adds between. */
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_TEXT = 3, TYPE_INTS = 7 };

static void end_attribute(gy_onnx *o, const char *name, gy_buffer *value, int type)
{
    gy_wire_text(value, GY_ONNX_ATTRIBUTE_NAME, name);
    gy_wire_int(value, GY_ONNX_ATTRIBUTE_TYPE, type);
    gy_wire_bytes(&o->attributes, GY_ONNX_NODE_ATTRIBUTE, gy_buffer_text(value), value->bytes);
    if (o->status == GY_OK) o->status = value->status;
    gy_buffer_clear(value);
}

void gy_onnx_int(gy_onnx *o, const char *name, int64_t value)
{
    gy_buffer b;
    gy_buffer_init(&b, o->ctx);
    gy_wire_int(&b, GY_ONNX_ATTRIBUTE_INT, value);
    end_attribute(o, name, &b, TYPE_INT);
}

void gy_onnx_ints(gy_onnx *o, const char *name, const int64_t *v, int n)
{
    gy_buffer b;
    gy_buffer_init(&b, o->ctx);
    gy_wire_ints(&b, GY_ONNX_ATTRIBUTE_INTS, v, n);
    end_attribute(o, name, &b, TYPE_INTS);
}

void gy_onnx_float(gy_onnx *o, const char *name, double value)
{
    gy_buffer b;
    gy_buffer_init(&b, o->ctx);
    gy_wire_float(&b, GY_ONNX_ATTRIBUTE_FLOAT, (float)value);
    end_attribute(o, name, &b, TYPE_FLOAT);
}

void gy_onnx_text(gy_onnx *o, const char *name, const char *text)
{
    gy_buffer b;
    gy_buffer_init(&b, o->ctx);
    gy_wire_text(&b, GY_ONNX_ATTRIBUTE_TEXT, text);
    end_attribute(o, name, &b, TYPE_TEXT);
}

static const char *new_name(gy_onnx *o, const char *prefix)
{
    const char *name;
    gy_status status = gy_pool_format(o->pool, &name, "%s%d", prefix, o->fresh++);
    if (status == GY_OK) return name;
    o->status = status;
    return "";
}

const char *gy_onnx_node(gy_onnx *o, const char *op, int which, ...)
{
    gy_buffer b;
    va_list inputs;
    const char *out = new_name(o, "t");
    gy_buffer_init(&b, o->ctx);
    va_start(inputs, which);
    for (const char *x; (x = va_arg(inputs, const char *)) != NULL;)
        gy_wire_text(&b, GY_ONNX_NODE_INPUT, x);
    va_end(inputs);
    for (int i = 0; i <= which; i++) gy_wire_text(&b, GY_ONNX_NODE_OUTPUT, i < which ? "" : out);
    gy_wire_text(&b, GY_ONNX_NODE_OP, op);
    if (o->attributes.bytes > 0) gy_buffer_add_bytes(&b, o->attributes.text, o->attributes.bytes);
    gy_buffer_reset(&o->attributes);
    gy_wire_bytes(&o->graph, GY_ONNX_GRAPH_NODE, gy_buffer_text(&b), b.bytes);
    if (o->status == GY_OK) o->status = b.status;
    gy_buffer_clear(&b);
    return out;
}

/* A tensor: what stands before its numbers, then these. */
static void add_tensor(gy_onnx *o, const char *name, int type, const int64_t *dims, int n,
                       const void *v, size_t bytes)
{
    gy_buffer b;
    gy_buffer_init(&b, o->ctx);
    gy_wire_ints(&b, GY_ONNX_TENSOR_DIMS, dims, n);
    gy_wire_int(&b, GY_ONNX_TENSOR_TYPE, type);
    gy_wire_text(&b, GY_ONNX_TENSOR_NAME, name);
    gy_wire_head(&b, GY_ONNX_TENSOR_RAW, bytes);
    gy_wire_head(&o->graph, GY_ONNX_GRAPH_INITIALIZER, b.bytes + bytes);
    gy_buffer_add_bytes(&o->graph, gy_buffer_text(&b), b.bytes);
    gy_buffer_add_bytes(&o->graph, v, bytes);
    if (o->status == GY_OK) o->status = b.status;
    gy_buffer_clear(&b);
}

void gy_onnx_tensor(gy_onnx *o, const char *name, const int64_t *dims, int n, const float *v)
{
    int64_t count = 1;
    for (int i = 0; i < n; i++) count *= dims[i];
    add_tensor(o, name, GY_ONNX_FLOAT, dims, n, v, (size_t)count * sizeof *v);
}

const char *gy_onnx_constant_ints(gy_onnx *o, const int64_t *v, int n)
{
    const char *name = new_name(o, "constant");
    const int64_t dims[] = {n};
    add_tensor(o, name, GY_ONNX_INT64, dims, 1, v, (size_t)n * sizeof *v);
    return name;
}

const char *gy_onnx_constant_floats(gy_onnx *o, const gy_shape *shape, const float *v)
{
    const char *name = new_name(o, "constant");
    gy_onnx_tensor(o, name, shape->d, shape->n, v);
    return name;
}

const char *gy_onnx_reshape(gy_onnx *o, const char *x, const gy_shape *shape)
{
    int64_t dims[GY_DIMS + 1] = {-1};
    for (int i = 0; i < shape->n; i++) dims[1 + i] = shape->d[i];
    return gy_onnx_op(o, "Reshape", x, gy_onnx_constant_ints(o, dims, shape->n + 1));
}

const char *gy_onnx_transpose(gy_onnx *o, const char *x, const int64_t *order, int n)
{
    gy_onnx_ints(o, "perm", order, n);
    return gy_onnx_op(o, "Transpose", x);
}
