/* Attributes: single numbers and texts of any object of a file. */
#include "hdf5_impl.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static const char cannot_write[] = "cannot write the attribute";
static const char cannot_read[] = "cannot read the attribute";

/* For messages: object@name. */
static gy_status fail(gy_h5 *f, const char *what, const char *object, const char *name)
{
    const char *place;
    gy_pool pool;
    gy_pool_init(&pool, f->ctx);
    gy_status status = gy_pool_format(&pool, &place, "%s@%s", object, name);
    if (status == GY_OK) status = gy_h5_fail(f, what, place);
    gy_pool_clear(&pool);
    return status;
}

bool gy_h5_has_attribute(gy_h5 *f, const char *object, const char *name)
{
    return H5(f, H5Aexists_by_name(f->id, object, name, H5P_DEFAULT)) > 0;
}

static gy_status write(gy_h5 *f, const char *object, const char *name, hid_t file_type,
                       hid_t memory_type, const void *value)
{
    if (gy_h5_has_attribute(f, object, name) &&
        H5(f, H5Adelete_by_name(f->id, object, name, H5P_DEFAULT)) < 0)
        return fail(f, cannot_write, object, name);
    hid_t space = (hid_t)H5(f, H5Screate(H5S_SCALAR)), id = -1;
    if (space >= 0)
        id = (hid_t)H5(f, H5Acreate_by_name(f->id, object, name, file_type, space, H5P_DEFAULT,
                                            H5P_DEFAULT, H5P_DEFAULT));
    bool good = id >= 0 && H5(f, H5Awrite(id, memory_type, value)) >= 0;
    gy_status status = good ? GY_OK : fail(f, cannot_write, object, name);
    if (id >= 0) (void)H5(f, H5Aclose(id));
    if (space >= 0) (void)H5(f, H5Sclose(space));
    return status;
}

bool gy_h5_attach(gy_h5 *f, hid_t id, const gy_h5_mark *mark)
{
    if (mark == NULL) return true;
    hid_t space = (hid_t)H5(f, H5Screate(H5S_SCALAR)), attribute = -1;
    if (space >= 0)
        attribute = (hid_t)H5(
            f, H5Acreate2(id, mark->name, H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT));
    bool good = attribute >= 0 && H5(f, H5Awrite(attribute, H5T_NATIVE_UINT64, &mark->v)) >= 0;
    if (attribute >= 0) (void)H5(f, H5Aclose(attribute));
    if (space >= 0) (void)H5(f, H5Sclose(space));
    return good;
}

gy_status gy_h5_write_int(gy_h5 *f, const char *object, const char *name, int64_t v)
{
    return write(f, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &v);
}

gy_status gy_h5_write_uint64(gy_h5 *f, const char *object, const char *name, uint64_t v)
{
    return write(f, object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &v);
}

gy_status gy_h5_write_float(gy_h5 *f, const char *object, const char *name, double v)
{
    return write(f, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &v);
}

/* UTF-8 of variable length, or of fixed length to read such a one. < 0: failed. */
static hid_t text_type(gy_h5 *f, size_t bytes)
{
    hid_t type = (hid_t)H5(f, H5Tcopy(H5T_C_S1));
    if (type < 0) return type;
    if (H5(f, H5Tset_size(type, bytes)) >= 0 && H5(f, H5Tset_cset(type, H5T_CSET_UTF8)) >= 0)
        return type;
    (void)H5(f, H5Tclose(type));
    return -1;
}

gy_status gy_h5_write_text(gy_h5 *f, const char *object, const char *name, const char *v)
{
    hid_t type = text_type(f, H5T_VARIABLE);
    if (type < 0) return fail(f, cannot_write, object, name);
    gy_status status = write(f, object, name, type, type, &v);
    (void)H5(f, H5Tclose(type));
    return status;
}

/* An attribute that is open, its type looked at. */
typedef struct attribute {
    hid_t id, space, type;
    H5T_class_t class;
    int64_t count, bytes; /* elements; of one */
} attribute;

static void shut(gy_h5 *f, const attribute *a)
{
    if (a->type >= 0) (void)H5(f, H5Tclose(a->type));
    if (a->space >= 0) (void)H5(f, H5Sclose(a->space));
    if (a->id >= 0) (void)H5(f, H5Aclose(a->id));
}

