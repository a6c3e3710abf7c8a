/*
 * One HDF5 file with the model's tensors by name, as checkpoints show them but whole: /params and
 * /buffers, each data set with its checksum; the network's texts as attributes.
 */
#include "../exchange_list.h"

#include "base/hash.h"
#include "store/hdf5.h"

#include <string.h>

static const char *const groups[] = {"/params", "/buffers"};
enum { GROUPS = 2 };

static int probe(gy_context *ctx, const char *path, const void *head, size_t n)
{
    static const char magic[] = "\x89HDF\r\n\x1a\n";
    gy_h5 *f;
    if (n < sizeof magic - 1 || memcmp(head, magic, sizeof magic - 1) != 0) return 0;
    if (gy_h5_open(ctx, path, GY_E_DATA, &f) != GY_OK) return 30;
    int sure = gy_h5_exists(f, groups[0]) ? 90 : 20;
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    return sure;
}

/* Tensors in a list that grows by doubling. */
typedef struct list {
    gy_tensors *t;
    gy_tensor *v;
    int room, group;
} list;

static gy_status add(void *user, const char *name)
{
    list *l = user;
    gy_tensors *t = l->t;
    gy_h5_data *d;
    if (t->n == l->room) {
        gy_tensor *more;
        l->room = 2 * l->room + 16;
        GY_TRY(gy_pool_array(&t->pool, l->room, &more));
        if (t->n > 0) memcpy(more, l->v, (size_t)t->n * sizeof *more);
        t->v = l->v = more;
    }
    gy_tensor *tensor = &l->v[t->n];
    *tensor = (gy_tensor){.at = l->group};
    GY_TRY(gy_pool_string(&t->pool, name + strlen(groups[l->group]) + 1, &tensor->name));
    GY_TRY(gy_h5_data_open(t->state, name, &d));
    tensor->shape = *gy_h5_data_shape(d);
    gy_h5_data_close(d);
    t->n++;
    return GY_OK;
}

static gy_status read_text(gy_tensors *t, const char *name, const char **out)
{
    char *text;
    if (!gy_h5_has_attribute(t->state, "/", name)) return GY_OK;
    GY_TRY(gy_h5_read_text(t->state, "/", name, &text));
    gy_status status = gy_pool_string(&t->pool, text, out);
    gy_free(t->ctx, text);
    return status;
}

static gy_status open(gy_tensors *t)
{
    gy_h5 *f;
    list l = {.t = t};
    t->convention = &gy_convention_gyre;
    GY_TRY(gy_h5_open(t->ctx, t->path, GY_E_DATA, &f));
    t->state = f;
    GY_REQUIRE(gy_h5_exists(f, groups[0]), GY_E_DATA,
               "no parameters" GY_AT "%s" GY_WHY "the file has no group /params", t->path);
    GY_REQUIRE(!gy_h5_exists(f, "/compressed"), GY_E_DATA,
               "cannot import" GY_AT "%s:/compressed" GY_WHY
               "parameters are there in forms of fewer bits" GY_HINT "gyre train --init reads them",
               t->path);
    for (l.group = 0; l.group < GROUPS; l.group++)
        if (gy_h5_exists(f, groups[l.group])) GY_TRY(gy_h5_visit(f, groups[l.group], add, &l));
#define READ(name) GY_TRY(read_text(t, #name, &t->luggage.name));
    GY_LUGGAGE_LIST(READ)
#undef READ
    return GY_OK;
}

static gy_status read(gy_tensors *t, const gy_tensor *tensor, float *out)
{
    gy_h5_data *d;
    const char *name;
    uint64_t checksum;
    GY_TRY(gy_pool_format(&t->pool, &name, "%s/%s", groups[tensor->at], tensor->name));
    GY_TRY(gy_h5_data_open(t->state, name, &d));
    bool plain = gy_h5_data_type(d) == GY_H5_FLOAT32;
    gy_status status = gy_h5_data_read_floats(d, out);
    gy_h5_data_close(d);
    GY_TRY(status);
    if (!plain || !gy_h5_has_attribute(t->state, name, "checksum")) return GY_OK;
    GY_TRY(gy_h5_read_uint64(t->state, name, "checksum", &checksum));
    size_t bytes = (size_t)gy_shape_count(&tensor->shape) * sizeof *out;
    GY_REQUIRE(checksum == gy_hash(out, bytes), GY_E_DATA,
               "the file is damaged" GY_AT "%s:%s" GY_WHY
               "its numbers do not have the checksum they were written with",
               t->path, name);
    return GY_OK;
}

static void close(gy_tensors *t)
{
    if (gy_h5_close(t->state) != GY_OK) {} /* nothing was written */
}

static gy_status write_tensor(gy_h5 *f, const char *name, const gy_param *p, const float *x)
{
    gy_h5_data *d;
    GY_TRY(gy_h5_data_create(f, name, GY_H5_FLOAT32, &p->shape, 0, 0, &d));
    gy_status status =
        gy_h5_data_write(d, 0, p->shape.n == 0 ? 1 : p->shape.d[0], GY_H5_FLOAT32, x);
    gy_h5_data_close(d);
    GY_TRY(status);
    return gy_h5_write_uint64(f, name, "checksum", gy_hash(x, (size_t)p->count * sizeof *x));
}

static gy_status write_group(gy_h5 *f, gy_pool *pool, const char *group, const gy_params *table,
                             const float *values)
{
    const char *name;
    GY_TRY(gy_h5_group(f, group));
    for (int i = 0; i < table->n; i++) {
        GY_TRY(gy_pool_format(pool, &name, "%s/%s", group, table->v[i].name));
        GY_TRY(write_tensor(f, name, &table->v[i], values + table->v[i].offset));
    }
    return GY_OK;
}

static gy_status write_all(const gy_cargo *c, gy_pool *pool, gy_h5 *f)
{
    const gy_params *params = gy_model_params(c->model), *buffers = gy_model_buffers(c->model);
    GY_TRY(gy_h5_write_text(f, "/", "format", "gyre-model"));
    GY_TRY(gy_h5_write_int(f, "/", "parameters", params->elements));
#define WRITE(name)                                                                                \
    if (c->luggage.name != NULL) GY_TRY(gy_h5_write_text(f, "/", #name, c->luggage.name));
    GY_LUGGAGE_LIST(WRITE)
#undef WRITE
    GY_TRY(write_group(f, pool, groups[0], params, gy_model_values(c->model)));
    return write_group(f, pool, groups[1], buffers, gy_model_buffer_values(c->model));
}

static gy_status write(const gy_cargo *c, gy_output *out)
{
    gy_h5 *f;
    gy_pool pool;
    GY_TRY(gy_h5_create(c->ctx, gy_output_name(out), &f));
    gy_pool_init(&pool, c->ctx);
    gy_status status = write_all(c, &pool, f);
    gy_pool_clear(&pool);
    gy_error first = *gy_error_last();
    gy_status closed = gy_h5_close(f);
    return status == GY_OK ? closed : gy_error_restore(&first);
}

const gy_exchange_kind gy_exchange_hdf5 = {
    .kind = {"hdf5", "one HDF5 file of named tensors, as checkpoints show them", NULL, 0},
    .ending = ".h5",
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
    .write = write,
};
