/*
 * How the numbers of a data set lie in the file: in chunks, or plain, as they do in memory, one behind the
 * other. These are read at their place, without HDF5, which takes some ten microseconds for a call.
 */
#include "hdf5_impl.h"

#include "base/count.h"

#include <string.h>
#include <sys/stat.h>

gy_status gy_h5_chunk_find(gy_h5_data *d, hid_t creation)
{
    gy_h5 *f = d->f;
    hsize_t lengths[GY_DIMS] = {0};
    GY_H5(f, H5Pget_chunk(creation, GY_DIMS, lengths), "cannot read the data set", d->name);
    for (int i = 0; i < 2; i++)
        d->chunk.d[i] = i < d->shape.n ? gy_least((int64_t)lengths[i], d->shape.d[i]) : 1;
    d->chunk.packed = H5(f, H5Pget_nfilters(creation)) > 0;
    return GY_OK;
}

gy_status gy_h5_data_chunk(gy_h5_data *d, gy_h5_chunk *out)
{
    if (d->map != NULL) return gy_h5_map_chunk(d->map, out);
    *out = d->chunk;
    return GY_OK;
}

/* Bytes of a number. */
static int64_t width_of(const gy_h5_data *d)
{
    switch (d->type) {
    case GY_H5_UINT8:
    case GY_H5_INT8:
        return 1;
    case GY_H5_INT16:
        return 2;
    case GY_H5_FLOAT32:
    case GY_H5_INT32:
        return 4;
    default:
        return 8;
    }
}

gy_status gy_h5_plain_find(gy_h5_data *d, hid_t type)
{
    gy_h5 *f = d->f;
    struct stat info;
    if (type < 0 || f->written) return GY_OK;
    hid_t stored = (hid_t)H5(f, H5Dget_type(d->id));
    if (stored < 0) return gy_h5_fail(f, "cannot read the data set", d->name);
    const bool same = H5(f, H5Tequal(stored, type)) > 0;
    (void)H5(f, H5Tclose(stored));
    const haddr_t at =
        same ? H5Dget_offset(d->id) : HADDR_UNDEF; /* UNDEF: nothing is written yet */
    if (at == HADDR_UNDEF || fstat(f->disk.fd, &info) != 0) return GY_OK;
    const int64_t bytes = gy_shape_count(&d->shape) * width_of(d), end = (int64_t)info.st_size;
    if ((int64_t)at >= 0 && (int64_t)at <= end && bytes <= end - (int64_t)at)
        d->plain_at = (int64_t)at;
    return GY_OK;
}

bool gy_h5_data_is_plain(const gy_h5_data *d)
{
    return d->plain_at >= 0;
}

bool gy_h5_plain_has(const gy_h5_data *d, const gy_h5_part *part)
{
    const int64_t entries = d->shape.n > 1 ? d->shape.d[1] : 1;
    return d->plain_at >= 0 && (part->n <= 1 || part->count == entries);
}

gy_status gy_h5_plain_read(gy_h5_data *d, const gy_h5_part *part, void *out)
{
    gy_h5 *f = d->f;
    const int64_t entries = d->shape.n > 1 ? d->shape.d[1] : 1;
    int64_t each = width_of(d); /* bytes of an entry */
    for (int i = 2; i < d->shape.n; i++) each *= d->shape.d[i];
    const int64_t at = d->plain_at + (part->first * entries + part->from) * each;
    GY_REQUIRE(gy_h5_disk_read(&f->disk, at, (size_t)(part->n * part->count * each), out),
               f->status, "cannot read the data set" GY_AT "%s:%s" GY_WHY "%s", f->path, d->name,
               strerror(f->disk.failed));
    return GY_OK;
}
