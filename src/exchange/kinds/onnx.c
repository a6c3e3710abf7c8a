/*
 * ONNX files. Ours are known by what they carry, and their tensors by name. Of others, each node with
 * parameters is a layer, called by its first tensor's path, else by its number; its tensors are called as
 * PyTorch's, and a product's [in, out] is turned.
 */
#include "../exchange_list.h"

#include "../numbers.h"
#include "base/number.h"
#include "onnx.h"
#include "onnx_write.h"

#include <string.h>

enum { LARGEST = INT32_MAX };

/* A tensor of the file. */
typedef struct initializer {
    const char *name;
    gy_shape shape;
    int type;      /* gy_number, −1: none that is known */
    gy_wire bytes; /* little-endian */
    bool turned;   /* [in, out] */
    bool used;
} initializer;

typedef struct file {
    char *bytes;
    initializer *v; /* [n] */
    int n;
    gy_names names; /* → initializer */
    int *of;        /* [tensors] which one each is */
} file;

static gy_status damaged(const gy_tensors *t, const char *why)
{
    return gy_raise(GY_E_DATA, "the file is damaged" GY_AT "%s" GY_WHY "%s", t->path, why);
}

static int probe(gy_context *ctx, const char *path, const void *head, size_t n)
{
    (void)ctx;
    const unsigned char *b = head;
    size_t m = strlen(path);
    bool called = m > 5 && strcmp(path + m - 5, ".onnx") == 0;
    if (n < 2 || b[0] != (GY_ONNX_MODEL_IR << 3) || b[1] > 64) return 0;
    return called ? 90 : 20;
}

static gy_status take_text(gy_tensors *t, const gy_wire *bytes, const char **out)
{
    char *text;
    size_t n = gy_wire_left(bytes);
    GY_TRY(gy_pool_alloc(&t->pool, n + 1, (void **)&text));
    if (n > 0) memcpy(text, bytes->at, n);
    *out = text;
    return memchr(text, '\0', n) == NULL ? GY_OK : damaged(t, "a name holds a zero");
}

/* A type of ONNX's as one of ours. */
static int type_of(int64_t type)
{
    static const struct {
        int theirs;
        gy_number ours;
    } types[] = {{1, GY_NUMBER_F32},  {2, GY_NUMBER_U8},   {3, GY_NUMBER_I8},   {4, GY_NUMBER_U16},
                 {5, GY_NUMBER_I16},  {6, GY_NUMBER_I32},  {7, GY_NUMBER_I64},  {9, GY_NUMBER_BOOL},
                 {10, GY_NUMBER_F16}, {11, GY_NUMBER_F64}, {16, GY_NUMBER_BF16}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].theirs == type) return (int)types[i].ours;
    return -1;
}

static gy_status take_length(gy_tensors *t, int64_t length, gy_shape *shape, int64_t *count)
{
    if (length < 0 || !gy_mul(*count, length, count) || *count > INT64_MAX / 16)
        return damaged(t, "a tensor's shape is too large");
    GY_REQUIRE(shape->n < GY_DIMS, GY_E_DATA,
               "cannot read the file" GY_AT "%s" GY_WHY "a tensor has more than %d axes", t->path,
               (int)GY_DIMS);
    shape->d[shape->n++] = length;
    return GY_OK;
}

