/*
 * The thread that writes a checkpoint.
 *
 *     shards     shard.c: all of them on rank 0, or each rank its own
 *     receipts   where each rank wrote its own, rank 0 waits for the word of all
 *     finish     on rank 0: index.h5, commit.c
 *
 * It calls no MPI, and tells nobody: how it ended stands in the writer for the main thread.
 */
#include "checkpoint_impl.h"

#include "store/file.h"

/* Waits until all ranks are ready. */
static bool is_let_go(gy_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->let_go && !w->given_up) pthread_cond_wait(&w->changed, &w->lock);
    bool go = !w->given_up;
    pthread_mutex_unlock(&w->lock);
    return go;
}

static gy_status write_shards(gy_writer *w)
{
    gy_status status = GY_OK;
    for (int i = 0; i < w->n_shards; i++) {
        if (gy_stage_writer(w, i) != w->rank) continue;
        gy_error first = *gy_error_last();
        gy_status one = gy_shard_write(w, i, status);
        if (status == GY_OK)
            status = one;
        else
            (void)gy_error_restore(&first);
    }
    return status;
}

/* A file system that is not shared would be noticed only when the checkpoint is needed. */
static gy_status look_for_shards(gy_writer *w)
{
    for (int i = 0; i < w->n_shards; i++) {
        const char *path;
        GY_TRY(gy_pool_format(&w->pool, &path, "%s/%s", w->commit.made, w->shards[i].file));
        gy_lies there;
        GY_TRY(gy_path_kind(path, &there));
        GY_REQUIRE(there == GY_IS_FILE, GY_E_IO,
                   "a shard is missing" GY_AT "%s" GY_WHY
                   "rank %d wrote it, and rank 0 does not see it" GY_HINT
                   "use checkpoint.writer: rank0, or a run directory that all hosts share",
                   path, i);
    }
    return GY_OK;
}

/* Rank 0, once all shards are there. */
static gy_status finish(gy_writer *w)
{
    if (w->all) GY_TRY(look_for_shards(w));
    GY_TRY(gy_index_write(w));
    return gy_commit_finish(w);
}

static gy_status write_all(gy_writer *w)
{
    gy_status status = write_shards(w);
    if (w->rank != 0) return status;
    if (w->all && !gy_carrier_await_receipts(w)) return GY_E_COMM;
    if (status == GY_OK && w->error.status != GY_OK) status = gy_error_restore(&w->error);
    return status == GY_OK ? finish(w) : status;
}

void *gy_write(void *user)
{
    gy_writer *w = user;
    gy_status status = is_let_go(w) ? write_all(w) : GY_OK;
    pthread_mutex_lock(&w->lock);
    if (status != GY_OK) w->error = *gy_error_last();
    w->error.status = status;
    w->written = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
