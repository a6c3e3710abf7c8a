/* What a path is, and the names of steps. */
#include "checkpoint_impl.h"

#include "base/number.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char step_prefix[] = "step-", best_prefix[] = "best-";
enum { PREFIX = sizeof step_prefix - 1, DIGITS = 9 };

/* The number behind a prefix, −1 for other names. */
static int64_t number_of(const char *name, const char *prefix)
{
    int64_t step;
    if (strncmp(name, prefix, PREFIX) != 0) return -1;
    size_t n = strspn(name + PREFIX, "0123456789");
    if (n < DIGITS || name[PREFIX + n] != '\0') return -1;
    if (n > DIGITS && name[PREFIX] == '0') return -1; /* one name a step */
    const char *digits = name + PREFIX;
    while (digits[0] == '0' && digits[1] != '\0') digits++;
    return gy_number_int(digits, &step) ? step : -1;
}

int64_t gy_step_number(const char *name)
{
    return number_of(name, step_prefix);
}

int64_t gy_best_number(const char *name)
{
    return number_of(name, best_prefix);
}

gy_status gy_step_name(gy_pool *pool, int64_t step, const char **out)
{
    return gy_pool_format(pool, out, "%s%0*lld", step_prefix, (int)DIGITS, (long long)step);
}

gy_status gy_best_name(gy_pool *pool, int64_t step, const char **out)
{
    return gy_pool_format(pool, out, "%s%0*lld", best_prefix, (int)DIGITS, (long long)step);
}

gy_status gy_dir_above(gy_pool *pool, const char *path, const char **out)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || gy_step_number(slash + 1) < 0)
        return gy_pool_format(pool, out, "%s/..", path); /* a link is followed first */
    return gy_pool_format(pool, out, "%.*s", (int)(slash - path), path);
}

static int descending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

gy_status gy_steps_list(gy_pool *pool, const char *dir, int64_t **steps, int *n)
{
    const char *const *names;
    int count;
    *n = 0;
    GY_TRY(gy_directory_list(pool, dir, &names, &count));
    GY_TRY(gy_pool_array(pool, count, steps));
    for (int i = 0; i < count; i++)
        if (gy_step_number(names[i]) >= 0) (*steps)[(*n)++] = gy_step_number(names[i]);
    qsort(*steps, (size_t)*n, sizeof **steps, descending);
    return GY_OK;
}

/* Whether something of that name is in a directory. */
static gy_status look_for(gy_pool *pool, const char *dir, const char *name, bool *out)
{
    const char *path;
    gy_lies there;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, name));
    GY_TRY(gy_path_kind(path, &there));
    *out = there != GY_IS_NONE;
    return GY_OK;
}

/* Whether a directory's own name, or that of what it links to, is a checkpoint's: its index is lost. */
static bool is_named_one(const char *path)
{
    char whole[PATH_MAX];
    const char *name = realpath(path, whole) == NULL ? path : whole;
    const char *slash = strrchr(name, '/');
    if (slash != NULL) name = slash + 1;
    return gy_step_number(name) >= 0 || gy_best_number(name) >= 0;
}

static gy_status find_directory(gy_pool *pool, const char *path, gy_place *place, const char **dir)
{
    bool index = false, below = false, latest = false;
    GY_TRY(look_for(pool, path, "index.h5", &index));
    GY_TRY(look_for(pool, path, "checkpoints", &below));
    GY_TRY(look_for(pool, path, "latest", &latest));
    if (index || is_named_one(path)) {
        *place = GY_PLACE_CHECKPOINT;
        return gy_pool_string(pool, path, dir);
    }
    *place = GY_PLACE_RUN;
    if (below) return gy_pool_format(pool, dir, "%s/checkpoints", path);
    if (latest) return gy_pool_string(pool, path, dir);
    return gy_raise(GY_E_USAGE,
                    "no checkpoint" GY_AT "%s" GY_WHY
                    "the directory is neither a checkpoint (index.h5) nor a run (checkpoints)",
                    path);
}

/* Whether a file is the index.h5 of a checkpoint; one that cannot be opened may be a damaged one. */
static bool is_index(gy_context *ctx, const char *path)
{
    const char *slash = strrchr(path, '/');
    gy_h5 *f;
    if (strcmp(slash == NULL ? path : slash + 1, "index.h5") != 0) return false;
    if (gy_h5_open(ctx, path, GY_E_IO, &f) != GY_OK) return true;
    bool is = gy_h5_has_attribute(f, "/", "format");
    return gy_h5_close(f) == GY_OK && is;
}

gy_status gy_place_find(gy_pool *pool, const char *path, gy_place *place, const char **dir)
{
    gy_lies there;
    GY_TRY(gy_path_kind(path, &there));
    if (there == GY_IS_DIRECTORY) return find_directory(pool, path, place, dir);
    GY_REQUIRE(there != GY_IS_NONE, GY_E_USAGE, "cannot open" GY_AT "%s" GY_WHY "%s", path,
               strerror(ENOENT));
    if (!is_index(pool->ctx, path)) {
        *place = GY_PLACE_FILE;
        return gy_pool_string(pool, path, dir);
    }
    *place = GY_PLACE_CHECKPOINT;
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return gy_pool_string(pool, ".", dir);
    return gy_pool_format(pool, dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}