static gy_status read_tensor(gy_tensors *t, gy_wire message, initializer *out)
{
    gy_wire_field f;
    int64_t length, count = 1;
    bool elsewhere = false;
    *out = (initializer){.name = "", .type = -1};
    while (gy_wire_next(&message, &f)) {
        if (f.number == GY_ONNX_TENSOR_DIMS) {
            if (gy_wire_left(&f.bytes) == 0) GY_TRY(take_length(t, f.value, &out->shape, &count));
            while (gy_wire_next_int(&f.bytes, &length))
                GY_TRY(take_length(t, length, &out->shape, &count));
        }
        if (f.number == GY_ONNX_TENSOR_TYPE) out->type = type_of(f.value);
        if (f.number == GY_ONNX_TENSOR_NAME) GY_TRY(take_text(t, &f.bytes, &out->name));
        if (f.number == GY_ONNX_TENSOR_PLACE) elsewhere = f.value != 0;
        if (f.number == GY_ONNX_TENSOR_RAW || f.number == GY_ONNX_TENSOR_FLOATS)
            out->bytes = f.bytes;
    }
    if (message.broken) return damaged(t, "a tensor does not end");
    GY_REQUIRE(!elsewhere, GY_E_DATA,
               "cannot read the file" GY_AT "%s" GY_WHY
               "the numbers of %s lie in another file" GY_HINT "save it as one file",
               t->path, out->name);
    if (out->type < 0) return GY_OK;
    int64_t bytes = count * gy_numbers[out->type].bytes;
    if (bytes != (int64_t)gy_wire_left(&out->bytes))
        out->type = -1; /* in a form that is not read */
    return GY_OK;
}

/* A node as far as it matters here. */
typedef struct node {
    const char *op;
    const char *inputs[8];
    int n;
    const char *output;
    bool turns; /* transB */
} node;

static void read_attribute(gy_wire message, node *out)
{
    gy_wire_field f;
    bool is_it = false;
    int64_t value = 0;
    while (gy_wire_next(&message, &f)) {
        if (f.number == GY_ONNX_ATTRIBUTE_NAME)
            is_it = gy_wire_left(&f.bytes) == 6 && memcmp(f.bytes.at, "transB", 6) == 0;
        if (f.number == GY_ONNX_ATTRIBUTE_INT) value = f.value;
    }
    if (is_it) out->turns = value != 0;
}

static gy_status read_node(gy_tensors *t, gy_wire message, node *out)
{
    gy_wire_field f;
    *out = (node){.op = "", .output = ""};
    while (gy_wire_next(&message, &f)) {
        if (f.number == GY_ONNX_NODE_INPUT && out->n < 8)
            GY_TRY(take_text(t, &f.bytes, &out->inputs[out->n++]));
        if (f.number == GY_ONNX_NODE_OUTPUT && out->output[0] == '\0')
            GY_TRY(take_text(t, &f.bytes, &out->output));
        if (f.number == GY_ONNX_NODE_OP) GY_TRY(take_text(t, &f.bytes, &out->op));
        if (f.number == GY_ONNX_NODE_ATTRIBUTE) read_attribute(f.bytes, out);
    }
    return message.broken ? damaged(t, "a node does not end") : GY_OK;
}

/* Which input of an operator is which parameter; NULL: none. */
static const char *role_of(const node *n, int input)
{
    static const struct {
        const char *op, *roles[7];
    } operators[] = {
        {"Conv", {NULL, "weight", "bias"}},
        {"ConvTranspose", {NULL, "weight", "bias"}},
        {"Gemm", {NULL, "weight", "bias"}},
        {"MatMul", {NULL, "weight"}},
        {"BatchNormalization", {NULL, "weight", "bias", "running_mean", "running_var"}},
        {"LayerNormalization", {NULL, "weight", "bias"}},
        {"Gather", {"weight"}},
        {"LSTM", {NULL, "W", "R", "B"}},
        {"GRU", {NULL, "W", "R", "B"}},
        {"RNN", {NULL, "W", "R", "B"}},
    };
    for (size_t i = 0; i < sizeof operators / sizeof *operators && input < 7; i++)
        if (strcmp(operators[i].op, n->op) == 0) return operators[i].roles[input];
    return NULL;
}

static initializer *find(const file *f, const char *name)
{
    int at;
    return name[0] != '\0' && gy_names_find(&f->names, name, &at) ? &f->v[at] : NULL;
}

