/*
 * Shards: slice i of every flat vector, each a 1-D data set with its place and checksum.
 *
 *     rank 2 ──piece──▶ rank 0 ──▶ hash ──▶ shard-00001.h5
 *
 * Rank 0 asks nobody: every rank walks the same places in the same order, and whoever holds a place
 * sends the next piece of it. So no more than one piece is in flight. Where rank 0 cannot write any
 * more it still takes the pieces of this shard, then all agree on the failure.
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* The last that begins at or before a place. */
static const gy_held *held_at(const gy_vector *v, int64_t at)
{
    int low = 0, high = v->n_held;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (v->held[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return &v->held[low];
}

/* Writes a piece unless something failed before. */
static gy_status keep(gy_writer *w, gy_h5_data *d, const float *x, int64_t at, int64_t n)
{
    gy_hasher_add(w->hasher, x, (size_t)n * sizeof *x);
    return gy_h5_data_write(d, at, n, GY_H5_FLOAT32, x);
}

/* Moves a slice to rank 0. @param d  rank 0: NULL where it failed before */
static gy_status stream(gy_writer *w, const gy_vector *v, const gy_slice *s, gy_h5_data *d)
{
    gy_status status = GY_OK;
    int64_t end = s->offset + s->count, n;
    for (int64_t at = s->offset; at < end; at += n) {
        const gy_held *held = held_at(v, at);
        int owner = held->rank;
        int64_t stop = held->to < end ? held->to : end;
        n = stop - at < GY_PIECE ? stop - at : GY_PIECE;
        const float *mine = w->rank == owner ? v->mine + held->at + (at - held->from) : w->piece;
        int64_t bytes = n * (int64_t)sizeof *mine;
        if (w->rank == owner && owner != 0) GY_TRY(gy_comm_send(w->comm, mine, bytes, 0));
        if (w->rank != 0) continue;
        if (owner != 0) GY_TRY(gy_comm_receive(w->comm, w->piece, bytes, owner));
        if (d != NULL && status == GY_OK) status = keep(w, d, mine, at - s->offset, n);
    }
    return status;
}

static gy_status describe(gy_h5 *f, const char *data, const gy_slice *s)
{
    GY_TRY(gy_h5_write_int(f, data, "offset", s->offset));
    GY_TRY(gy_h5_write_int(f, data, "count", s->count));
    return gy_h5_write_uint64(f, data, "checksum", s->checksum);
}

/* One vector's slice. @param f  rank 0: NULL where it failed before */
static gy_status write_slice(gy_writer *w, const gy_vector *v, gy_slice *s, gy_h5 *f)
{
    gy_h5_data *d = NULL;
    gy_status status = GY_OK;
    if (f != NULL) {
        gy_hasher_reset(w->hasher);
        status = gy_h5_data_create(f, v->data, GY_H5_FLOAT32, &(gy_shape){1, {s->count}}, 0, 0, &d);
    }
    gy_status streamed = stream(w, v, s, d);
    if (status == GY_OK) status = streamed;
    gy_h5_data_close(d);
    if (f == NULL || status != GY_OK) return status;
    s->checksum = gy_hasher_value(w->hasher);
    return describe(f, v->data, s);
}

gy_status gy_shard_write(gy_writer *w, int i)
{
    gy_h5 *f = NULL;
    gy_status status = GY_OK;
    gy_shard *shard = &w->shards[i];
    if (w->rank == 0) {
        const char *path;
        status = gy_pool_format(&w->pool, &path, "%s/%s", w->dir, shard->file);
        if (status == GY_OK) status = gy_h5_create_sealed(w->ctx, path, &f);
    }
    for (int k = 0; k < w->n_vectors && status != GY_E_COMM; k++) {
        gy_error before = *gy_error_last();
        gy_status one = write_slice(w, &w->vectors[k], &shard->v[k], status == GY_OK ? f : NULL);
        if (status == GY_OK || one == GY_E_COMM)
            status = one;
        else
            (void)gy_error_restore(&before);
    }
    gy_error first = *gy_error_last();
    gy_status closed = gy_h5_close(f);
    if (status == GY_OK)
        status = closed;
    else
        (void)gy_error_restore(&first);
    return gy_comm_agree(w->comm, status);
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
    for (int64_t at = 0; at < s->count && status == GY_OK; at += n) {
        n = s->count - at < GY_PIECE ? s->count - at : GY_PIECE;
        status = gy_h5_data_read(d, at, n, GY_H5_FLOAT32, piece);
        if (status != GY_OK) break;
        gy_hasher_add(hasher, piece, (size_t)n * sizeof *piece);
        if (take != NULL) take(user, piece, s->offset + at, n);
    }
    gy_h5_data_close(d);
    if (status == GY_OK && gy_hasher_value(hasher) != s->checksum)
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
