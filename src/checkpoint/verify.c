/*
 * Verification: every byte of every file by its seal, and every data set by its checksum against
 * what index.h5 says of it.
 */
#include "checkpoint_impl.h"

#include "base/door.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

void gy_checkpoint_own_process(void)
{
    gy_h5_own_process();
}

const char *gy_checkpoint_library(void)
{
    return gy_h5_library();
}

static gy_status verify_buffers(gy_context *ctx, const gy_index *index, gy_pool *pool)
{
    const char *path, *name;
    gy_h5 *f;
    gy_status status = GY_OK;
    GY_TRY(gy_pool_format(pool, &path, "%s/index.h5", index->dir));
    GY_TRY(gy_h5_open(ctx, path, GY_E_IO, &f));
    for (int i = 0; i < index->buffers.n && status == GY_OK; i++) {
        float *x = NULL;
        status = gy_pool_format(pool, &name, "/buffers/%s", index->buffers.v[i].name);
        if (status == GY_OK) status = gy_new_array(ctx, index->buffers.v[i].count, &x);
        if (status == GY_OK) status = gy_tensor_read(ctx, f, name, path, GY_E_IO, x);
        gy_free(ctx, x);
    }
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    return status;
}

static gy_status verify_files(gy_context *ctx, gy_pool *pool, const char *dir, bool numbers,
                              float *piece, gy_verify_result *out)
{
    uint64_t seal;
    bool there;
    gy_index index;
    const char *path;
    int64_t bytes;
    GY_TRY(gy_index_read(ctx, dir, pool, true, &index));
    GY_TRY(verify_buffers(ctx, &index, pool));
    GY_TRY(gy_pool_format(pool, &path, "%s/index.h5", dir));
    GY_TRY(gy_file_size(path, &bytes)); /* its seal was checked */
    out->files++;
    out->bytes += bytes;
    for (int i = 0; i < index.n_shards; i++) {
        GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, index.shards[i].file));
        GY_TRY(gy_seal_check(ctx, path, &bytes));
        GY_TRY(gy_seal_read(path, &seal, &there));
        for (int k = 0; k < index.n_vectors; k++)
            GY_TRY(
                gy_shard_read(ctx, &index, i, k, numbers || seal == 0 ? piece : NULL, NULL, NULL));
        out->files++;
        out->bytes += bytes;
    }
    return GY_OK;
}

gy_status gy_verify_one(gy_context *ctx, const char *dir, bool numbers, gy_verify_result *out)
{
    gy_verify_result here = {.checkpoints = 1};
    gy_pool pool;
    float *piece = NULL;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_new_array(ctx, GY_PIECE_FLOATS, &piece);
    if (status == GY_OK) status = verify_files(ctx, &pool, dir, numbers, piece, &here);
    gy_free(ctx, piece);
    gy_pool_clear(&pool);
    out->checkpoints += here.checkpoints;
    out->files += here.files;
    out->bytes += here.bytes;
    return status;
}

/* A verification in progress. */
typedef struct verifier {
    gy_context *ctx;
    void (*report)(void *user, const char *line);
    void *user;
    gy_verify_result *out;
    gy_error first;
} verifier;

/* Verifies one and reports it; damage is kept for the end. */
static gy_status look_at(verifier *v, const char *dir)
{
    gy_verify_result before = *v->out;
    gy_buffer line;
    gy_status status = gy_verify_one(v->ctx, dir, true, v->out);
    if (status != GY_OK && status != GY_E_IO) return status;
    if (status != GY_OK && v->first.status == GY_OK) v->first = *gy_error_last();
    v->out->damaged += status != GY_OK;
    if (v->report == NULL) return GY_OK;
    gy_buffer_init(&line, v->ctx);
    if (status == GY_OK)
        gy_buffer_format(&line, "%s: whole, %lld files, %lld bytes", dir,
                         (long long)(v->out->files - before.files),
                         (long long)(v->out->bytes - before.bytes));
    else
        gy_buffer_format(&line, "%s: damaged: %s", dir, gy_error_last()->text);
    status = line.status;
    if (status == GY_OK) v->report(v->user, gy_buffer_text(&line));
    gy_buffer_clear(&line);
    return status;
}

static gy_status look_at_all(verifier *v, gy_pool *pool, const char *path)
{
    gy_place place;
    const char *dir, *one, *const *names;
    int n, found = 0;
    GY_TRY(gy_place_find(pool, path, &place, &dir));
    GY_REQUIRE(place != GY_PLACE_FILE, GY_E_USAGE,
               "cannot verify" GY_AT "%s" GY_WHY "it is neither a checkpoint nor a run", path);
    if (place == GY_PLACE_CHECKPOINT) return look_at(v, dir);
    GY_TRY(gy_directory_list(pool, dir, &names, &n));
    for (int i = 0; i < n; i++) {
        if (gy_step_number(names[i]) < 0 && gy_best_number(names[i]) < 0) continue;
        GY_TRY(gy_pool_format(pool, &one, "%s/%s", dir, names[i]));
        GY_TRY(look_at(v, one));
        found++;
    }
    GY_REQUIRE(found > 0, GY_E_USAGE, "cannot verify" GY_AT "%s" GY_WHY "it holds no checkpoint",
               path);
    return GY_OK;
}

gy_status gy_checkpoint_verify(gy_context *ctx, const char *path,
                               void (*report)(void *user, const char *line), void *user,
                               gy_verify_result *out)
{
    GY_DOOR;
    verifier v = {.ctx = ctx, .report = report, .user = user, .out = out};
    gy_pool pool;
    *out = (gy_verify_result){0};
    gy_pool_init(&pool, ctx);
    gy_status status = look_at_all(&v, &pool, path);
    gy_pool_clear(&pool);
    if (status != GY_OK) return status;
    return v.first.status == GY_OK ? GY_OK : gy_error_restore(&v.first);
}
