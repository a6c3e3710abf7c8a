/*
 * safetensors: uint64 N, little-endian; N bytes of JSON; the numbers, little-endian and row-major, of
 * each tensor where its data_offsets tell, counted from the end of the JSON.
 *
 *     {"conv1.weight": {"dtype": "F32", "shape": [8, 1, 3, 3], "data_offsets": [0, 288]}, …,
 *      "__metadata__": {"format": "pt", …}}
 *
 * The tensors fill the file without gaps and without sharing a byte; what says otherwise is refused.
 * A network's texts travel in the metadata, as gyre.config and so on.
 */
#include "safetensors.h"

#include "../exchange_list.h"

#include "../numbers.h"
#include "base/number.h"
#include "text/tree.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH = 8, LONGEST = 100 << 20, BLOCK = 1 << 16 };

static const char metadata_key[] = "__metadata__";

typedef struct file {
    gy_stream *stream;
    int64_t begin, bytes; /* of the numbers */
} file;

static uint64_t little_endian(const unsigned char *b)
{
    uint64_t v = 0;
    for (int i = LENGTH - 1; i >= 0; i--) v = v << 8 | b[i];
    return v;
}

static int probe(gy_context *ctx, const char *path, const void *head, size_t n)
{
    (void)ctx;
    const unsigned char *b = head;
    (void)path;
    if (n < LENGTH + 2 || b[LENGTH] != '{') return 0;
    return little_endian(b) <= LONGEST ? 90 : 0;
}

static gy_status damaged(const gy_tensors *t, const char *name, const char *why)
{
    return gy_raise(GY_E_DATA, "the file is damaged" GY_AT "%s%s%s" GY_WHY "%s", t->path,
                    name == NULL ? "" : ", tensor ", name == NULL ? "" : name, why);
}

static gy_status read_int(const gy_tensors *t, const gy_node *node, const char *name, int64_t *out)
{
    bool whole = node->type == GY_NODE_SCALAR && !node->quoted && gy_number_int(node->text, out);
    return whole && *out >= 0 ? GY_OK
                              : damaged(t, name, "a length or an offset is no whole number");
}

static gy_status read_shape(const gy_tensors *t, const gy_node *shape, gy_tensor *out)
{
    if (shape == NULL || shape->type != GY_NODE_LIST) return damaged(t, out->name, "no shape");
    GY_REQUIRE(shape->n <= GY_DIMS, GY_E_DATA,
               "cannot read the file" GY_AT "%s, tensor %s" GY_WHY "it has %d axes, not up to %d",
               t->path, out->name, shape->n, (int)GY_DIMS);
    int64_t count = 1;
    for (const gy_node *d = shape->first; d != NULL; d = d->next) {
        int64_t *length = &out->shape.d[out->shape.n++];
        GY_TRY(read_int(t, d, out->name, length));
        if (!gy_mul(count, *length, &count) || count > INT64_MAX / 16)
            return damaged(t, out->name, "its shape is too large");
    }
    return GY_OK;
}

/* Where it lies, which must be as long as type and shape are. */
static gy_status read_place(const gy_tensors *t, const gy_node *offsets, gy_tensor *out)
{
    const file *f = t->state;
    int64_t end = 0;
    if (offsets == NULL || offsets->type != GY_NODE_LIST || offsets->n != 2)
        return damaged(t, out->name, "no data_offsets");
    GY_TRY(read_int(t, offsets->first, out->name, &out->at));
    GY_TRY(read_int(t, offsets->first->next, out->name, &end));
    if (end < out->at || end > f->bytes) return damaged(t, out->name, "it lies outside the file");
    int64_t bytes = gy_shape_count(&out->shape) * gy_numbers[out->type].bytes;
    if (end - out->at != bytes)
        return damaged(t, out->name, "its data_offsets are not as far apart as its shape is large");
    return GY_OK;
}

static gy_status read_tensor(const gy_tensors *t, const gy_node *entry, gy_tensor *out)
{
    *out = (gy_tensor){.name = entry->key};
    if (entry->type != GY_NODE_MAP) return damaged(t, entry->key, "it is described by no object");
    const gy_node *type = gy_node_find(entry, "dtype");
    if (type == NULL || type->type != GY_NODE_SCALAR) return damaged(t, entry->key, "no dtype");
    out->type = gy_numbers_find(type->text);
    GY_REQUIRE(out->type >= 0, GY_E_DATA,
               "cannot read the file" GY_AT "%s, tensor %s" GY_WHY "its dtype %s is not known",
               t->path, entry->key, type->text);
    GY_TRY(read_shape(t, gy_node_find(entry, "shape"), out));
    return read_place(t, gy_node_find(entry, "data_offsets"), out);
}

