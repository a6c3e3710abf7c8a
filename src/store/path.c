/* Paths: what lies where, directories, the names in them. */
#include "disk_impl.h"
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gy_status gy_path_kind(const char *path, gy_lies *out)
{
    struct stat info;
    *out = GY_IS_NONE;
    if (stat(path, &info) == 0) {
        *out = S_ISDIR(info.st_mode)   ? GY_IS_DIRECTORY
               : S_ISREG(info.st_mode) ? GY_IS_FILE
                                       : GY_IS_OTHER;
        return GY_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return GY_OK;
    return gy_raise(GY_E_IO, "cannot look for the file" GY_AT "%s" GY_WHY "%s", path,
                    strerror(errno));
}

gy_status gy_file_size(const char *path, int64_t *out)
{
    struct stat info;
    GY_REQUIRE(stat(path, &info) == 0, GY_E_IO, "cannot look for the file" GY_AT "%s" GY_WHY "%s",
               path, strerror(errno));
    *out = (int64_t)info.st_size;
    return GY_OK;
}

gy_status gy_path_is_same(const char *a, const char *b, bool *out)
{
    struct stat at_a, at_b;
    gy_lies there_a, there_b;
    *out = false;
    GY_TRY(gy_path_kind(a, &there_a));
    GY_TRY(gy_path_kind(b, &there_b));
    if (there_a != GY_IS_NONE && there_b != GY_IS_NONE)
        *out = stat(a, &at_a) == 0 && stat(b, &at_b) == 0 && at_a.st_dev == at_b.st_dev &&
               at_a.st_ino == at_b.st_ino;
    return GY_OK;
}

static gy_status cannot_make(const char *path, int reason)
{
    return gy_raise(GY_E_IO, "cannot make the directory" GY_AT "%s" GY_WHY "%s", path,
                    strerror(reason));
}

/* One of them, those above it being there. */
static gy_status make_one(gy_context *ctx, const char *path)
{
    gy_lies there = GY_IS_NONE;
    if (mkdir(path, 0777) == 0) return gy_path_sync_above(ctx, path);
    int reason = errno;
    if (reason == EEXIST || reason == EROFS) { /* above a place to write all may be read-only */
        GY_TRY(gy_path_kind(path, &there));
        if (there == GY_IS_DIRECTORY) return GY_OK;
    }
    return cannot_make(path, reason == EEXIST ? ENOTDIR : reason);
}

gy_status gy_directory_make(gy_context *ctx, const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) return cannot_make(path, n == 0 ? ENOENT : ENAMETOOLONG);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        GY_TRY(make_one(ctx, part));
    }
    return GY_OK;
}

/* The longest beginning of a path that is there. */
static gy_status find_nearest(const char *path, char near[PATH_MAX], gy_lies *there)
{
    (void)snprintf(near, PATH_MAX, "%s", path);
    for (;;) {
        GY_TRY(gy_path_kind(near, there));
        if (*there != GY_IS_NONE) return GY_OK;
        char *slash = strrchr(near, '/');
        if (slash == NULL)
            memcpy(near, ".", 2);
        else
            slash[slash == near] = '\0'; /* the root stays */
    }
}

gy_status gy_directory_try(const char *path)
{
    char near[PATH_MAX], made[PATH_MAX + 32];
    gy_lies there;
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof near) return cannot_make(path, n == 0 ? ENOENT : ENAMETOOLONG);
    GY_TRY(find_nearest(path, near, &there));
    if (there != GY_IS_DIRECTORY) return cannot_make(path, ENOTDIR);
    (void)snprintf(made, sizeof made, "%s/.tmp-try-XXXXXX", near);
    if (mkdtemp(made) == NULL) return cannot_make(path, errno);
    (void)rmdir(made);
    return GY_OK;
}

gy_status gy_directory_make_new(const char *path)
{
    return mkdir(path, 0777) == 0 ? GY_OK : cannot_make(path, errno);
}

/* Names while they are counted. */
struct entry {
    const char *name;
    struct entry *next;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gy_status cannot_list(const char *path)
{
    return gy_raise(GY_E_IO, "cannot list the directory" GY_AT "%s" GY_WHY "%s", path,
                    strerror(errno));
}

static gy_status read_names(gy_pool *pool, const char *path, DIR *directory, struct entry **first,
                            int *n)
{
    for (;;) {
        struct entry *one;
        errno = 0; /* NULL is the end, or a failure */
        const struct dirent *e = readdir(directory);
        if (e == NULL) return errno == 0 ? GY_OK : cannot_list(path);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        GY_TRY(gy_pool_new(pool, &one));
        GY_TRY(gy_pool_string(pool, e->d_name, &one->name));
        one->next = *first;
        *first = one;
        ++*n;
    }
}

gy_status gy_directory_list(gy_pool *pool, const char *path, const char *const **names, int *n)
{
    struct entry *first = NULL;
    const char **list;
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) return cannot_list(path);
    gy_status status = read_names(pool, path, directory, &first, &count);
    (void)closedir(directory);
    GY_TRY(status);
    GY_TRY(gy_pool_array(pool, count, &list));
    for (int i = 0; i < count; i++, first = first->next) list[i] = first->name;
    qsort(list, (size_t)count, sizeof *list, by_name);
    *names = list;
    *n = count;
    return GY_OK;
}