/* The path of a layer: what stands before the last dot or slash of a tensor's name, else a number. */
static gy_status name_layer(gy_tensors *t, const node *n, int number, const char **out)
{
    const file *f = t->state;
    for (int i = 0; i < n->n; i++) {
        const initializer *x = find(f, n->inputs[i]);
        const char *dot = x == NULL || role_of(n, i) == NULL ? NULL : strrchr(x->name, '.');
        if (dot == NULL || strstr(x->name, "::") != NULL) continue;
        return gy_pool_format(&t->pool, out, "%.*s", (int)(dot - x->name), x->name);
    }
    return gy_pool_format(&t->pool, out, "node%d", number);
}

static gy_status add(gy_tensors *t, gy_tensor *v, const char *layer, const char *role,
                     initializer *x)
{
    file *f = t->state;
    gy_tensor *tensor = &v[t->n];
    if (x->used) return GY_OK; /* shared: the first one's */
    x->used = true;
    *tensor = (gy_tensor){.shape = x->shape, .type = x->type};
    if (x->turned) tensor->shape = (gy_shape){2, {x->shape.d[1], x->shape.d[0]}};
    GY_TRY(gy_pool_format(&t->pool, &tensor->name, "%s.%s", layer, role));
    f->of[t->n++] = (int)(x - f->v);
    return GY_OK;
}

/* The tensors of a node; a bias that is added to what a product gave comes with its Add. */
static gy_status take_node(gy_tensors *t, gy_tensor *v, const node *n, const node *before,
                           const char *before_layer, int number, const char **layer)
{
    const file *f = t->state;
    const bool adds = n->n == 2 && strcmp(n->op, "Add") == 0 && strcmp(before->op, "MatMul") == 0;
    GY_TRY(name_layer(t, n, number, layer));
    for (int i = 0; i < n->n; i++) {
        initializer *x = find(f, n->inputs[i]);
        const char *role = role_of(n, i);
        if (x == NULL) continue;
        if (adds && strcmp(n->inputs[1 - i], before->output) == 0 && x->shape.n == 1) {
            GY_TRY(add(t, v, before_layer, "bias", x));
        } else if (role != NULL) {
            bool product = strcmp(n->op, "MatMul") == 0 || strcmp(n->op, "Gemm") == 0;
            x->turned = product && i == 1 && !n->turns && x->shape.n == 2;
            GY_TRY(add(t, v, *layer, role, x));
        }
    }
    return GY_OK;
}

static gy_status take_nodes(gy_tensors *t, gy_wire graph, gy_tensor *v)
{
    gy_wire_field f;
    node before = {.op = "", .output = ""};
    const char *layer = "", *before_layer = "";
    for (int number = 0; gy_wire_next(&graph, &f);) {
        node n;
        if (f.number != GY_ONNX_GRAPH_NODE) continue;
        GY_TRY(read_node(t, f.bytes, &n));
        GY_TRY(take_node(t, v, &n, &before, before_layer, number++, &layer));
        before = n;
        before_layer = layer;
    }
    return GY_OK;
}

/* Of ours: by name, but for constants, whose names have no dot. */
static gy_status take_own(gy_tensors *t, gy_tensor *v)
{
    file *f = t->state;
    for (int i = 0; i < f->n; i++) {
        if (strchr(f->v[i].name, '.') == NULL) continue;
        v[t->n] = (gy_tensor){.name = f->v[i].name, .shape = f->v[i].shape, .type = f->v[i].type};
        f->of[t->n++] = i;
    }
    return GY_OK;
}

static gy_status read_initializers(gy_tensors *t, gy_wire graph)
{
    gy_wire_field f;
    file *own = t->state;
    gy_wire all = graph;
    int n = 0, other;
    while (gy_wire_next(&all, &f)) n += f.number == GY_ONNX_GRAPH_INITIALIZER;
    if (all.broken) return damaged(t, "its graph does not end");
    GY_TRY(gy_pool_array(&t->pool, n + 1, &own->v));
    GY_TRY(gy_pool_array(&t->pool, n + 1, &own->of));
    while (gy_wire_next(&graph, &f)) {
        if (f.number != GY_ONNX_GRAPH_INITIALIZER) continue;
        initializer *x = &own->v[own->n];
        GY_TRY(read_tensor(t, f.bytes, x));
        if (gy_names_find(&own->names, x->name, &other))
            return damaged(t, "a tensor is there twice");
        GY_TRY(gy_names_set(&t->pool, &own->names, x->name, own->n++));
    }
    return GY_OK;
}

