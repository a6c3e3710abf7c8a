/* What goes once HEAD says so: checkpoints that it marks as gone, and what was replaced. */
#include "checkpoint_impl.h"

#include "store/file.h"

#include <string.h>

/* So that half of it never passes for a checkpoint. */
static gy_status remove_one(gy_pool *pool, const char *dir, const char *name)
{
    const char *path, *as, *gone;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, name));
    GY_TRY(gy_pool_format(pool, &as, "%s/gone-%s", dir, name));
    GY_TRY(gy_temporary_name(pool, as, &gone));
    GY_TRY(gy_path_rename(pool->ctx, path, gone));
    return gy_tree_remove(gone);
}

static gy_status remove_gone(gy_pool *pool, const char *dir, const gy_manifest *m)
{
    for (int i = 0; i < m->n; i++) {
        bool there = false;
        if (!m->v[i].is_gone) continue;
        GY_TRY(gy_listed_is_there(pool, dir, &m->v[i], &there));
        if (there) GY_TRY(remove_one(pool, dir, m->v[i].name));
    }
    return GY_OK;
}

static gy_status remove_replaced(gy_pool *pool, const char *dir)
{
    const char *const *names, *path;
    int n;
    GY_TRY(gy_directory_list(pool, dir, &names, &n));
    for (int i = 0; i < n; i++) {
        const char *what = gy_temporary_of(names[i]);
        if (what == NULL || strncmp(what, "old-", 4) != 0 || !gy_temporary_is_own(names[i]))
            continue;
        GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, names[i]));
        GY_TRY(gy_tree_remove(path));
    }
    return GY_OK;
}

gy_status gy_retain(gy_pool *pool, const char *dir, const gy_manifest *m)
{
    gy_status status = remove_gone(pool, dir, m);
    gy_error first = *gy_error_last();
    gy_status other = remove_replaced(pool, dir);
    return status == GY_OK ? other : gy_error_restore(&first);
}
