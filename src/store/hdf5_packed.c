/*
 * Packed chunks, taken as they lie in the file and unpacked here, where that is by deflate, with or without
 * HDF5's shuffle: its own filter finds by trying how long the numbers become, with a copy at each try, while
 * all other threads wait for HDF5.
 */
#include "hdf5_impl.h"

#include "base/count.h"
#include "zlib_impl.h"

struct gy_h5_packed {
    gy_context *ctx;
    int64_t rows, bytes; /* of a chunk, unpacked */
    int64_t width;       /* bytes of a number, whose bytes lie apart; 1: they do not */
    int64_t room;        /* bytes of `raw`: what is packed is hardly ever longer */
    unsigned char *raw, *apart;
};

/* Deflate alone, or behind shuffle. @return the width to shuffle by; 0: other filters */
static int64_t filters_of(gy_h5 *f, hid_t creation, int64_t width)
{
    const int64_t n = H5(f, H5Pget_nfilters(creation));
    int64_t ids[2] = {0};
    for (int64_t i = 0; i < n && n <= 2; i++) {
        unsigned flags, values[1];
        size_t n_values = 0;
        ids[i] =
            H5(f, H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, values, 0, NULL, NULL));
    }
    if (n == 1 && ids[0] == H5Z_FILTER_DEFLATE) return 1;
    return n == 2 && ids[0] == H5Z_FILTER_SHUFFLE && ids[1] == H5Z_FILTER_DEFLATE ? width : 0;
}

/* Whether a chunk is whole rows. */
static bool spans_rows(gy_h5_data *d, hid_t creation)
{
    hsize_t lengths[GY_DIMS] = {0};
    bool whole = d->shape.n > 0 && H5(d->f, H5Pget_chunk(creation, GY_DIMS, lengths)) >= 0 &&
                 lengths[0] <= (hsize_t)d->shape.d[0];
    for (int i = 1; i < d->shape.n; i++) whole = whole && lengths[i] == (hsize_t)d->shape.d[i];
    return whole;
}

gy_status gy_h5_packed_find(gy_h5_data *d, hid_t creation, hid_t type)
{
    enum { MOST = 1 << 26 };
    gy_h5 *f = d->f;
    gy_h5_packed *p;
    const int64_t width = type < 0 ? 0 : (int64_t)H5(f, H5Tget_size(type));
    const int64_t shuffled = width > 0 ? filters_of(f, creation, width) : 0;
    if (shuffled <= 0 || f->written || !spans_rows(d, creation)) return GY_OK;
    const int64_t row = gy_shape_count(&d->shape) / gy_most(d->shape.d[0], 1) * width;
    hid_t stored = (hid_t)H5(f, H5Dget_type(d->id));
    const bool same = stored >= 0 && H5(f, H5Tequal(stored, type)) > 0;
    if (stored >= 0) (void)H5(f, H5Tclose(stored));
    if (!same || row == 0 || d->chunk.d[0] > MOST / row) return GY_OK;
    GY_TRY(gy_new(f->ctx, &p));
    *p = (gy_h5_packed){
        .ctx = f->ctx, .rows = d->chunk.d[0], .bytes = d->chunk.d[0] * row, .width = shuffled};
    d->packed = p;
    p->room = (int64_t)compressBound((uLong)p->bytes);
    if (p->width > 1) GY_TRY(gy_alloc(f->ctx, (size_t)p->bytes, (void **)&p->apart));
    return gy_alloc(f->ctx, (size_t)p->room, (void **)&p->raw);
}

void gy_h5_packed_free(gy_h5_packed *p)
{
    if (p == NULL) return;
    gy_free(p->ctx, p->raw);
    gy_free(p->ctx, p->apart);
    gy_free(p->ctx, p);
}

bool gy_h5_packed_has(const gy_h5_data *d, const gy_h5_part *part)
{
    const gy_h5_packed *p = d->packed;
    return p != NULL && part->n == p->rows && part->first % p->rows == 0 &&
           part->count == (d->shape.n > 1 ? d->shape.d[1] : 1);
}

/* The first bytes of all numbers, then their second ones, …, to numbers. */
static void join(const gy_h5_packed *p, const unsigned char *apart, unsigned char *out)
{
    const int64_t n = p->bytes / p->width;
    if (p->width == 4) {
        const unsigned char *b1 = apart + n, *b2 = b1 + n, *b3 = b2 + n;
        for (int64_t i = 0; i < n; i++) {
            out[4 * i] = apart[i];
            out[4 * i + 1] = b1[i];
            out[4 * i + 2] = b2[i];
            out[4 * i + 3] = b3[i];
        }
        return;
    }
    for (int64_t b = 0; b < p->width; b++)
        for (int64_t i = 0; i < n; i++) out[i * p->width + b] = apart[b * n + i];
}

/* The bytes of a chunk as they lie in the file, into p->raw. @param n  out; 0: it is not packed like the others */
static gy_status take(gy_h5_data *d, int64_t first, int64_t *n)
{
    gy_h5 *f = d->f;
    hsize_t at[GY_DIMS] = {(hsize_t)first}, bytes = 0;
    uint32_t skipped = 0;
    *n = 0;
    if (H5(f, H5Dget_chunk_storage_size(d->id, at, &bytes)) < 0 || bytes == 0) return GY_OK;
    if (bytes > (hsize_t)d->packed->room) return GY_OK;
    GY_H5(f, H5Dread_chunk(d->id, H5P_DEFAULT, at, &skipped, d->packed->raw),
          "cannot read the data set", d->name);
    if (skipped == 0) *n = (int64_t)bytes;
    return GY_OK;
}

gy_status gy_h5_packed_read(gy_h5_data *d, const gy_h5_part *part, void *out, bool *done)
{
    gy_h5_packed *p = d->packed;
    int64_t n;
    *done = false;
    GY_TRY(take(d, part->first, &n));
    if (n == 0) return GY_OK;
    uLongf length = (uLongf)p->bytes;
    unsigned char *to = p->width > 1 ? p->apart : out;
    const bool whole =
        uncompress(to, &length, p->raw, (uLong)n) == Z_OK && length == (uLongf)p->bytes;
    GY_REQUIRE(whole, d->f->status,
               "cannot read the data set" GY_AT "%s:%s" GY_WHY
               "the chunk of row %lld cannot be unpacked: it is damaged",
               d->f->path, d->name, (long long)part->first);
    if (p->width > 1) join(p, p->apart, out);
    *done = true;
    return GY_OK;
}
