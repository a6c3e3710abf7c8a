/*
 * Data sets: whole rows of numbers, converted by HDF5.
 *
 * What a file says of itself is not believed: axes, lengths and products are checked before
 * anything is sized by them, and raw data that lie in other files are not read.
 */
#include "hdf5_impl.h"

#include "base/count.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static hid_t memory_type(gy_h5_type type)
{
    switch (type) {
    case GY_H5_FLOAT32:
        return H5T_NATIVE_FLOAT;
    case GY_H5_FLOAT64:
        return H5T_NATIVE_DOUBLE;
    case GY_H5_UINT8:
        return H5T_NATIVE_UINT8;
    case GY_H5_INT8:
        return H5T_NATIVE_INT8;
    case GY_H5_INT16:
        return H5T_NATIVE_INT16;
    case GY_H5_INT32:
        return H5T_NATIVE_INT32;
    case GY_H5_INT64:
        return H5T_NATIVE_INT64;
    case GY_H5_OTHER:
        break;
    }
    return -1;
}

/* Little-endian on disk whatever the machine, so that checksums of bytes agree. */
static hid_t file_type(gy_h5_type type)
{
    switch (type) {
    case GY_H5_FLOAT32:
        return H5T_IEEE_F32LE;
    case GY_H5_FLOAT64:
        return H5T_IEEE_F64LE;
    case GY_H5_UINT8:
        return H5T_STD_U8LE;
    case GY_H5_INT8:
        return H5T_STD_I8LE;
    case GY_H5_INT16:
        return H5T_STD_I16LE;
    case GY_H5_INT32:
        return H5T_STD_I32LE;
    case GY_H5_INT64:
        return H5T_STD_I64LE;
    case GY_H5_OTHER:
        break;
    }
    return -1;
}

static gy_h5_type type_of(H5T_class_t class, int64_t bytes, bool is_signed)
{
    if (class == H5T_FLOAT)
        return bytes == 4 ? GY_H5_FLOAT32 : bytes == 8 ? GY_H5_FLOAT64 : GY_H5_OTHER;
    if (!is_signed) return bytes == 1 ? GY_H5_UINT8 : GY_H5_OTHER;
    return bytes == 1   ? GY_H5_INT8
           : bytes == 2 ? GY_H5_INT16
           : bytes == 4 ? GY_H5_INT32
           : bytes == 8 ? GY_H5_INT64
                        : GY_H5_OTHER;
}

