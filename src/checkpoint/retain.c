/*
 * Which checkpoints stay: the newest `keep` up to the one just written, and those that `latest` and
 * `best` point to. Steps beyond it are of another history (the run went on from before them), or
 * damaged: they are left alone.
 */
#include "checkpoint_impl.h"

#include "store/file.h"

#include <string.h>

gy_status gy_step_remove(gy_context *ctx, const char *dir, int64_t step)
{
    const char *path, *gone;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_step_path(&pool, dir, step, &path);
    if (status == GY_OK)
        status = gy_pool_format(&pool, &gone, "%s/.tmp-gone-%s", dir, strrchr(path, '/') + 1);
    if (status == GY_OK) status = gy_path_remove(ctx, gone);
    if (status == GY_OK) status = gy_path_rename(ctx, path, gone);
    if (status == GY_OK) status = gy_path_remove(ctx, gone);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_retain(const gy_commit *c, int64_t keep, int64_t step)
{
    const char *dir = c->dir;
    int64_t *steps, kept = 0, best = gy_link_step(dir, "best"),
                    latest = gy_link_step(dir, "latest");
    int n = 0;
    gy_pool pool;
    gy_pool_init(&pool, c->ctx);
    gy_status status = gy_path_remove(c->ctx, c->old);
    if (status == GY_OK) status = gy_steps_list(&pool, dir, &steps, &n);
    for (int i = 0; i < n && status == GY_OK; i++) { /* the newest first */
        if (steps[i] > step || kept++ < keep || steps[i] == best || steps[i] == latest) continue;
        status = gy_step_remove(c->ctx, dir, steps[i]);
    }
    gy_pool_clear(&pool);
    return status;
}
