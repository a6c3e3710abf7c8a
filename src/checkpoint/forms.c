/*
 * Parameters in forms of their own (form/form.h), in index.h5:
 *
 *     /compressed/<layer path>/<parameter>           attributes: form, shape ("[10, 64]"), keeps; where
 *                                                    data told it, what it is multiplied with: input_least, input_most
 *     /compressed/<layer path>/<parameter>/<part>    an array of it, with its checksum
 *
 * What is read is checked to be a form before anybody uses it.
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "form/form_list.h"
#include "store/hdf5.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP "/compressed"
#define LEAST "input_least"
#define MOST "input_most"

static const gy_h5_type types[GY_ELEMENTS] = {
    [GY_ELEMENT_int8] = GY_H5_INT8,       [GY_ELEMENT_uint8] = GY_H5_UINT8,
    [GY_ELEMENT_int16] = GY_H5_INT16,     [GY_ELEMENT_int32] = GY_H5_INT32,
    [GY_ELEMENT_float32] = GY_H5_FLOAT32,
};

static gy_status write_part(gy_h5 *f, const char *name, const gy_form_part *p)
{
    gy_h5_data *d;
    const gy_shape shape = {.n = 1, .d = {p->count}};
    GY_TRY(gy_h5_data_create(f, name, types[p->type], &shape, 0, 0, &d));
    gy_status status = gy_h5_data_write(d, 0, p->count, types[p->type], p->v);
    gy_h5_data_close(d);
    GY_TRY(status);
    const uint64_t checksum = gy_hash(p->v, (size_t)p->count * gy_element_bytes[p->type]);
    return gy_h5_write_uint64(f, name, "checksum", checksum);
}

static gy_status write_one(gy_h5 *f, gy_pool *pool, const gy_formed *t)
{
    const char *group, *name;
    char shape[GY_SHAPE_TEXT];
    const gy_form *form = &t->form;
    GY_TRY(gy_pool_format(pool, &group, GROUP "/%s", t->name));
    GY_TRY(gy_h5_group(f, group));
    GY_TRY(gy_h5_write_text(f, group, "form", form->kind->kind.name));
    GY_TRY(gy_h5_write_text(f, group, "shape", gy_shape_text(&form->shape, shape)));
    if (t->hold != GY_HOLD_NOTHING)
        GY_TRY(gy_h5_write_text(f, group, GY_KEEPS, gy_hold_names[t->hold]));
    if (gy_form_is_ranged(form)) {
        GY_TRY(gy_h5_write_float(f, group, LEAST, (double)form->range.low));
        GY_TRY(gy_h5_write_float(f, group, MOST, (double)form->range.high));
    }
    for (int i = 0; form->kind->parts[i].name != NULL; i++) {
        if (form->parts[i].count == 0) continue;
        GY_TRY(gy_pool_format(pool, &name, "%s/%s", group, form->kind->parts[i].name));
        GY_TRY(write_part(f, name, &form->parts[i]));
    }
    return GY_OK;
}

gy_status gy_forms_write(gy_h5 *f, gy_pool *pool, const gy_formeds *forms)
{
    for (int i = 0; i < forms->n; i++) GY_TRY(write_one(f, pool, &forms->v[i]));
    return GY_OK;
}

/* Reading: the parts that there are tell which tensors there are. */
typedef struct reader {
    gy_h5 *f;
    gy_pool *pool;
    const char *path;
    bool parts; /* are wanted */
    gy_formed *v;
    int n, room;
} reader;

static gy_status damaged(const reader *r, const char *name, const char *why)
{
    return gy_raise(GY_E_IO, "the checkpoint is damaged" GY_AT "%s:%s" GY_WHY "%s", r->path, name,
                    why);
}

static bool parse_shape(const char *text, gy_shape *out)
{
    *out = (gy_shape){.n = 0};
    if (*text++ != '[') return false;
    while (out->n < GY_DIMS) {
        char *end;
        const long long length = strtoll(text, &end, 10);
        if (end == text || length < 1 || length > (int64_t)1 << 46) return false;
        out->d[out->n++] = length;
        if (strcmp(end, "]") == 0) return gy_shape_count(out) > 0;
        if (strncmp(end, ", ", 2) != 0) return false;
        text = end + 2;
    }
    return false;
}

static gy_status read_text(const reader *r, const char *object, const char *name, const char **out)
{
    char *text;
    GY_TRY(gy_h5_read_text(r->f, object, name, &text));
    gy_status status = gy_pool_string(r->pool, text, out);
    gy_free(r->pool->ctx, text);
    return status;
}