/* Opens one; whatever was opened is in *a. */
static gy_status look(gy_h5 *f, const char *object, const char *name, attribute *a)
{
    *a = (attribute){.id = -1, .space = -1, .type = -1};
    a->id = (hid_t)H5(f, H5Aopen_by_name(f->id, object, name, H5P_DEFAULT, H5P_DEFAULT));
    GY_REQUIRE(a->id >= 0 || f->disk.failed != 0 || gy_h5_has_attribute(f, object, name), f->status,
               "no such attribute" GY_AT "%s:%s@%s", f->path, object, name);
    if (a->id < 0) return fail(f, cannot_read, object, name);
    a->space = (hid_t)H5(f, H5Aget_space(a->id));
    if (a->space < 0) return fail(f, cannot_read, object, name);
    a->count = H5(f, H5Sget_simple_extent_npoints(a->space));
    a->type = (hid_t)H5(f, H5Aget_type(a->id));
    if (a->type < 0) return fail(f, cannot_read, object, name);
    a->class = (H5T_class_t)H5(f, H5Tget_class(a->type));
    a->bytes = (int64_t)H5(f, H5Tget_size(a->type));
    return GY_OK;
}

/* The same of one that holds a single value. */
static gy_status find(gy_h5 *f, const char *object, const char *name, attribute *a)
{
    GY_TRY(look(f, object, name, a));
    GY_REQUIRE(a->count == 1, f->status,
               "cannot read the attribute" GY_AT "%s:%s@%s" GY_WHY "it is not a single value",
               f->path, object, name);
    return GY_OK;
}

static gy_status read_number(gy_h5 *f, const char *object, const char *name, bool whole, hid_t type,
                             void *v)
{
    attribute a;
    gy_status status = find(f, object, name, &a);
    bool good = a.class == H5T_INTEGER || a.class == H5T_ENUM || (a.class == H5T_FLOAT && !whole);
    if (status == GY_OK && !good)
        status = gy_raise(
            f->status, "cannot read the attribute" GY_AT "%s:%s@%s" GY_WHY "it is not a %snumber",
            f->path, object, name, whole ? "whole " : "");
    if (status == GY_OK && H5(f, H5Aread(a.id, type, v)) < 0)
        status = fail(f, cannot_read, object, name);
    shut(f, &a);
    return status;
}

gy_status gy_h5_read_int(gy_h5 *f, const char *object, const char *name, int64_t *v)
{
    return read_number(f, object, name, true, H5T_NATIVE_INT64, v);
}

gy_status gy_h5_read_uint64(gy_h5 *f, const char *object, const char *name, uint64_t *v)
{
    return read_number(f, object, name, true, H5T_NATIVE_UINT64, v);
}

gy_status gy_h5_read_float(gy_h5 *f, const char *object, const char *name, double *v)
{
    return read_number(f, object, name, false, H5T_NATIVE_DOUBLE, v);
}

static const int64_t most_text = INT64_C(64) << 20;

static gy_status too_long(const gy_h5 *f, const char *object, const char *name)
{
    return gy_raise(f->status,
                    "cannot read the attribute" GY_AT "%s:%s@%s" GY_WHY
                    "its text is longer than 64 MiB",
                    f->path, object, name);
}

/* HDF5 allots the text, we copy it. */
static gy_status read_variable(gy_h5 *f, const attribute *a, const char *object, const char *name,
                               char **v)
{
    char *text = NULL;
    hid_t type = text_type(f, H5T_VARIABLE);
    if (type >= 0) (void)H5(f, H5Tset_cset(type, H5Tget_cset(a->type)));
    gy_status status = GY_OK;
    if (type < 0 || H5(f, H5Aread(a->id, type, &text)) < 0)
        status = fail(f, cannot_read, object, name);
    else if (text != NULL && strlen(text) > (size_t)most_text)
        status = too_long(f, object, name);
    else
        status = gy_copy_string(f->ctx, text == NULL ? "" : text, v);
    if (text != NULL) (void)H5(f, H5free_memory(text));
    if (type >= 0) (void)H5(f, H5Tclose(type));
    return status;
}

static gy_status read_fixed(gy_h5 *f, const attribute *a, const char *object, const char *name,
                            char **v)
{
    char *text;
    if (a->bytes > most_text) return too_long(f, object, name);
    GY_TRY(gy_alloc(f->ctx, (size_t)a->bytes + 1, (void **)&text));
    if (H5(f, H5Aread(a->id, a->type, text)) < 0) {
        gy_free(f->ctx, text);
        return fail(f, cannot_read, object, name);
    }
    for (int64_t i = a->bytes;
         i > 0 && text[i - 1] == ' ' && H5(f, H5Tget_strpad(a->type)) == H5T_STR_SPACEPAD; i--)
        text[i - 1] = '\0';
    *v = text;
    return GY_OK;
}

gy_status gy_h5_read_text(gy_h5 *f, const char *object, const char *name, char **v)
{
    attribute a;
    gy_status status = find(f, object, name, &a);
    if (status == GY_OK && a.class != H5T_STRING)
        status = gy_raise(f->status,
                          "cannot read the attribute" GY_AT "%s:%s@%s" GY_WHY "it is not a text",
                          f->path, object, name);
    if (status == GY_OK)
        status = H5(f, H5Tis_variable_str(a.type)) > 0 ? read_variable(f, &a, object, name, v)
                                                       : read_fixed(f, &a, object, name, v);
    shut(f, &a);
    return status;
}

