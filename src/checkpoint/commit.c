/*
 * How a checkpoint comes into being: whole or not there.
 *
 * Invariants
 *  1. A directory named step-NNNNNNNNN was whole and on disk before it got that name.
 *  2. No file in a directory of that name is ever written again.
 *  3. A checkpoint of the same step is replaced by renaming, never by writing into it; until the new
 *     one has the name, the old one is whole under its own name or under .tmp-old-….
 *  4. Names that begin with .tmp- belong to nobody after a crash: they are removed at the next start,
 *     but for .tmp-old-step-N where step-N is not there, which gets its name back.
 *  5. `latest` and `best` point to a step-… that has been whole; they are swapped by renaming, after
 *     the checkpoint is committed. Nothing relies on them to find the newest.
 *  6. Only rank 0 does any of this (with writer: all the others write their shards, and rank 0 goes on
 *     once it has all their receipts); all ranks agree on how it ended. It goes on in a thread while
 *     the run trains; no second checkpoint begins before that.
 *
 * States on disk, and the function that moves from one to the next
 *
 *     (nothing)
 *        │  gy_commit_begin: mkdir .tmp-step-N
 *     .tmp-step-N, growing                      gy_commit_abort ──▶ (nothing)
 *        │  gy_shard_write, gy_index_write: each file is flushed as it is closed
 *     .tmp-step-N, whole
 *        │  gy_commit_finish: flush the directory
 *        │     step-N there already: rename it to .tmp-old-step-N        (crash here: 4.)
 *        │     rename .tmp-step-N to step-N, flush `checkpoints`
 *     step-N
 *        │     swap `latest`, swap `best`
 *     step-N, linked
 *        │  gy_retain: remove .tmp-old-step-N; rename step-M to .tmp-gone-step-M, remove that
 *     step-N, linked; older ones gone
 *
 * gy_checkpoint_clean at the start of a process brings whatever a crash left to step-N or (nothing).
 */
#include "checkpoint_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <string.h>

static const char temporary[] = ".tmp-";
static const char old[] = ".tmp-old-";

gy_status gy_commit_name(gy_context *ctx, gy_pool *pool, const char *run_dir, int64_t step,
                         gy_commit *out)
{
    gy_commit c = {.ctx = ctx};
    GY_TRY(gy_pool_format(pool, &c.dir, "%s/checkpoints", run_dir));
    GY_TRY(gy_step_path(pool, c.dir, step, &c.final));
    c.name = strrchr(c.final, '/') + 1;
    GY_TRY(gy_pool_format(pool, &c.made, "%s/%s%s", c.dir, temporary, c.name));
    GY_TRY(gy_pool_format(pool, &c.old, "%s/%s%s", c.dir, old, c.name));
    *out = c;
    return GY_OK;
}

gy_status gy_commit_begin(const gy_commit *c)
{
    GY_TRY(gy_directory_make(c->dir));
    GY_TRY(gy_path_remove(c->ctx, c->made));
    return gy_directory_make(c->made);
}

void gy_commit_abort(const gy_commit *c)
{
    gy_error first = *gy_error_last();
    if (c->made != NULL && gy_path_remove(c->ctx, c->made) != GY_OK)
        gy_log(c->ctx, GY_WARNING, "%s", gy_error_last()->text);
    (void)gy_error_restore(&first);
}

/* Gives the name to what was made. */
static gy_status rename_made(const gy_commit *c)
{
    bool replaced = gy_path_exists(c->final);
    if (replaced) {
        GY_TRY(gy_path_remove(c->ctx, c->old));
        GY_TRY(gy_path_rename(c->ctx, c->final, c->old));
    }
    gy_status status = gy_path_rename(c->ctx, c->made, c->final);
    if (status == GY_OK || !replaced || gy_path_exists(c->final)) return status;
    gy_error first = *gy_error_last();
    if (gy_path_rename(c->ctx, c->old, c->final) != GY_OK) {} /* 4. does it at the next start */
    return gy_error_restore(&first);
}

gy_status gy_commit_finish(const gy_commit *c, bool best)
{
    const char *link;
    gy_pool pool;
    gy_pool_init(&pool, c->ctx);
    gy_status status = gy_path_sync(c->ctx, c->made);
    if (status == GY_OK) status = rename_made(c);
    if (status == GY_OK) status = gy_pool_format(&pool, &link, "%s/latest", c->dir);
    if (status == GY_OK) status = gy_link_swap(c->ctx, c->name, link);
    if (status == GY_OK && best) status = gy_pool_format(&pool, &link, "%s/best", c->dir);
    if (status == GY_OK && best) status = gy_link_swap(c->ctx, c->name, link);
    gy_pool_clear(&pool);
    return status;
}

/* What a crash left under one name. */
static gy_status clean_one(gy_context *ctx, gy_pool *pool, const char *dir, const char *name)
{
    const char *path, *step;
    if (strncmp(name, temporary, strlen(temporary)) != 0) return GY_OK;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, name));
    if (strncmp(name, old, strlen(old)) == 0 && gy_step_number(name + strlen(old)) >= 0) {
        GY_TRY(gy_pool_format(pool, &step, "%s/%s", dir, name + strlen(old)));
        if (!gy_path_exists(step)) return gy_path_rename(ctx, path, step);
    }
    return gy_path_remove(ctx, path);
}

static gy_status clean(gy_context *ctx, const char *run_dir)
{
    const char *dir, *const *names;
    int n = 0;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_pool_format(&pool, &dir, "%s/checkpoints", run_dir);
    if (status == GY_OK && gy_path_is_directory(dir))
        status = gy_directory_list(&pool, dir, &names, &n);
    for (int i = 0; i < n && status == GY_OK; i++) status = clean_one(ctx, &pool, dir, names[i]);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_checkpoint_clean(gy_context *ctx, gy_comm *comm, const char *run_dir)
{
    return gy_comm_agree(comm, gy_comm_rank(comm) == 0 ? clean(ctx, run_dir) : GY_OK);
}
