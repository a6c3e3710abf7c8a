/*
 * The start of a process: what earlier ones left half-written goes, what they had no time for is done,
 * the links are set right. What cannot be done is told, and no reason not to train.
 */
#include "checkpoint_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <string.h>

/* A cleaning in progress. */
typedef struct cleaner {
    gy_context *ctx;
    gy_pool *pool;
    const char *dir;
    bool alone;
    gy_manifest m;
} cleaner;

static void warn(const cleaner *c)
{
    gy_log(c->ctx, GY_WARNING, "%s", gy_error_last()->text);
}

/* Whether HEAD means the directory of a temporary name: the renaming came, HEAD did not. */
static gy_status is_meant(const cleaner *c, const char *temporary, const char *name, bool *out)
{
    const char *path;
    gy_lies there;
    *out = false;
    GY_TRY(gy_pool_format(c->pool, &path, "%s/%s", c->dir, name));
    GY_TRY(gy_path_kind(path, &there));
    const gy_listed *listed = gy_manifest_find(&c->m, name);
    if (there == GY_IS_NONE || listed == NULL) {
        *out = there == GY_IS_NONE;
        return GY_OK;
    }
    gy_listed as = *listed;
    as.name = temporary;
    GY_TRY(gy_listed_is_there(c->pool, c->dir, listed, out));
    if (*out) { /* the one that has the name */
        *out = false;
        return GY_OK;
    }
    return gy_listed_is_there(c->pool, c->dir, &as, out);
}

/* Gives back the name; what has it now is half a replacement. */
static gy_status give_back(const cleaner *c, const char *path, const char *name)
{
    const char *final;
    GY_TRY(gy_pool_format(c->pool, &final, "%s/%s", c->dir, name));
    GY_TRY(gy_tree_remove(final));
    return gy_path_rename(c->ctx, path, final);
}

/* What somebody left under a temporary name. */
static gy_status clean_one(const cleaner *c, const char *name)
{
    static const char prefix[] = ".tmp-", old[] = "old-";
    const char *path, *what = gy_temporary_of(name);
    bool meant = false;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0) return GY_OK;
    if (what == NULL) what = name + sizeof prefix - 1; /* of an earlier version */
    GY_TRY(gy_pool_format(c->pool, &path, "%s/%s", c->dir, name));
    if (!c->alone && !gy_temporary_is_left(path)) return GY_OK;
    if (strncmp(what, old, sizeof old - 1) == 0) {
        what += sizeof old - 1;
        if (gy_step_number(what) >= 0 || gy_best_number(what) >= 0)
            GY_TRY(is_meant(c, name, what, &meant));
    }
    return meant ? give_back(c, path, what) : gy_tree_remove(path);
}

/* The best alone, of a checkpoint that never came to be. */
static gy_status clean_best(const cleaner *c, const char *name)
{
    const char *path;
    bool lost = c->alone && c->m.is_there && gy_best_number(name) >= 0 &&
                gy_manifest_find(&c->m, name) == NULL;
    if (!lost) return GY_OK;
    GY_TRY(gy_pool_format(c->pool, &path, "%s/%s", c->dir, name));
    return gy_tree_remove(path);
}

static gy_status clean_checkpoints(cleaner *c)
{
    const char *const *names, *aside = NULL;
    int n = 0;
    gy_status status = gy_manifest_read(c->pool, c->dir, &c->m);
    if (status == GY_E_DATA)
        warn(c);
    else if (status != GY_OK)
        return status;
    GY_TRY(gy_directory_list(c->pool, c->dir, &names, &n));
    for (int i = 0; i < n; i++)
        if (clean_one(c, names[i]) != GY_OK || clean_best(c, names[i]) != GY_OK) warn(c);
    if (!c->m.is_there) return GY_OK;
    if (gy_retain(c->pool, c->dir, &c->m) != GY_OK) warn(c);
    if (gy_links_set(c->pool, c->dir, &c->m, &aside) != GY_OK) {} /* the next checkpoint tells */
    if (aside != NULL)
        gy_log(c->ctx, GY_WARNING, "a directory lay where a link belongs: it is now %s", aside);
    return GY_OK;
}

/* Files of ours beside the checkpoints. */
static gy_status clean_run(const cleaner *c, const char *run_dir)
{
    const char *const *names, *path;
    int n = 0;
    GY_TRY(gy_directory_list(c->pool, run_dir, &names, &n));
    for (int i = 0; i < n; i++) {
        if (gy_temporary_of(names[i]) == NULL) continue;
        GY_TRY(gy_pool_format(c->pool, &path, "%s/%s", run_dir, names[i]));
        if ((c->alone || gy_temporary_is_left(path)) && gy_file_remove(path) != GY_OK) warn(c);
    }
    return GY_OK;
}

static gy_status clean(cleaner *c, const char *run_dir)
{
    gy_lies there;
    GY_TRY(gy_path_kind(run_dir, &there));
    if (there != GY_IS_DIRECTORY) return GY_OK;
    GY_TRY(clean_run(c, run_dir));
    GY_TRY(gy_pool_format(c->pool, &c->dir, "%s/checkpoints", run_dir));
    GY_TRY(gy_path_kind(c->dir, &there));
    return there == GY_IS_DIRECTORY ? clean_checkpoints(c) : GY_OK;
}

gy_status gy_checkpoint_clean(gy_context *ctx, gy_comm *comm, const char *run_dir, bool alone)
{
    gy_status status = GY_OK;
    if (gy_comm_rank(comm) == 0) {
        gy_pool pool;
        cleaner c = {.ctx = ctx, .pool = &pool, .alone = alone};
        gy_pool_init(&pool, ctx);
        status = clean(&c, run_dir);
        gy_pool_clear(&pool);
    }
    return gy_comm_agree(comm, status);
}
