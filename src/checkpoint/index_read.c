/*
 * Reading index.h5, and tensors of single files. Nothing in it is believed: the file's seal is
 * checked first, then that slices follow one another without gaps, that tensors lie within them, and
 * that as many parameters are there as it says.
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* Reading in progress. */
typedef struct reader {
    gy_context *ctx;
    gy_pool *pool;
    gy_h5 *f;
    const char *path;
    bool parts; /* of forms are wanted */
    gy_index *out;
} reader;

static gy_status damaged(const reader *r, const char *why)
{
    return gy_raise(GY_E_IO, "the checkpoint is damaged" GY_AT "%s" GY_WHY "%s", r->path, why);
}

static gy_status read_text(const reader *r, const char *object, const char *name, const char **out)
{
    char *text;
    GY_TRY(gy_h5_read_text(r->f, object, name, &text));
    gy_status status = gy_pool_string(r->pool, text, out);
    gy_free(r->ctx, text);
    return status;
}

static gy_status read_head(const reader *r)
{
    gy_checkpoint_head *h = &r->out->head;
    const char *format;
    int64_t version;
    GY_TRY(read_text(r, "/", "format", &format));
    if (strcmp(format, GY_FORMAT_NAME) != 0) return damaged(r, "it is no " GY_FORMAT_NAME);
    GY_TRY(gy_h5_read_int(r->f, "/", "format_version", &version));
    GY_REQUIRE(version == GY_FORMAT_VERSION, GY_E_IO,
               "cannot read the checkpoint" GY_AT "%s" GY_WHY
               "its format has version %lld, this program knows %d" GY_HINT
               "use the version of Gyre that wrote it",
               r->path, (long long)version, (int)GY_FORMAT_VERSION);
    GY_TRY(gy_h5_read_int(r->f, "/", "step", &h->step));
    GY_TRY(gy_h5_read_int(r->f, "/", "epoch", &h->epoch));
    GY_TRY(gy_h5_read_int(r->f, "/", "sample_in_epoch", &h->sample_in_epoch));
    GY_TRY(gy_h5_read_int(r->f, "/", "world_size", &h->world_size));
    GY_TRY(gy_h5_read_int(r->f, "/", "parameters", &h->parameters));
    GY_TRY(gy_h5_read_uint64(r->f, "/", "seed", &h->seed));
    GY_TRY(read_text(r, "/", "config", &h->config));
    GY_TRY(read_text(r, "/", "created", &h->created));
    return read_text(r, "/", "version", &h->version);
}

/* Notes, in a list that grows by doubling. */
typedef struct note_list {
    const reader *r;
    const char *group;
    gy_checkpoint_note *v;
    int n, room;
} note_list;

static gy_status add_note(void *user, const char *name, bool is_text)
{
    note_list *list = user;
    const reader *r = list->r;
    if (list->n == list->room) {
        gy_checkpoint_note *more;
        list->room = 2 * list->room + 16;
        GY_TRY(gy_pool_array(r->pool, list->room, &more));
        if (list->n > 0) memcpy(more, list->v, (size_t)list->n * sizeof *more);
        list->v = more;
    }
    gy_checkpoint_note *note = &list->v[list->n];
    *note = (gy_checkpoint_note){.group = list->group};
    GY_TRY(gy_pool_string(r->pool, name, &note->name));
    GY_TRY(is_text ? read_text(r, list->group, name, &note->text)
                   : gy_h5_read_float(r->f, list->group, name, &note->number));
    list->n++;
    return GY_OK;
}

static gy_status read_notes(const reader *r)
{
    static const char *const groups[] = {"/metrics", "/data", "/state"};
    note_list list = {.r = r};
    for (int i = 0; i < 3; i++) {
        list.group = groups[i];
        GY_TRY(gy_h5_visit_attributes(r->f, groups[i], add_note, &list));
    }
    r->out->head.notes = list.v;
    r->out->head.n_notes = list.n;
    return GY_OK;
}

