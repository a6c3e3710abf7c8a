/*
 * Room on a disk, asked before it is needed: by writing a little, by what the file system says is
 * free, and by allotting as much to a file where it can do that at once, for quotas show in no other
 * way. The file is removed again.
 */
#define _GNU_SOURCE /* fallocate */
#include "disk_impl.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static gy_status fail(const char *path, int64_t bytes)
{
    return gy_raise(GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s, tried with %.1f MiB", path,
                    strerror(errno), (double)bytes / 1048576);
}

static gy_status try_file(gy_context *ctx, const char *path, int64_t bytes)
{
    static const char text[] = "gyre tries whether there is room\n";
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return fail(path, bytes);
    gy_status status = GY_OK;
    bool good = gy_disk_write(ctx, fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1;
    if (!good) status = fail(path, bytes);
    bool room = bytes <= 0 || fallocate(fd, 0, 0, (off_t)bytes) == 0 ||
                (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
    if (good && !room) status = fail(path, bytes);
    (void)close(fd);
    (void)unlink(path);
    return status;
}

gy_status gy_room_try(gy_context *ctx, const char *directory, int64_t bytes, int64_t *free)
{
    struct statvfs info;
    const char *room, *path;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_pool_format(&pool, &room, "%s/room", directory);
    if (status == GY_OK) status = gy_temporary_name(&pool, room, &path);
    if (status == GY_OK) status = try_file(ctx, path, bytes);
    gy_pool_clear(&pool);
    GY_TRY(status);
    if (statvfs(directory, &info) != 0)
        *free = INT64_MAX; /* then nobody knows */
    else
        *free = (int64_t)info.f_bavail * (int64_t)info.f_frsize;
    return GY_OK;
}
