/*
 * Removal. A file goes by a plain unlink. A directory goes with all in it, by descriptors of
 * directories, so that a link put in its way is removed itself and never followed: for directories
 * that this program made, and no others.
 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DEEPEST = 64 };

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
    while (status == GY_OK) {
        errno = 0; /* NULL is the end, or a failure */
        const struct dirent *e = readdir(directory);
        if (e == NULL && errno != 0) status = cannot_remove(path);
        if (e == NULL) break;
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            status = remove_at(fd, e->d_name, path, depth + 1);
    }
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

gy_status gy_tree_remove(const char *path)
{
    return remove_at(AT_FDCWD, path, path, 0);
}

gy_status gy_file_remove(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? GY_OK : cannot_remove(path);
}