static gy_status read_slots(const reader *r)
{
    const char *text;
    char *rest;
    r->out->n_vectors = 1;
    GY_TRY(read_text(r, "/shards", "slots", &text));
    GY_TRY(gy_pool_alloc(r->pool, strlen(text) + 1, (void **)&rest));
    memcpy(rest, text, strlen(text) + 1);
    char *name = strtok_r(rest, " ", &rest);
    for (; name != NULL; name = strtok_r(NULL, " ", &rest)) {
        if (r->out->n_vectors == GY_VECTORS) return damaged(r, "it has too many optimizer slots");
        r->out->slots[r->out->n_vectors++ - 1] = name;
    }
    return GY_OK;
}

static gy_status read_slice(const reader *r, const char *group, int k, gy_slice *s)
{
    const char *vector = k == 0 ? "values" : r->out->slots[k - 1], *name;
    int64_t *length = &r->out->lengths[k];
    GY_TRY(gy_pool_format(r->pool, &name, "%s_offset", vector));
    GY_TRY(gy_h5_read_int(r->f, group, name, &s->offset));
    GY_TRY(gy_pool_format(r->pool, &name, "%s_count", vector));
    GY_TRY(gy_h5_read_int(r->f, group, name, &s->count));
    GY_TRY(gy_pool_format(r->pool, &name, "%s_checksum", vector));
    GY_TRY(gy_h5_read_uint64(r->f, group, name, &s->checksum));
    if (s->offset != *length || s->count < 0 || s->count > INT64_MAX / 16 - *length)
        return damaged(r, "its shards do not follow one another");
    *length += s->count;
    return GY_OK;
}

static gy_status read_shards(const reader *r)
{
    int64_t n;
    gy_shard *shards;
    GY_TRY(gy_h5_read_int(r->f, "/shards", "count", &n));
    if (n < 1 || n > 1000000) return damaged(r, "its number of shards makes no sense");
    GY_TRY(gy_pool_array(r->pool, n, &shards));
    for (int i = 0; i < (int)n; i++) {
        const char *group;
        GY_TRY(gy_pool_format(r->pool, &group, "/shards/%05d", i));
        GY_TRY(read_text(r, group, "file", &shards[i].file));
        if (strchr(shards[i].file, '/') != NULL) return damaged(r, "a shard lies elsewhere");
        for (int k = 0; k < r->out->n_vectors; k++)
            GY_TRY(read_slice(r, group, k, &shards[i].v[k]));
    }
    r->out->shards = shards;
    r->out->n_shards = (int)n;
    return GY_OK;
}

/* Entries, in a list that grows by doubling. */
typedef struct entry_list {
    gy_h5 *f;
    gy_pool *pool;
    size_t prefix; /* characters of the group's name and the slash */
    bool placed;
    gy_entry *v;
    int n, room;
} entry_list;

/* A word that this program does not know holds nothing. */
static gy_status read_hold(entry_list *list, const char *name, gy_hold *out)
{
    char *text;
    if (!gy_h5_has_attribute(list->f, name, GY_KEEPS)) return GY_OK;
    GY_TRY(gy_h5_read_text(list->f, name, GY_KEEPS, &text));
    for (int i = 0; i < GY_HOLD_COUNT; i++)
        if (strcmp(text, gy_hold_names[i]) == 0) *out = (gy_hold)i;
    gy_free(list->pool->ctx, text);
    return GY_OK;
}

static gy_status add_entry(void *user, const char *name)
{
    entry_list *list = user;
    gy_h5_data *d;
    if (list->n == list->room) {
        gy_entry *more;
        list->room = 2 * list->room + 16;
        GY_TRY(gy_pool_array(list->pool, list->room, &more));
        if (list->n > 0) memcpy(more, list->v, (size_t)list->n * sizeof *more);
        list->v = more;
    }
    gy_entry *e = &list->v[list->n];
    *e = (gy_entry){.offset = -1};
    GY_TRY(gy_pool_string(list->pool, name + list->prefix, &e->name));
    GY_TRY(gy_h5_data_open(list->f, name, &d));
    e->shape = *gy_h5_data_shape(d);
    gy_h5_data_close(d);
    e->count = gy_shape_count(&e->shape);
    if (list->placed) GY_TRY(gy_h5_read_int(list->f, name, "offset", &e->offset));
    GY_TRY(read_hold(list, name, &e->hold));
    list->n++;
    return GY_OK;
}