static gy_status read_range(const reader *r, const char *group, gy_form_range *out)
{
    double low, high;
    if (!gy_h5_has_attribute(r->f, group, LEAST)) return GY_OK;
    GY_TRY(gy_h5_read_float(r->f, group, LEAST, &low));
    GY_TRY(gy_h5_read_float(r->f, group, MOST, &high));
    *out = (gy_form_range){(float)low, (float)high};
    const bool right = isfinite(out->high - out->low) && low <= 0 && high >= 0 && low < high;
    return right ? GY_OK : damaged(r, group, "the range of its input makes no sense");
}

/* A tensor of which nothing was read yet. */
static gy_status begin(reader *r, const char *group)
{
    const char *form, *shape, *keeps;
    gy_shape lengths;
    if (r->n == r->room) {
        gy_formed *more;
        r->room = 2 * r->room + 16;
        GY_TRY(gy_pool_array(r->pool, r->room, &more));
        if (r->n > 0) memcpy(more, r->v, (size_t)r->n * sizeof *more);
        r->v = more;
    }
    GY_TRY(read_text(r, group, "form", &form));
    GY_TRY(read_text(r, group, "shape", &shape));
    const gy_kind *kind = gy_registry_find(&gy_form_registry, form);
    if (kind == NULL) return damaged(r, group, "this program does not know its form");
    if (!parse_shape(shape, &lengths)) return damaged(r, group, "its shape makes no sense");
    gy_formed *t = &r->v[r->n];
    *t = (gy_formed){.form = gy_form_of((const gy_form_kind *)kind, &lengths)};
    GY_TRY(gy_pool_string(r->pool, group + strlen(GROUP) + 1, &t->name));
    GY_TRY(read_range(r, group, &t->form.range));
    if (gy_h5_has_attribute(r->f, group, GY_KEEPS)) {
        GY_TRY(read_text(r, group, GY_KEEPS, &keeps));
        for (int i = 0; i < GY_HOLD_COUNT; i++)
            if (strcmp(keeps, gy_hold_names[i]) == 0) t->hold = (gy_hold)i;
    }
    r->n++;
    return GY_OK;
}

static gy_status read_part(const reader *r, const char *name, gy_form *form, int part)
{
    gy_h5_data *d;
    int type = 0;
    uint64_t checksum;
    GY_TRY(gy_h5_data_open(r->f, name, &d));
    const gy_shape shape = *gy_h5_data_shape(d);
    while (type < GY_ELEMENTS && types[type] != gy_h5_data_type(d)) type++;
    gy_status status = GY_OK;
    if (type == GY_ELEMENTS || shape.n != 1) status = damaged(r, name, "it is no part of a form");
    if (status == GY_OK)
        status = gy_form_part_new(r->pool, form, part, (gy_element)type, shape.d[0]);
    if (status == GY_OK)
        status = gy_h5_data_read(d, 0, shape.d[0], types[type], form->parts[part].v);
    gy_h5_data_close(d);
    GY_TRY(status);
    GY_TRY(gy_h5_read_uint64(r->f, name, "checksum", &checksum));
    const size_t bytes = (size_t)shape.d[0] * gy_element_bytes[type];
    if (checksum != gy_hash(form->parts[part].v, bytes))
        return damaged(r, name, "its numbers do not have the checksum they were written with");
    return GY_OK;
}

/* Data sets come in the order of their names: those of a tensor one after the other. */
static gy_status add(void *user, const char *name)
{
    reader *r = user;
    const char *group, *slash = strrchr(name, '/');
    GY_TRY(gy_pool_format(r->pool, &group, "%.*s", (int)(slash - name), name));
    if (strlen(group) <= strlen(GROUP)) return damaged(r, name, "it belongs to no parameter");
    if (r->n == 0 || strcmp(r->v[r->n - 1].name, group + strlen(GROUP) + 1) != 0)
        GY_TRY(begin(r, group));
    gy_form *form = &r->v[r->n - 1].form;
    for (int i = 0; form->kind->parts[i].name != NULL; i++)
        if (strcmp(form->kind->parts[i].name, slash + 1) == 0)
            return r->parts ? read_part(r, name, form, i) : GY_OK;
    return damaged(r, name, "its form has no such part");
}

gy_status gy_forms_read(gy_h5 *f, gy_pool *pool, const char *path, bool parts, gy_formeds *out)
{
    reader r = {.f = f, .pool = pool, .path = path, .parts = parts};
    *out = (gy_formeds){NULL, 0};
    if (!gy_h5_exists(f, GROUP)) return GY_OK;
    GY_TRY(gy_h5_visit(f, GROUP, add, &r));
    for (int i = 0; i < r.n && parts; i++)
        if (!gy_form_is_valid(&r.v[i].form))
            return damaged(&r, r.v[i].name, "its parts do not belong together");
    *out = (gy_formeds){r.v, r.n};
    return GY_OK;
}

