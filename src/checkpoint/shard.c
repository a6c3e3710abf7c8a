/*
 * Shards: slice i of every flat vector, each a 1-D data set with its place and checksum.
 *
 *     pieces of the slice ──▶ hash ──▶ shard-00001.h5
 *
 * Pieces are this rank's own, or come from others (carry.c). Where it cannot be written any more they
 * are still taken, then the failure is passed on.
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* Writes a piece of vector k unless something failed before. @param at  within the slice */
static gy_status keep(gy_writer *w, int k, const gy_slice *s, gy_h5_data *d, const float *x,
                      int64_t at, int64_t n)
{
    gy_hasher_add(w->hasher, x, (size_t)n * sizeof *x);
    gy_smalls_take(w, k, x, s->offset + at, n);
    return gy_h5_data_write(d, at, n, GY_H5_FLOAT32, x);
}

static bool is_given_up(gy_writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool given_up = w->given_up;
    pthread_mutex_unlock(&w->lock);
    return given_up;
}

/* All pieces of slice k of shard i. @param d  NULL where it failed before */
static gy_status stream(gy_writer *w, int i, int k, gy_h5_data *d)
{
    gy_status status = GY_OK;
    const gy_slice *s = &w->shards[i].v[k];
    gy_piece p;
    for (int64_t at = s->offset; at < s->offset + s->count; at += p.n) {
        p = gy_piece_at(w, i, k, at);
        bool own = p.owner == w->rank;
        const float *x = own ? p.x : gy_carrier_take(w);
        if (x == NULL || is_given_up(w))
            return gy_raise(GY_E_COMM, "the checkpoint was given up" GY_AT "%s", w->commit.made);
        if (d != NULL && status == GY_OK) status = keep(w, k, s, d, x, at - s->offset, p.n);
        if (!own) gy_carrier_put_back(w);
    }
    return status;
}

static gy_status describe(gy_h5 *f, const char *data, const gy_slice *s)
{
    GY_TRY(gy_h5_write_int(f, data, "offset", s->offset));
    GY_TRY(gy_h5_write_int(f, data, "count", s->count));
    return gy_h5_write_uint64(f, data, "checksum", s->checksum);
}

/* Slice k of shard i. @param f  NULL where it failed before */
static gy_status write_slice(gy_writer *w, int i, int k, gy_h5 *f)
{
    gy_h5_data *d = NULL;
    gy_status status = GY_OK;
    const char *data = w->vectors[k].data;
    gy_slice *s = &w->shards[i].v[k];
    if (f != NULL) {
        gy_hasher_reset(w->hasher);
        status = gy_h5_data_create(f, data, GY_H5_FLOAT32, &(gy_shape){1, {s->count}}, 0, 0, &d);
    }
    gy_error before = *gy_error_last();
    gy_status streamed = stream(w, i, k, d);
    gy_h5_data_close(d);
    if (status != GY_OK) return gy_error_restore(&before);
    if (f == NULL || streamed != GY_OK) return streamed;
    s->checksum = gy_hasher_value(w->hasher);
    return describe(f, data, s);
}

gy_status gy_shard_write(gy_writer *w, int i, gy_status before)
{
    gy_h5 *f = NULL;
    gy_status status = before;
    const char *path;
    if (status == GY_OK)
        status = gy_pool_format(&w->pool, &path, "%s/%s", w->commit.made, w->shards[i].file);
    if (status == GY_OK) status = gy_h5_create_sealed(w->ctx, path, &f);
    gy_error first = *gy_error_last();
    for (int k = 0; k < w->n_vectors; k++) {
        gy_status one = write_slice(w, i, k, status == GY_OK ? f : NULL);
        if (status == GY_OK && one != GY_OK) first = *gy_error_last();
        if (status == GY_OK) status = one;
    }
    gy_status closed = gy_h5_close(f);
    return status == GY_OK ? closed : gy_error_restore(&first);
}

static gy_status damaged(const char *path, const char *data, const char *why)
{
    return gy_raise(GY_E_IO, "the checkpoint is damaged" GY_AT "%s:%s" GY_WHY "%s", path, data,
                    why);
}

static gy_status read_slice(gy_h5 *f, const char *path, const char *data, const gy_slice *s,
                            gy_hasher *hasher, float *piece, gy_take *take, void *user)
{
    gy_h5_data *d;
    uint64_t checksum = 0;
    int64_t offset = -1, n;
    GY_TRY(gy_h5_read_uint64(f, data, "checksum", &checksum));
    GY_TRY(gy_h5_read_int(f, data, "offset", &offset));
    GY_TRY(gy_h5_data_open(f, data, &d));
    const gy_shape *shape = gy_h5_data_shape(d);
    gy_status status = GY_OK;
    if (checksum != s->checksum || offset != s->offset || shape->n != 1 ||
        shape->d[0] != s->count || gy_h5_data_type(d) != GY_H5_FLOAT32)
        status = damaged(path, data, "it is not the shard that index.h5 describes");
    for (int64_t at = 0; piece != NULL && at < s->count && status == GY_OK; at += n) {
        n = s->count - at < GY_PIECE_FLOATS ? s->count - at : GY_PIECE_FLOATS;
        status = gy_h5_data_read(d, at, n, GY_H5_FLOAT32, piece);
        if (status != GY_OK) break;
        gy_hasher_add(hasher, piece, (size_t)n * sizeof *piece);
        if (take != NULL) take(user, piece, s->offset + at, n);
    }
    gy_h5_data_close(d);
    if (status == GY_OK && piece != NULL && gy_hasher_value(hasher) != s->checksum)
        status = damaged(path, data, "its numbers do not have the checksum they were written with");
    return status;
}

gy_status gy_shard_read(gy_context *ctx, const gy_index *index, int i, int k, float *piece,
                        gy_take *take, void *user)
{
    gy_status status;
    gy_h5 *f = NULL;
    gy_hasher *hasher = NULL;
    gy_pool pool;
    const char *path, *data = "/values";
    const gy_shard *shard = &index->shards[i];
    gy_pool_init(&pool, ctx);
    GY_TRY_GOTO(end, gy_pool_format(&pool, &path, "%s/%s", index->dir, shard->file));
    if (k > 0) GY_TRY_GOTO(end, gy_pool_format(&pool, &data, "/optimizer/%s", index->slots[k - 1]));
    GY_TRY_GOTO(end, gy_hasher_create(ctx, &hasher));
    GY_TRY_GOTO(end, gy_h5_open(ctx, path, GY_E_IO, &f));
    status = read_slice(f, path, data, &shard->v[k], hasher, piece, take, user);
end:
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    gy_hasher_free(hasher);
    gy_pool_clear(&pool);
    return status;
}