gy_status gy_entries_read(gy_h5 *f, gy_pool *pool, const char *group, bool placed, gy_entries *out)
{
    entry_list list = {.f = f, .pool = pool, .prefix = strlen(group) + 1, .placed = placed};
    *out = (gy_entries){0};
    if (!gy_h5_exists(f, group)) return GY_OK;
    GY_TRY(gy_h5_visit(f, group, add_entry, &list));
    *out = (gy_entries){list.v, list.n};
    return GY_OK;
}

static gy_status check_entries(const reader *r)
{
    int64_t left = r->out->head.parameters, length = r->out->lengths[0];
    for (int i = 0; i < r->out->params.n; i++) {
        const gy_entry *e = &r->out->params.v[i];
        if (e->form != NULL) continue;
        if (e->count < 0 || e->count > length || e->offset < 0 || e->offset > length - e->count)
            return damaged(r, "a parameter lies outside the shards");
        if (e->count > left) return damaged(r, "it has more parameters than it says");
        left -= e->count; /* a sum might not fit: parameters may lie on one another */
    }
    if (left != 0) return damaged(r, "parameters are missing");
    return GY_OK;
}

static gy_status read_beginning(const reader *r)
{
    GY_TRY(read_head(r));
    GY_TRY(read_notes(r));
    return read_slots(r);
}

static gy_status read_all(const reader *r)
{
    GY_TRY(read_beginning(r));
    GY_TRY(read_shards(r));
    GY_TRY(gy_entries_read(r->f, r->pool, "/params", true, &r->out->params));
    GY_TRY(gy_entries_read(r->f, r->pool, "/buffers", false, &r->out->buffers));
    GY_TRY(gy_forms_join(r->f, r->pool, r->path, r->parts, &r->out->forms, &r->out->params));
    return check_entries(r);
}

static gy_status read_sealed(gy_context *ctx, const char *dir, gy_pool *pool, bool parts,
                             gy_status (*read)(const reader *r), gy_index *out)
{
    reader r = {.ctx = ctx, .pool = pool, .parts = parts, .out = out};
    int64_t bytes;
    *out = (gy_index){.dir = dir};
    GY_TRY(gy_pool_format(pool, &r.path, "%s/index.h5", dir));
    GY_TRY(gy_seal_check(ctx, r.path, &bytes));
    GY_TRY(gy_h5_open(ctx, r.path, GY_E_IO, &r.f));
    gy_status status = read(&r);
    if (gy_h5_close(r.f) != GY_OK) {} /* nothing was written */
    return status;
}

gy_status gy_index_read(gy_context *ctx, const char *dir, gy_pool *pool, bool parts, gy_index *out)
{
    return read_sealed(ctx, dir, pool, parts, read_all, out);
}

gy_status gy_index_read_head(gy_context *ctx, const char *dir, gy_pool *pool, gy_index *out)
{
    return read_sealed(ctx, dir, pool, false, read_beginning, out);
}

gy_status gy_tensor_read(gy_context *ctx, gy_h5 *f, const char *name, const char *path,
                         gy_status status, float *out)
{
    (void)ctx;
    gy_h5_data *d;
    uint64_t checksum;
    GY_TRY(gy_h5_data_open(f, name, &d));
    bool plain = gy_h5_data_type(d) == GY_H5_FLOAT32;
    size_t bytes = (size_t)gy_shape_count(gy_h5_data_shape(d)) * sizeof *out;
    gy_status read = gy_h5_data_read_floats(d, out);
    gy_h5_data_close(d);
    GY_TRY(read);
    if (!plain || !gy_h5_has_attribute(f, name, "checksum")) return GY_OK;
    GY_TRY(gy_h5_read_uint64(f, name, "checksum", &checksum));
    GY_REQUIRE(checksum == gy_hash(out, bytes), status,
               "the file is damaged" GY_AT "%s:%s" GY_WHY
               "its numbers do not have the checksum they were written with",
               path, name);
    return GY_OK;
}
