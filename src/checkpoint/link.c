/*
 * The links `latest` and `best`, for people and their tools. A run that was copied by a program that
 * follows links has directories in their place: those are set aside.
 */
#include "checkpoint_impl.h"

#include "store/file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* To the first free NAME.copy-N. */
static gy_status set_aside(gy_pool *pool, const char *path, const char **aside)
{
    gy_lies there = GY_IS_OTHER;
    for (int i = 1; there != GY_IS_NONE; i++) {
        GY_TRY(gy_pool_format(pool, aside, "%s.copy-%d", path, i));
        GY_TRY(gy_path_kind(*aside, &there));
    }
    return gy_path_rename(pool->ctx, path, *aside);
}

/* @param target  NULL: there shall be none */
static gy_status set(gy_pool *pool, const char *dir, const char *link, const char *target,
                     const char **aside)
{
    char now[64];
    const char *path;
    struct stat info;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, link));
    bool is_there = lstat(path, &info) == 0;
    if (!is_there && target == NULL) return GY_OK;
    ssize_t n = is_there && S_ISLNK(info.st_mode) ? readlink(path, now, sizeof now) : -1;
    if (target != NULL && n == (ssize_t)strlen(target) && memcmp(now, target, (size_t)n) == 0)
        return GY_OK;
    if (is_there && S_ISDIR(info.st_mode)) GY_TRY(set_aside(pool, path, aside));
    return target == NULL ? gy_file_remove(path) : gy_link_swap(pool->ctx, target, path);
}

gy_status gy_links_set(gy_pool *pool, const char *dir, const gy_manifest *m, const char **aside)
{
    const char *latest = NULL;
    *aside = NULL;
    if (m->newest >= 0) GY_TRY(gy_step_name(pool, m->newest, &latest));
    gy_status status = set(pool, dir, "latest", latest, aside);
    gy_status other = set(pool, dir, "best", m->best > 0 ? m->best_name : NULL, aside);
    return status == GY_OK ? other : status;
}