static gy_status read_type(gy_h5_data *d)
{
    gy_h5 *f = d->f;
    hid_t type = (hid_t)H5(f, H5Dget_type(d->id));
    if (type < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    H5T_class_t class = (H5T_class_t)H5(f, H5Tget_class(type));
    int64_t bytes = (int64_t)H5(f, H5Tget_size(type));
    bool is_signed = class != H5T_INTEGER || H5(f, H5Tget_sign(type)) == H5T_SGN_2;
    (void)H5(f, H5Tclose(type));
    d->is_integer = class == H5T_INTEGER || class == H5T_ENUM;
    GY_REQUIRE(d->is_integer || class == H5T_FLOAT, f->status,
               "cannot read the data set" GY_AT "%s:%s" GY_WHY "it does not hold numbers", f->path,
               d->name);
    d->type = class == H5T_ENUM ? GY_H5_OTHER : type_of(class, bytes, is_signed);
    return GY_OK;
}

static gy_status read_shape(gy_h5_data *d)
{
    gy_h5 *f = d->f;
    hsize_t lengths[H5S_MAX_RANK];
    hid_t space = (hid_t)H5(f, H5Dget_space(d->id));
    if (space < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    int axes = (int)H5(f, H5Sget_simple_extent_dims(space, lengths, NULL));
    bool is_null = H5(f, H5Sget_simple_extent_type(space)) == H5S_NULL;
    (void)H5(f, H5Sclose(space));
    if (axes < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    GY_REQUIRE(!is_null && axes <= GY_DIMS, f->status,
               "cannot read the data set" GY_AT "%s:%s" GY_WHY "it has %s%d axes, not up to %d",
               f->path, d->name, is_null ? "no data in " : "", axes, (int)GY_DIMS);
    int64_t count = 1;
    d->shape = (gy_shape){.n = axes};
    for (int i = 0; i < axes; i++) {
        bool fits = lengths[i] <= INT64_MAX / 16 &&
                    gy_mul(count, (int64_t)(lengths[i] > 0 ? lengths[i] : 1), &count) &&
                    count <= INT64_MAX / 16;
        GY_REQUIRE(fits, f->status,
                   "cannot read the data set" GY_AT "%s:%s" GY_WHY "its shape is too large",
                   f->path, d->name);
        d->shape.d[i] = (int64_t)lengths[i];
    }
    return GY_OK;
}

/* Filters that this HDF5 does not have are plugins, which are found by an environment variable. */
static gy_status check_filters(const gy_h5_data *d, hid_t creation)
{
    gy_h5 *f = d->f;
    int64_t n = H5(f, H5Pget_nfilters(creation));
    for (int64_t i = 0; i < n; i++) {
        char name[64] = "";
        unsigned flags, values[1];
        size_t n_values = 0;
        int64_t id = H5(f, H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, values,
                                          sizeof name, name, NULL));
        if (id < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
        GY_REQUIRE(H5(f, H5Zfilter_avail((H5Z_filter_t)id)) > 0, f->status,
                   "cannot read the data set" GY_AT "%s:%s" GY_WHY
                   "it is packed by the filter %lld%s%s, which is not here" GY_HINT
                   "set HDF5_PLUGIN_PATH to its plugin, or unpack the file with h5repack -f NONE",
                   f->path, d->name, (long long)id, name[0] != '\0' ? ", " : "", name);
    }
    return GY_OK;
}

/* Where the numbers lie, and whether they can be unpacked. */
static gy_status read_place(gy_h5_data *d)
{
    gy_h5 *f = d->f;
    hid_t creation = (hid_t)H5(f, H5Dget_create_plist(d->id));
    if (creation < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    int64_t layout = H5(f, H5Pget_layout(creation));
    int64_t external = H5(f, H5Pget_external_count(creation));
    gy_status status = check_filters(d, creation);
    if (status == GY_OK && layout == H5D_CHUNKED) status = gy_h5_chunk_find(d, creation);
    if (status == GY_OK && layout == H5D_CHUNKED)
        status = gy_h5_packed_find(d, creation, memory_type(d->type));
    (void)H5(f, H5Pclose(creation));
    GY_TRY(status);
    if (layout < 0 || external < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    d->is_elsewhere = external > 0;
    if (layout == H5D_CONTIGUOUS && external == 0) return gy_h5_plain_find(d, memory_type(d->type));
    return layout == H5D_VIRTUAL ? gy_h5_map_create(d) : GY_OK;
}

static gy_status new_data(gy_h5 *f, const char *name, gy_h5_data **out)
{
    gy_h5_data *d;
    size_t bytes = strlen(name) + 1; /* the name lies behind the struct */
    GY_TRY(gy_alloc(f->ctx, sizeof *d + bytes, (void **)&d));
    d->f = f;
    d->id = -1;
    d->plain_at = -1;
    d->name = (char *)(d + 1);
    memcpy(d + 1, name, bytes);
    *out = d;
    return GY_OK;
}

static gy_status cannot_open(gy_h5 *f, const char *name)
{
    (void)!gy_h5_fail(f, "cannot open the data set", name); /* before HDF5 says another thing */
    gy_error first = *gy_error_last();
    GY_REQUIRE(f->disk.failed != 0 || gy_h5_exists(f, name), f->status,
               "no such data set" GY_AT "%s:%s", f->path, name);
    return gy_error_restore(&first);
}

/* HDF5 keeps no chunks: who reads some again and again does, and others read just what they want. */
static hid_t open_data(gy_h5 *f, const char *name)
{
    hid_t access = (hid_t)H5(f, H5Pcreate(H5P_DATASET_ACCESS)), id = -1;
    if (access >= 0 && H5(f, H5Pset_chunk_cache(access, 0, 0, 0.0)) >= 0)
        id = (hid_t)H5(f, H5Dopen2(f->id, name, access));
    if (access >= 0) (void)H5(f, H5Pclose(access));
    return id;
}

gy_status gy_h5_data_open(gy_h5 *f, const char *name, gy_h5_data **out)
{
    gy_status status;
    gy_h5_data *d;
    GY_TRY(new_data(f, name, &d));
    d->id = open_data(f, name);
    GY_TRY_GOTO(fail, d->id < 0 ? cannot_open(f, name) : GY_OK);
    GY_TRY_GOTO(fail, read_type(d));
    GY_TRY_GOTO(fail, read_shape(d));
    GY_TRY_GOTO(fail, read_place(d));
    *out = d;
    return GY_OK;
fail:
    gy_h5_data_close(d);
    return status;
}

void gy_h5_data_close(gy_h5_data *d)
{
    if (d == NULL) return;
    gy_h5_map_free(d->map);
    gy_h5_packed_free(d->packed);
    if (d->id >= 0) (void)H5(d->f, H5Dclose(d->id));
    gy_free(d->f->ctx, d);
}

gy_h5_type gy_h5_data_type(const gy_h5_data *d)
{
    return d->type;
}

bool gy_h5_data_is_integer(const gy_h5_data *d)
{
    return d->is_integer;
}

const gy_shape *gy_h5_data_shape(const gy_h5_data *d)
{
    return &d->shape;
}

static gy_h5_part whole_rows(const gy_h5_data *d, int64_t first, int64_t n)
{
    return (gy_h5_part){first, n, 0, d->shape.n > 1 ? d->shape.d[1] : 1};
}

static gy_status check_part(const gy_h5_data *d, const gy_h5_part *p)
{
    const gy_h5 *f = d->f;
    const gy_shape *s = &d->shape;
    int64_t rows = s->n == 0 ? 1 : s->d[0], entries = s->n > 1 ? s->d[1] : 1;
    GY_REQUIRE(p->first >= 0 && p->n >= 0 && p->first <= rows && p->n <= rows - p->first, f->status,
               "no such rows" GY_AT "%s:%s" GY_WHY "rows %lld to %lld of %lld are asked for",
               f->path, d->name, (long long)p->first, (long long)(p->first + p->n),
               (long long)rows);
    GY_REQUIRE(
        p->from >= 0 && p->count >= 0 && p->from <= entries && p->count <= entries - p->from,
        f->status, "no such rows" GY_AT "%s:%s" GY_WHY "entries %lld to %lld of %lld are asked for",
        f->path, d->name, (long long)p->from, (long long)(p->from + p->count), (long long)entries);
    return GY_OK;
}

/* The dataspaces of a part. */
static gy_status select_part(gy_h5_data *d, const gy_h5_part *p, hid_t *memory, hid_t *file)
{
    gy_h5 *f = d->f;
    const gy_shape *s = &d->shape;
    hsize_t start[GY_DIMS] = {(hsize_t)p->first, (hsize_t)p->from};
    hsize_t count[GY_DIMS] = {(hsize_t)p->n, (hsize_t)p->count};
    for (int i = 2; i < s->n; i++) count[i] = (hsize_t)s->d[i];
    *memory = (hid_t)H5(f, H5Screate_simple(s->n, count, NULL));
    *file = (hid_t)H5(f, H5Dget_space(d->id));
    bool good = *memory >= 0 && *file >= 0;
    if (good && s->n > 0)
        good = H5(f, H5Sselect_hyperslab(*file, H5S_SELECT_SET, start, NULL, count, NULL)) >= 0;
    return good ? GY_OK : gy_h5_fail(f, "cannot select rows", d->name);
}

gy_status gy_h5_data_take(gy_h5_data *d, hid_t type, hid_t memory, hid_t file, void *out)
{
    gy_h5 *f = d->f;
    GY_REQUIRE(!d->is_elsewhere, f->status,
               "cannot read the data set" GY_AT "%s:%s" GY_WHY
               "its numbers lie in another file as they are" GY_HINT
               "copy them into this one, e.g. by h5py: new[name] = old[name][...]",
               f->path, d->name);
    if (d->map != NULL) return gy_h5_map_take(d->map, type, memory, file, out);
    GY_H5(f, H5Dread(d->id, type, memory, file, H5P_DEFAULT, out), "cannot read the data set",
          d->name);
    return GY_OK;
}

static gy_status put(gy_h5_data *d, hid_t type, hid_t memory, hid_t file, const void *values)
{
    gy_h5 *f = d->f;
    if (H5(f, H5Dwrite(d->id, type, memory, file, H5P_DEFAULT, values)) < 0 || f->disk.failed != 0)
        return gy_h5_fail(f, "cannot write the data set", d->name);
    return GY_OK;
}

static gy_status transfer(gy_h5_data *d, const gy_h5_part *p, gy_h5_type type, void *to,
                          const void *from)
{
    gy_h5 *f = d->f;
    hid_t memory = -1, file = -1, kind = memory_type(type);
    gy_status status = select_part(d, p, &memory, &file);
    if (status == GY_OK && p->n > 0 && p->count > 0)
        status = to != NULL ? gy_h5_data_take(d, kind, memory, file, to)
                            : put(d, kind, memory, file, from);
    if (memory >= 0) (void)H5(f, H5Sclose(memory));
    if (file >= 0) (void)H5(f, H5Sclose(file));
    return status;
}

static gy_status read_part(gy_h5_data *d, const gy_h5_part *p, gy_h5_type type, void *out)
{
    GY_TRY(check_part(d, p));
    bool done = false;
    if (type == d->type && gy_h5_plain_has(d, p)) return gy_h5_plain_read(d, p, out);
    if (type == d->type && gy_h5_packed_has(d, p)) GY_TRY(gy_h5_packed_read(d, p, out, &done));
    return done ? GY_OK : transfer(d, p, type, out, NULL);
}

gy_status gy_h5_data_read(gy_h5_data *d, int64_t first, int64_t n, gy_h5_type type, void *out)
{
    const gy_h5_part p = whole_rows(d, first, n);
    return read_part(d, &p, type, out);
}

gy_status gy_h5_data_read_box(gy_h5_data *d, int64_t first, int64_t n, int64_t from, int64_t count,
                              gy_h5_type type, void *out)
{
    const gy_h5_part p = {first, n, from, count};
    return read_part(d, &p, type, out);
}

gy_status gy_h5_data_read_floats(gy_h5_data *d, float *out)
{
    enum { PIECE = 1 << 20 };
    const gy_shape *s = &d->shape;
    int64_t count = gy_shape_count(s), rows = s->n == 0 ? 1 : s->d[0], n;
    if (count == 0) return GY_OK;
    int64_t row = count / rows, most = gy_most(PIECE / row, 1);
    for (int64_t at = 0; at < rows; at += n) {
        n = gy_least(most, rows - at);
        GY_TRY(gy_h5_data_read(d, at, n, GY_H5_FLOAT32, out + at * row));
    }
    return GY_OK;
}

gy_status gy_h5_data_write(gy_h5_data *d, int64_t first, int64_t n, gy_h5_type type,
                           const void *values)
{
    const gy_h5_part p = whole_rows(d, first, n);
    GY_TRY(check_part(d, &p));
    return transfer(d, &p, type, NULL, values);
}

/* Chunks, compression; no fill, every number is written. */
static bool describe(gy_h5 *f, hid_t creation, const gy_shape *shape, int64_t chunk_rows,
                     int deflate)
{
    hsize_t chunk[GY_DIMS] = {0};
    if (H5(f, H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER)) < 0) return false;
    if (chunk_rows <= 0 || shape->n == 0) return true;
    for (int i = 0; i < shape->n; i++) chunk[i] = (hsize_t)shape->d[i];
    if (chunk_rows < shape->d[0]) chunk[0] = (hsize_t)chunk_rows;
    return H5(f, H5Pset_chunk(creation, shape->n, chunk)) >= 0 &&
           (deflate <= 0 || (H5(f, H5Pset_shuffle(creation)) >= 0 &&
                             H5(f, H5Pset_deflate(creation, (unsigned)deflate)) >= 0));
}

static gy_status create(gy_h5_data *d, int64_t chunk_rows, int deflate)
{
    gy_h5 *f = d->f;
    const gy_shape *s = &d->shape;
    hsize_t lengths[GY_DIMS] = {0};
    for (int i = 0; i < s->n; i++) lengths[i] = (hsize_t)s->d[i];
    hid_t space = (hid_t)H5(f, H5Screate_simple(s->n, lengths, NULL));
    hid_t creation = (hid_t)H5(f, H5Pcreate(H5P_DATASET_CREATE));
    hid_t links = (hid_t)H5(f, H5Pcreate(H5P_LINK_CREATE));
    bool good = space >= 0 && creation >= 0 && links >= 0 &&
                H5(f, H5Pset_create_intermediate_group(links, 1)) >= 0 &&
                describe(f, creation, s, chunk_rows, deflate);
    if (good)
        d->id = (hid_t)H5(
            f, H5Dcreate2(f->id, d->name, file_type(d->type), space, links, creation, H5P_DEFAULT));
    gy_status status = d->id < 0 ? gy_h5_fail(f, "cannot make the data set", d->name) : GY_OK;
    if (links >= 0) (void)H5(f, H5Pclose(links));
    if (creation >= 0) (void)H5(f, H5Pclose(creation));
    if (space >= 0) (void)H5(f, H5Sclose(space));
    return status;
}

gy_status gy_h5_data_create(gy_h5 *f, const char *name, gy_h5_type type, const gy_shape *shape,
                            int64_t chunk_rows, int deflate, gy_h5_data **out)
{
    gy_h5_data *d;
    GY_TRY(new_data(f, name, &d));
    d->type = type;
    d->is_integer = type != GY_H5_FLOAT32 && type != GY_H5_FLOAT64;
    d->shape = *shape;
    gy_status status = create(d, chunk_rows, deflate);
    if (status == GY_OK)
        *out = d;
    else
        gy_h5_data_close(d);
    return status;
}