/* Parameters in forms are parameters, too; no slice has them. */
gy_status gy_forms_join(gy_h5 *f, gy_pool *pool, const char *path, bool parts, gy_formeds *forms,
                        gy_entries *params)
{
    gy_entry *v;
    GY_TRY(gy_forms_read(f, pool, path, parts, forms));
    if (forms->n == 0) return GY_OK;
    GY_TRY(gy_pool_array(pool, params->n + forms->n, &v));
    for (int i = 0; i < params->n; i++) v[i] = params->v[i];
    for (int i = 0; i < forms->n; i++) {
        const gy_form *form = &forms->v[i].form;
        v[params->n + i] = (gy_entry){.name = forms->v[i].name,
                                      .shape = form->shape,
                                      .count = gy_shape_count(&form->shape),
                                      .offset = INT64_MAX / 4,
                                      .hold = forms->v[i].hold,
                                      .form = form};
    }
    *params = (gy_entries){v, params->n + forms->n};
    return GY_OK;
}

/* To all ranks: a head, then the parts of each, as bytes. */
typedef struct packed {
    char name[512];
    int64_t kind, hold;
    gy_shape shape;
    gy_form_range range;
    int64_t type[GY_FORM_PARTS], count[GY_FORM_PARTS];
} packed;

static gy_status pack(const gy_formed *t, packed *out)
{
    GY_REQUIRE(strlen(t->name) < sizeof out->name, GY_E_IO, "%s: its name is too long", t->name);
    memset(out, 0, sizeof *out);
    strcpy(out->name, t->name);
    out->kind = gy_registry_index(&gy_form_registry, t->form.kind->kind.name);
    out->hold = t->hold;
    out->shape = t->form.shape;
    out->range = t->form.range;
    for (int i = 0; i < GY_FORM_PARTS; i++) {
        out->type[i] = t->form.parts[i].type;
        out->count[i] = t->form.parts[i].count;
    }
    return GY_OK;
}

/* On ranks that did not read it. */
static gy_status unpack(gy_pool *pool, const packed *p, gy_formed *out)
{
    const gy_form_kind *kind = (const gy_form_kind *)gy_form_registry.kinds[p->kind];
    *out = (gy_formed){.form = gy_form_of(kind, &p->shape), .hold = (gy_hold)p->hold};
    out->form.range = p->range;
    GY_TRY(gy_pool_string(pool, p->name, &out->name));
    for (int i = 0; i < GY_FORM_PARTS; i++)
        GY_TRY(gy_form_part_new(pool, &out->form, i, (gy_element)p->type[i], p->count[i]));
    return GY_OK;
}

static gy_status spread(gy_comm *comm, gy_pool *pool, gy_formed *t)
{
    packed p;
    gy_status status = GY_OK;
    const bool first = gy_comm_rank(comm) == 0;
    if (first) status = pack(t, &p);
    GY_TRY(gy_comm_agree(comm, status));
    GY_TRY(gy_comm_broadcast(comm, &p, sizeof p, 0));
    if (!first) status = unpack(pool, &p, t);
    GY_TRY(gy_comm_agree(comm, status));
    for (int i = 0; i < GY_FORM_PARTS; i++) {
        const gy_form_part *part = &t->form.parts[i];
        const int64_t bytes = part->count * (int64_t)gy_element_bytes[part->type];
        if (bytes > 0) GY_TRY(gy_comm_broadcast(comm, part->v, bytes, 0));
    }
    return GY_OK;
}

static gy_status read_first(gy_context *ctx, const char *path, gy_pool *pool, gy_formeds *out)
{
    gy_place place;
    const char *dir;
    gy_index index;
    GY_TRY(gy_place_find(pool, path, &place, &dir));
    if (place != GY_PLACE_CHECKPOINT) return GY_OK;
    GY_TRY(gy_index_read(ctx, dir, pool, true, &index));
    *out = index.forms;
    return GY_OK;
}

gy_status gy_checkpoint_read_forms(gy_context *ctx, gy_comm *comm, const char *path, gy_pool *pool,
                                   gy_formeds *out)
{
    gy_formed *v = NULL;
    gy_status status = GY_OK;
    *out = (gy_formeds){NULL, 0};
    if (gy_comm_rank(comm) == 0) status = read_first(ctx, path, pool, out);
    GY_TRY(gy_comm_agree(comm, status));
    GY_TRY(gy_comm_broadcast(comm, &out->n, sizeof out->n, 0));
    GY_TRY(gy_comm_agree(comm, gy_pool_array(pool, out->n + 1, &v)));
    for (int i = 0; i < out->n; i++) {
        if (gy_comm_rank(comm) == 0) v[i] = out->v[i];
        GY_TRY(spread(comm, pool, &v[i]));
    }
    out->v = v;
    return GY_OK;
}
