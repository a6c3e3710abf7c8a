/*
 * Paths: what lies where, directories, removal. Removal goes by descriptors of directories, so that
 * a link put in its way is removed itself and never followed.
 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 64 };

bool gy_path_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool gy_path_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

gy_status gy_directory_make(const char *path)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    GY_REQUIRE(n > 0 && n < sizeof part, GY_E_IO,
               "cannot make the directory" GY_AT "%s" GY_WHY "the path is %s", path,
               n == 0 ? "empty" : "too long");
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) == 0 || (errno == EEXIST && gy_path_is_directory(part))) continue;
        if (errno == EEXIST) errno = ENOTDIR;
        if (errno == EROFS && gy_path_is_directory(part)) continue; /* above a place to write */
        return gy_raise(GY_E_IO, "cannot make the directory" GY_AT "%s" GY_WHY "%s", part,
                        strerror(errno));
    }
    return GY_OK;
}

static gy_status cannot_remove(const char *path)
{
    return gy_raise(GY_E_IO, "cannot remove" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
}

static gy_status remove_at(int above, const char *name, const char *path, int depth);

/* Removes all in an open directory; closes it. */
static gy_status empty(int fd, const char *path, int depth)
{
    gy_status status = GY_OK;
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        status = cannot_remove(path);
        (void)close(fd);
        return status;
    }
    for (struct dirent *e; status == GY_OK && (e = readdir(directory)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            status = remove_at(fd, e->d_name, path, depth + 1);
    (void)closedir(directory);
    return status;
}

static gy_status remove_at(int above, const char *name, const char *path, int depth)
{
    if (unlinkat(above, name, 0) == 0 || errno == ENOENT) return GY_OK;
    if (errno != EISDIR && errno != EPERM) return cannot_remove(path);
    int reason = errno;
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR) errno = reason; /* a file that may not go */
    if (fd < 0) return cannot_remove(path);
    if (depth > DEEPEST) {
        (void)close(fd);
        errno = ELOOP;
        return cannot_remove(path);
    }
    GY_TRY(empty(fd, path, depth));
    if (unlinkat(above, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return GY_OK;
    return cannot_remove(path);
}

gy_status gy_path_remove(gy_context *ctx, const char *path)
{
    (void)ctx;
    return remove_at(AT_FDCWD, path, path, 0);
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

static gy_status read_names(gy_pool *pool, DIR *directory, struct entry **first, int *n)
{
    for (struct dirent *e; (e = readdir(directory)) != NULL;) {
        struct entry *one;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        GY_TRY(gy_pool_new(pool, &one));
        GY_TRY(gy_pool_string(pool, e->d_name, &one->name));
        one->next = *first;
        *first = one;
        ++*n;
    }
    return GY_OK;
}

gy_status gy_directory_list(gy_pool *pool, const char *path, const char *const **names, int *n)
{
    struct entry *first = NULL;
    const char **list;
    int count = 0;
    DIR *directory = opendir(path);
    GY_REQUIRE(directory != NULL, GY_E_IO, "cannot list the directory" GY_AT "%s" GY_WHY "%s", path,
               strerror(errno));
    gy_status status = read_names(pool, directory, &first, &count);
    (void)closedir(directory);
    GY_TRY(status);
    GY_TRY(gy_pool_array(pool, count, &list));
    for (int i = 0; i < count; i++, first = first->next) list[i] = first->name;
    qsort(list, (size_t)count, sizeof *list, by_name);
    *names = list;
    *n = count;
    return GY_OK;
}