static gy_status read_metadata(gy_tensors *t, gy_wire pair)
{
    gy_wire_field f;
    const char *key = "", *value = "";
    while (gy_wire_next(&pair, &f)) {
        if (f.number == GY_ONNX_PAIR_KEY) GY_TRY(take_text(t, &f.bytes, &key));
        if (f.number == GY_ONNX_PAIR_VALUE) GY_TRY(take_text(t, &f.bytes, &value));
    }
#define READ(name)                                                                                 \
    if (strcmp(key, "gyre." #name) == 0) t->luggage.name = value;
    GY_LUGGAGE_LIST(READ)
#undef READ
    return GY_OK;
}

static gy_status read_model(gy_tensors *t, gy_wire model)
{
    gy_wire_field f;
    gy_wire graph = {NULL, NULL, false};
    bool is_ours = false;
    gy_tensor *v;
    while (gy_wire_next(&model, &f)) {
        if (f.number == GY_ONNX_MODEL_GRAPH) graph = f.bytes;
        if (f.number == GY_ONNX_MODEL_METADATA) GY_TRY(read_metadata(t, f.bytes));
        if (f.number == GY_ONNX_MODEL_PRODUCER)
            is_ours = gy_wire_left(&f.bytes) == 4 && memcmp(f.bytes.at, "gyre", 4) == 0;
    }
    if (model.broken || graph.at == NULL) return damaged(t, "it does not end, or has no graph");
    GY_TRY(read_initializers(t, graph));
    GY_TRY(gy_pool_array(&t->pool, ((file *)t->state)->n + 1, &v));
    t->v = v;
    t->ordered = true;
    t->convention = is_ours ? &gy_convention_onnx_ours : &gy_convention_onnx;
    return is_ours ? take_own(t, v) : take_nodes(t, graph, v);
}

static gy_status open(gy_tensors *t)
{
    file *f;
    size_t n;
    GY_TRY(gy_pool_new(&t->pool, &f));
    t->state = f;
    GY_TRY(gy_file_read(t->ctx, t->path, LARGEST, GY_E_DATA, &f->bytes, &n));
    const unsigned char *bytes = (const unsigned char *)f->bytes;
    return read_model(t, (gy_wire){bytes, bytes + n, false});
}

static gy_status read(gy_tensors *t, const gy_tensor *tensor, float *out)
{
    const file *f = t->state;
    const initializer *x = &f->v[f->of[tensor - t->v]];
    const int64_t n = gy_shape_count(&x->shape);
    GY_REQUIRE(x->type >= 0, GY_E_DATA,
               "cannot read the file" GY_AT "%s, tensor %s" GY_WHY
               "its numbers are of a type, or in a form, that is not known",
               t->path, x->name);
    if (!x->turned) {
        gy_numbers[x->type].convert(n, x->bytes.at, out);
        return GY_OK;
    }
    const int64_t in = x->shape.d[0], outs = x->shape.d[1];
    for (int64_t i = 0; i < n; i++)
        gy_numbers[x->type].convert(1, x->bytes.at + i * gy_numbers[x->type].bytes,
                                    out + i % outs * in + i / outs);
    return GY_OK;
}

static void close(gy_tensors *t)
{
    const file *f = t->state;
    if (f != NULL) gy_free(t->ctx, f->bytes);
}

const gy_exchange_kind gy_exchange_onnx = {
    .kind = {"onnx", "a graph of ONNX's operators with its parameters", NULL, 0},
    .ending = ".onnx",
    .is_particular = true,
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
    .write = gy_onnx_write,
};