/* Names first, so that the caller may read while it is called. */
typedef struct list {
    gy_pool pool;
    struct entry {
        const char *name;
        struct entry *next;
    } * first, **last;
    gy_status status;
} list;

static gy_status add(list *l, const char *name)
{
    struct entry *e;
    GY_TRY(gy_pool_new(&l->pool, &e));
    GY_TRY(gy_pool_string(&l->pool, name, &e->name));
    *l->last = e;
    l->last = &e->next;
    return GY_OK;
}

static herr_t meet(hid_t id, const char *name, const H5A_info_t *info, void *user)
{
    (void)id;
    (void)info;
    list *l = user;
    l->status = add(l, name);
    return l->status == GY_OK ? 0 : 1;
}

gy_status gy_h5_visit_attributes(gy_h5 *f, const char *object,
                                 gy_status (*visit)(void *user, const char *name, bool is_text),
                                 void *user)
{
    hsize_t at = 0;
    list l = {.last = &l.first};
    if (!gy_h5_exists(f, object)) return GY_OK;
    gy_pool_init(&l.pool, f->ctx);
    int64_t result = H5(f, H5Aiterate_by_name(f->id, object, H5_INDEX_NAME, H5_ITER_INC, &at, meet,
                                              &l, H5P_DEFAULT));
    gy_status status = l.status;
    if (result < 0) status = gy_h5_fail(f, "cannot list the attributes", object);
    for (const struct entry *e = l.first; e != NULL && status == GY_OK; e = e->next) {
        attribute a;
        status = find(f, object, e->name, &a);
        shut(f, &a);
        if (status == GY_OK) status = visit(user, e->name, a.class == H5T_STRING);
    }
    gy_pool_clear(&l.pool);
    return status;
}

/* Texts of variable length, which HDF5 allots and takes back. @param good  out: whether it read */
static gy_status take_variable(gy_h5 *f, const attribute *a, gy_pool *pool, const char **v,
                               bool *good)
{
    char **texts;
    GY_TRY(gy_pool_array(pool, a->count, &texts));
    *good = H5(f, H5Aread(a->id, a->type, texts)) >= 0;
    if (!*good) return GY_OK;
    gy_status status = GY_OK;
    for (int64_t i = 0; i < a->count && status == GY_OK; i++)
        status = gy_pool_string(pool, texts[i] == NULL ? "" : texts[i], &v[i]);
    (void)H5(f, H5Dvlen_reclaim(a->type, a->space, H5P_DEFAULT, texts));
    return status;
}

static gy_status take_fixed(gy_h5 *f, const attribute *a, gy_pool *pool, const char **v, bool *good)
{
    char *texts;
    int64_t all;
    *good = a->bytes > 0 && gy_mul(a->count, a->bytes, &all) && all <= most_text;
    if (!*good) return GY_OK;
    GY_TRY(gy_pool_array(pool, all, &texts));
    *good = H5(f, H5Aread(a->id, a->type, texts)) >= 0;
    for (int64_t i = 0; i < a->count && *good; i++)
        GY_TRY(gy_pool_format(pool, &v[i], "%.*s", (int)a->bytes, texts + i * a->bytes));
    return GY_OK;
}

static bool is_list_of_texts(gy_h5 *f, const attribute *a)
{
    enum { MOST = 65536 };
    return a->class == H5T_STRING && a->count > 0 && a->count <= MOST &&
           H5(f, H5Sget_simple_extent_type(a->space)) == H5S_SIMPLE;
}

static gy_status take_texts(gy_h5 *f, const attribute *a, const char *object, const char *name,
                            gy_pool *pool, const char ***out)
{
    bool good = false;
    const char **v;
    GY_TRY(gy_pool_array(pool, a->count, &v));
    GY_TRY(H5(f, H5Tis_variable_str(a->type)) > 0 ? take_variable(f, a, pool, v, &good)
                                                  : take_fixed(f, a, pool, v, &good));
    if (!good) return fail(f, cannot_read, object, name);
    *out = v;
    return GY_OK;
}

gy_status gy_h5_read_texts(gy_h5 *f, const char *object, const char *name, gy_pool *pool,
                           const char *const **out, int64_t *n)
{
    attribute a;
    const char **v = NULL;
    gy_status status = look(f, object, name, &a);
    if (status == GY_OK && is_list_of_texts(f, &a))
        status = take_texts(f, &a, object, name, pool, &v);
    shut(f, &a);
    *out = v;
    *n = v != NULL ? a.count : 0;
    return status;
}
