/* A new run where an older one lies: what that one wrote is kept together, below old.N. */
#include "train_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <string.h>

/* The checkpoints last: once they are gone, so is the older run. */
static const char *const parts[] = {"observed", "metrics.jsonl", "config.yaml", "checkpoints"};
enum { PARTS = sizeof parts / sizeof *parts };

/* Whether there is anything of a run: a directory of checkpoints that is empty is nothing. */
static gy_status is_a_run(const gy_run *run, gy_pool *pool, bool *out)
{
    const char *path, *const *names;
    gy_lies there;
    int n = 0;
    GY_TRY(gy_pool_format(pool, &path, "%s/checkpoints", run->config->run_dir));
    GY_TRY(gy_path_kind(path, &there));
    if (there == GY_IS_DIRECTORY) GY_TRY(gy_directory_list(pool, path, &names, &n));
    *out = n > 0;
    if (*out || run->options->resume == NULL || strcmp(run->options->resume, "none") != 0)
        return GY_OK;
    GY_TRY(gy_pool_format(pool, &path, "%s/metrics.jsonl", run->config->run_dir));
    GY_TRY(gy_path_kind(path, &there));
    *out = there != GY_IS_NONE;
    return GY_OK;
}

/* The first name that is free. */
static gy_status find_place(const gy_run *run, gy_pool *pool, const char **out)
{
    gy_lies there = GY_IS_OTHER;
    for (int i = 1; there != GY_IS_NONE; i++) {
        GY_TRY(gy_pool_format(pool, out, "%s/old.%d", run->config->run_dir, i));
        GY_TRY(gy_path_kind(*out, &there));
    }
    return GY_OK;
}

static gy_status move(const gy_run *run, gy_pool *pool)
{
    const char *from, *old, *to;
    bool is = false;
    GY_TRY(is_a_run(run, pool, &is));
    if (!is) return GY_OK;
    GY_TRY(find_place(run, pool, &old));
    GY_TRY(gy_directory_make_new(old));
    GY_TRY(gy_path_sync_above(run->ctx, old));
    for (int i = 0; i < PARTS; i++) {
        gy_lies there;
        GY_TRY(gy_pool_format(pool, &from, "%s/%s", run->config->run_dir, parts[i]));
        GY_TRY(gy_pool_format(pool, &to, "%s/%s", old, parts[i]));
        GY_TRY(gy_path_kind(from, &there));
        if (there != GY_IS_NONE) GY_TRY(gy_path_rename(run->ctx, from, to));
    }
    gy_log(run->ctx, GY_INFO,
           "a new run: what the older one wrote (checkpoints, metrics, configuration) is now in %s",
           old);
    return GY_OK;
}

gy_status gy_run_move_aside(gy_run *run)
{
    gy_status status = GY_OK;
    if (run->rank == 0) {
        gy_pool pool;
        gy_pool_init(&pool, run->ctx);
        status = move(run, &pool);
        gy_pool_clear(&pool);
    }
    return gy_comm_agree(run->comm, status);
}
