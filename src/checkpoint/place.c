/* What a path is, and the names of steps. */
#include "checkpoint_impl.h"

#include "base/number.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char step_prefix[] = "step-";
enum { PREFIX = sizeof step_prefix - 1, DIGITS = 9 };

int64_t gy_step_number(const char *name)
{
    int64_t step;
    if (strncmp(name, step_prefix, PREFIX) != 0) return -1;
    size_t n = strspn(name + PREFIX, "0123456789");
    if (n < DIGITS || name[PREFIX + n] != '\0') return -1;
    if (n > DIGITS && name[PREFIX] == '0') return -1; /* one name a step */
    const char *digits = name + PREFIX;
    while (digits[0] == '0' && digits[1] != '\0') digits++;
    return gy_number_int(digits, &step) ? step : -1;
}

gy_status gy_step_path(gy_pool *pool, const char *dir, int64_t step, const char **out)
{
    return gy_pool_format(pool, out, "%s/%s%0*lld", dir, step_prefix, (int)DIGITS, (long long)step);
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

int64_t gy_link_step(const char *dir, const char *link)
{
    char target[64], path[PATH_MAX];
    size_t n = strlen(dir), m = strlen(link);
    if (n + m + 2 > sizeof path) return -1;
    memcpy(path, dir, n);
    path[n] = '/';
    memcpy(path + n + 1, link, m + 1);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return gy_step_number(target);
}

static bool is_in(gy_pool *pool, const char *dir, const char *name, bool *out)
{
    const char *path;
    if (gy_pool_format(pool, &path, "%s/%s", dir, name) != GY_OK) return false;
    *out = gy_path_exists(path);
    return true;
}

/* Whether a directory's own name, or that of what it links to, is a step's: its index is lost. */
static bool is_named_step(const char *path)
{
    char whole[PATH_MAX];
    const char *name = realpath(path, whole) == NULL ? path : whole;
    const char *slash = strrchr(name, '/');
    return gy_step_number(slash == NULL ? name : slash + 1) >= 0;
}

static gy_status find_directory(gy_pool *pool, const char *path, gy_place *place, const char **dir)
{
    bool index = false, below = false, latest = false;
    if (!is_in(pool, path, "index.h5", &index) || !is_in(pool, path, "checkpoints", &below) ||
        !is_in(pool, path, "latest", &latest))
        return GY_E_NOMEM;
    if (index || is_named_step(path)) {
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
    if (gy_path_is_directory(path)) return find_directory(pool, path, place, dir);
    GY_REQUIRE(gy_path_exists(path), GY_E_USAGE, "cannot open" GY_AT "%s" GY_WHY "%s", path,
               strerror(errno));
    if (!is_index(pool->ctx, path)) {
        *place = GY_PLACE_FILE;
        return gy_pool_string(pool, path, dir);
    }
    *place = GY_PLACE_CHECKPOINT;
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return gy_pool_string(pool, ".", dir);
    return gy_pool_format(pool, dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}
