/* Files out of the system's memory, so that what reads them reads the disk: for measurements. */
#include "file.h"

#include <fcntl.h>
#include <unistd.h>

static void forget(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)close(fd);
}

void gy_path_forget(gy_context *ctx, const char *path)
{
    const char *const *names, *file;
    int n = 0;
    gy_pool pool;
    gy_lies there = GY_IS_NONE;
    if (gy_path_kind(path, &there) != GY_OK || there != GY_IS_DIRECTORY) {
        forget(path);
        return;
    }
    gy_pool_init(&pool, ctx);
    if (gy_directory_list(&pool, path, &names, &n) != GY_OK) n = 0;
    for (int i = 0; i < n; i++)
        if (gy_pool_format(&pool, &file, "%s/%s", path, names[i]) == GY_OK) forget(file);
    gy_pool_clear(&pool);
}