static void read_metadata(gy_tensors *t, const gy_node *map)
{
    const gy_node *n;
#define READ(name)                                                                                 \
    if ((n = gy_node_find(map, "gyre." #name)) != NULL && n->quoted) t->luggage.name = n->text;
    GY_LUGGAGE_LIST(READ)
#undef READ
}

static int by_place(const void *a, const void *b)
{
    const gy_tensor *x = *(const gy_tensor *const *)a, *y = *(const gy_tensor *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    int64_t nx = gy_shape_count(&x->shape), ny = gy_shape_count(&y->shape);
    return (nx > ny) - (nx < ny); /* empty ones first */
}

/* One behind the other, from the first byte to the last. */
static gy_status check_places(gy_tensors *t)
{
    const file *f = t->state;
    const gy_tensor **sorted;
    int64_t at = 0;
    GY_TRY(gy_pool_array(&t->pool, t->n + 1, &sorted));
    for (int i = 0; i < t->n; i++) sorted[i] = &t->v[i];
    qsort(sorted, (size_t)t->n, sizeof *sorted, by_place);
    for (int i = 0; i < t->n; i++) {
        const gy_tensor *s = sorted[i];
        if (s->at < at) return damaged(t, s->name, "it lies on another tensor");
        if (s->at > at) return damaged(t, s->name, "there is a gap before it");
        at += gy_shape_count(&s->shape) * gy_numbers[s->type].bytes;
    }
    return at == f->bytes ? GY_OK : damaged(t, NULL, "it is longer than its tensors");
}

static gy_status read_header(gy_tensors *t, const char *text, size_t n)
{
    gy_node *root;
    gy_tensor *v;
    GY_TRY(gy_json_parse(&t->pool, t->path, text, n, &root));
    if (root->type != GY_NODE_MAP) return damaged(t, NULL, "its header is no object");
    GY_TRY(gy_pool_array(&t->pool, root->n + 1, &v));
    t->v = v;
    for (const gy_node *entry = root->first; entry != NULL; entry = entry->next) {
        if (strcmp(entry->key, metadata_key) == 0)
            read_metadata(t, entry);
        else
            GY_TRY(read_tensor(t, entry, &v[t->n++]));
    }
    return check_places(t);
}

static gy_status open(gy_tensors *t)
{
    unsigned char length[LENGTH];
    int64_t got, size;
    file *f;
    char *text;
    GY_TRY(gy_pool_new(&t->pool, &f));
    t->state = f;
    GY_TRY(gy_stream_open(t->ctx, t->path, &f->stream));
    GY_TRY(gy_stream_size(f->stream, &size));
    GY_TRY(gy_stream_read(f->stream, length, LENGTH, &got));
    uint64_t n = got == LENGTH ? little_endian(length) : UINT64_MAX;
    if (n > LONGEST || (int64_t)n > size - LENGTH)
        return damaged(t, NULL, "its header does not end within it");
    f->begin = LENGTH + (int64_t)n;
    f->bytes = size - f->begin;
    GY_TRY(gy_new_array(t->ctx, (int64_t)n + 1, &text));
    gy_status status = gy_stream_read(f->stream, text, (int64_t)n, &got);
    if (status == GY_OK) status = read_header(t, text, (size_t)got);
    gy_free(t->ctx, text);
    return status;
}

static gy_status read(gy_tensors *t, const gy_tensor *tensor, float *out)
{
    const file *f = t->state;
    const gy_number_kind *type = &gy_numbers[tensor->type];
    unsigned char block[BLOCK];
    int64_t count = gy_shape_count(&tensor->shape), each = BLOCK / type->bytes, got;
    GY_TRY(gy_stream_seek(f->stream, f->begin + tensor->at));
    for (int64_t at = 0, n; at < count; at += n) {
        n = gy_least(each, count - at);
        GY_TRY(gy_stream_read(f->stream, block, n * type->bytes, &got));
        if (got < n * type->bytes) return damaged(t, tensor->name, "the file ends within it");
        type->convert(n, block, out + at);
    }
    return GY_OK;
}

static void close(gy_tensors *t)
{
    const file *f = t->state;
    if (f != NULL) gy_stream_close(f->stream);
}

static gy_status add_header(gy_pool *pool, const gy_convention *c, const gy_homes *homes,
                            gy_buffer *out)
{
    int64_t at = 0;
    for (int i = 0; i < homes->n; i++) {
        for (int k = 0; k < homes->v[i].n; k++) {
            const gy_link *link = &homes->v[i].v[k];
            const char *name;
            GY_TRY(gy_link_name(pool, c, &homes->v[i], link, &name));
            gy_json_begin(out, name, '{');
            gy_json_string(out, "dtype", "F32");
            gy_json_begin(out, "shape", '[');
            for (int d = 0; d < link->shape.n; d++) gy_json_int(out, NULL, link->shape.d[d]);
            gy_json_end(out, ']');
            gy_json_begin(out, "data_offsets", '[');
            gy_json_int(out, NULL, at);
            at += gy_shape_count(&link->shape) * (int64_t)sizeof(float);
            gy_json_int(out, NULL, at);
            gy_json_end(out, ']');
            gy_json_end(out, '}');
        }
    }
    return out->status;
}

static void add_metadata(const gy_luggage *l, gy_buffer *out)
{
    gy_json_begin(out, metadata_key, '{');
    gy_json_string(out, "format", "pt");
#define WRITE(name)                                                                                \
    if (l->name != NULL) gy_json_string(out, "gyre." #name, l->name);
    GY_LUGGAGE_LIST(WRITE)
#undef WRITE
    gy_json_end(out, '}');
}

static gy_status write_header(const gy_cargo *c, gy_pool *pool, const gy_convention *convention,
                              const gy_homes *homes, gy_output *out)
{
    unsigned char length[LENGTH];
    gy_buffer text;
    gy_buffer_init(&text, c->ctx);
    gy_json_begin(&text, NULL, '{');
    add_metadata(&c->luggage, &text);
    gy_status status = add_header(pool, convention, homes, &text);
    gy_json_end(&text, '}');
    while (text.status == GY_OK && text.bytes % LENGTH != 0) gy_buffer_add(&text, " ");
    if (status == GY_OK) status = text.status;
    for (int i = 0; i < LENGTH; i++) length[i] = (unsigned char)((uint64_t)text.bytes >> (8 * i));
    if (status == GY_OK) status = gy_output_add(out, length, LENGTH);
    if (status == GY_OK) status = gy_output_add(out, text.text, text.bytes);
    gy_buffer_clear(&text);
    return status;
}

static gy_status write_numbers(const gy_cargo *c, const gy_homes *homes, gy_output *out)
{
    int64_t most = 1;
    float *x;
    gy_status status = GY_OK;
    for (int i = 0; i < homes->n; i++)
        for (int k = 0; k < homes->v[i].n; k++)
            most = gy_most(most, gy_shape_count(&homes->v[i].v[k].shape));
    GY_TRY(gy_new_array(c->ctx, most, &x));
    for (int i = 0; i < homes->n; i++) {
        for (int k = 0; k < homes->v[i].n && status == GY_OK; k++) {
            const gy_link *link = &homes->v[i].v[k];
            gy_link_gather(link, c->model, x);
            status = gy_output_add(out, x, (size_t)gy_shape_count(&link->shape) * sizeof *x);
        }
    }
    gy_free(c->ctx, x);
    return status;
}

gy_status gy_safetensors_write(const gy_cargo *c, gy_pool *pool, const gy_convention *convention,
                               const gy_homes *homes, gy_output *out)
{
    GY_TRY(write_header(c, pool, convention, homes, out));
    return write_numbers(c, homes, out);
}

static gy_status write(const gy_cargo *c, gy_output *out)
{
    gy_homes homes;
    gy_pool pool;
    gy_pool_init(&pool, c->ctx);
    gy_status status = gy_homes_make(&pool, c->model, &gy_convention_torch, &homes);
    if (status == GY_OK) status = gy_safetensors_write(c, &pool, &gy_convention_torch, &homes, out);
    gy_pool_clear(&pool);
    return status;
}

const gy_exchange_kind gy_exchange_safetensors = {
    .kind = {"safetensors", "named tensors, as PyTorch has them", NULL, 0},
    .ending = ".safetensors",
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
    .write = write,
};
