/*
 * A network as ONNX: the tensors of its parameters, the nodes of its layers, what goes in and comes out.
 * Samples are [N, …], channels last, as everywhere here.
 */
#include "onnx_write.h"

#include "../exchange_list.h"
#include "onnx.h"

#include <gyre/gyre.h>

#include <string.h>

enum { OPSET = 20, IR = 9 };

static bool is_recurrent(const gy_home *home)
{
    return strcmp(home->kind, "lstm") == 0 || strcmp(home->kind, "gru") == 0 ||
           strcmp(home->kind, "rnn") == 0;
}

static bool has_reverse(const gy_home *home)
{
    for (int i = 0; i < home->v[0].n; i++)
        if (strncmp(home->v[0].parts[i].own, "reverse/", 8) == 0) return true;
    return false;
}

/* The tensor of a link; of recurrent layers with an axis of directions before the others. */
static void write_link(gy_onnx *o, const gy_home *home, const gy_link *link, const char *name,
                       float *x)
{
    int64_t dims[GY_DIMS + 1] = {0};
    int n = link->shape.n;
    memcpy(dims, link->shape.d, (size_t)n * sizeof *dims);
    if (is_recurrent(home)) {
        const int64_t ways = has_reverse(home) ? 2 : 1;
        memmove(dims + 1, dims, (size_t)n++ * sizeof *dims);
        dims[0] = ways;
        dims[1] /= ways;
    }
    gy_link_gather(link, o->model, x);
    gy_onnx_tensor(o, name, dims, n, x);
}

static gy_status write_tensors(gy_onnx *o, const gy_homes *homes)
{
    int64_t most = 1;
    float *x;
    for (int i = 0; i < homes->n; i++)
        for (int k = 0; k < homes->v[i].n; k++)
            most = gy_most(most, gy_shape_count(&homes->v[i].v[k].shape));
    GY_TRY(gy_new_array(o->ctx, most, &x));
    gy_status status = GY_OK;
    for (int i = 0; i < homes->n; i++) {
        for (int k = 0; k < homes->v[i].n && status == GY_OK; k++) {
            const gy_link *link = &homes->v[i].v[k];
            const char *name;
            status = gy_link_name(o->pool, &gy_convention_onnx_ours, &homes->v[i], link, &name);
            if (status != GY_OK) break;
            for (int p = 0; p < link->n; p++)
                (link->parts[p].is_buffer ? o->buffers : o->params)[link->parts[p].index] = name;
            write_link(o, &homes->v[i], link, name, x);
        }
    }
    gy_free(o->ctx, x);
    return status;
}

/* What goes in or comes out: [N, …]. */
static void write_value(gy_onnx *o, int field, const char *name, int type, const gy_shape *shape)
{
    enum { TENSOR = 1, VALUE_NAME = 1, VALUE_TYPE = 2, ELEMENTS = 1, SHAPE = 2, DIM = 1 };
    gy_buffer dims, dim, tensor, whole;
    gy_buffer *all[] = {&dims, &dim, &tensor, &whole};
    for (int i = 0; i < 4; i++) gy_buffer_init(all[i], o->ctx);
    for (int i = -1; i < shape->n; i++) {
        gy_buffer_reset(&dim);
        if (i < 0)
            gy_wire_text(&dim, 2, "N");
        else
            gy_wire_int(&dim, 1, shape->d[i]);
        gy_wire_bytes(&dims, DIM, gy_buffer_text(&dim), dim.bytes);
    }
    gy_wire_int(&tensor, ELEMENTS, type);
    gy_wire_bytes(&tensor, SHAPE, gy_buffer_text(&dims), dims.bytes);
    gy_buffer_reset(&dim);
    gy_wire_bytes(&dim, TENSOR, gy_buffer_text(&tensor), tensor.bytes);
    gy_wire_text(&whole, VALUE_NAME, name);
    gy_wire_bytes(&whole, VALUE_TYPE, gy_buffer_text(&dim), dim.bytes);
    gy_wire_bytes(&o->graph, field, gy_buffer_text(&whole), whole.bytes);
    for (int i = 0; i < 4; i++) {
        if (o->status == GY_OK) o->status = all[i]->status;
        gy_buffer_clear(all[i]);
    }
}

static gy_status write_layers(gy_onnx *o)
{
    const gy_model *m = o->model;
    const int n = gy_model_layers(m);
    const char *last = "x";
    o->values[0] = "x";
    for (int i = 0; i < n; i++) {
        const gy_model_unit u = gy_model_unit_at(m, i);
        GY_TRY(gy_onnx_layer(o, &u, &o->values[u.y]));
        last = o->values[u.y];
    }
    /* the output has a name of its own */
    gy_wire_text(&o->graph, GY_ONNX_GRAPH_NAME, "gyre");
    gy_buffer node;
    gy_buffer_init(&node, o->ctx);
    gy_wire_text(&node, GY_ONNX_NODE_INPUT, last);
    gy_wire_text(&node, GY_ONNX_NODE_OUTPUT, "y");
    gy_wire_text(&node, GY_ONNX_NODE_OP, "Identity");
    gy_wire_bytes(&o->graph, GY_ONNX_GRAPH_NODE, gy_buffer_text(&node), node.bytes);
    gy_status status = node.status;
    gy_buffer_clear(&node);
    write_value(o, GY_ONNX_GRAPH_INPUT, "x",
                gy_model_takes_tokens(m) ? GY_ONNX_INT64 : GY_ONNX_FLOAT, gy_model_input(m));
    write_value(o, GY_ONNX_GRAPH_OUTPUT, "y", GY_ONNX_FLOAT, gy_model_output(m));
    return status == GY_OK ? o->status : status;
}

static void add_pair(gy_buffer *out, gy_buffer *pair, const char *key, const char *value)
{
    if (value == NULL) return;
    gy_buffer_reset(pair);
    gy_wire_text(pair, GY_ONNX_PAIR_KEY, key);
    gy_wire_text(pair, GY_ONNX_PAIR_VALUE, value);
    gy_wire_bytes(out, GY_ONNX_MODEL_METADATA, gy_buffer_text(pair), pair->bytes);
}

/* All but the graph, then the head of that. */
static gy_status write_head(gy_onnx *o, const gy_luggage *l, gy_output *out)
{
    gy_buffer head, part;
    gy_buffer_init(&head, o->ctx);
    gy_buffer_init(&part, o->ctx);
    gy_wire_int(&head, GY_ONNX_MODEL_IR, IR);
    gy_wire_text(&head, GY_ONNX_MODEL_PRODUCER, "gyre");
    gy_wire_int(&part, GY_ONNX_OPSET_VERSION, OPSET);
    gy_wire_bytes(&head, GY_ONNX_MODEL_OPSET, gy_buffer_text(&part), part.bytes);
#define WRITE(name) add_pair(&head, &part, "gyre." #name, l->name);
    GY_LUGGAGE_LIST(WRITE)
#undef WRITE
    gy_wire_head(&head, GY_ONNX_MODEL_GRAPH, o->graph.bytes);
    gy_status status = head.status != GY_OK ? head.status : part.status;
    if (status == GY_OK) status = gy_output_add(out, head.text, head.bytes);
    gy_buffer_clear(&head);
    gy_buffer_clear(&part);
    return status;
}

static gy_status write_all(gy_onnx *o, const gy_luggage *luggage, gy_output *out)
{
    gy_homes homes;
    const gy_model *m = o->model;
    GY_TRY(gy_homes_make(o->pool, m, &gy_convention_onnx_ours, &homes));
    GY_TRY(gy_pool_array(o->pool, gy_model_params(m)->n + 1, &o->params));
    GY_TRY(gy_pool_array(o->pool, gy_model_buffers(m)->n + 1, &o->buffers));
    GY_TRY(gy_pool_array(o->pool, gy_model_layers(m) + 1, &o->values));
    GY_TRY(write_tensors(o, &homes));
    GY_TRY(write_layers(o));
    GY_TRY(o->graph.status);
    GY_REQUIRE(o->graph.bytes < INT32_MAX, GY_E_CONFIG,
               "cannot write the network" GY_WHY "ONNX files end at 2 GiB" GY_HINT
               "export to .safetensors or .h5");
    GY_TRY(write_head(o, luggage, out));
    return gy_output_add(out, o->graph.text, o->graph.bytes);
}

gy_status gy_onnx_write(const gy_cargo *c, gy_output *out)
{
    gy_pool pool;
    gy_onnx o = {.ctx = c->ctx, .pool = &pool, .model = c->model};
    gy_pool_init(&pool, c->ctx);
    gy_buffer_init(&o.graph, c->ctx);
    gy_buffer_init(&o.attributes, c->ctx);
    gy_status status = write_all(&o, &c->luggage, out);
    gy_buffer_clear(&o.graph);
    gy_buffer_clear(&o.attributes);
    gy_pool_clear(&pool);
    return status;
}
