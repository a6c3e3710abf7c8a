/*
 * Durable writing: after these functions return, the state is on disk, and a crash at any moment
 * inside leaves the old state or the new one.
 *
 * A name is durable once the directory that holds it is flushed, its bytes once the file is: so
 * write under another name, flush, rename, flush the directory.
 */
#include "disk_impl.h"
#include "file.h"

#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static gy_status fail(const char *what, const char *path)
{
    return gy_raise(GY_E_IO, "cannot %s" GY_AT "%s" GY_WHY "%s", what, path, strerror(errno));
}

/* Some file systems flush no directories. */
static bool flushes_none(int fd, int reason)
{
    struct stat info;
    if (reason == EINVAL) return true;
    return (reason == ENOTSUP || reason == EBADF || reason == ENOSYS) && fstat(fd, &info) == 0 &&
           S_ISDIR(info.st_mode);
}

gy_status gy_path_sync(gy_context *ctx, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail("flush to disk", path);
    int result = gy_disk_flush(ctx, fd), reason = errno;
    bool good = result == 0 || flushes_none(fd, reason);
    (void)close(fd);
    errno = reason;
    return good ? GY_OK : fail("flush to disk", path);
}

gy_status gy_path_sync_above(gy_context *ctx, const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof copy) {
        errno = ENAMETOOLONG;
        return fail("flush to disk", path);
    }
    memcpy(copy, path, strlen(path) + 1);
    return gy_path_sync(ctx, dirname(copy));
}

gy_status gy_path_rename(gy_context *ctx, const char *from, const char *to)
{
    if (gy_disk_rename(ctx, from, to) != 0)
        return gy_raise(GY_E_IO, "cannot rename" GY_AT "%s to %s" GY_WHY "%s", from, to,
                        strerror(errno));
    return gy_path_sync_above(ctx, to);
}

gy_status gy_link_swap(gy_context *ctx, const char *target, const char *link)
{
    const char *other;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_temporary_name(&pool, link, &other);
    if (status == GY_OK) {
        status = symlink(target, other) == 0 ? gy_path_rename(ctx, other, link)
                                             : fail("make the link", link);
        if (status != GY_OK) (void)unlink(other);
    }
    gy_pool_clear(&pool);
    return status;
}

static bool write_all(gy_context *ctx, int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = gy_disk_write(ctx, fd, bytes, n);
        if (put < 0 && errno == EINTR) continue;
        if (put == 0) errno = ENOSPC;
        if (put <= 0) return false;
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

gy_status gy_file_write(gy_context *ctx, const char *path, const void *bytes, size_t n)
{
    gy_output *output;
    gy_status status = GY_OK;
    GY_TRY(gy_output_begin(ctx, path, &output));
    int fd = open(gy_output_name(output), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || !write_all(ctx, fd, bytes, n) || gy_disk_flush(ctx, fd) != 0)
        status = fail("write the file", path);
    if (fd >= 0 && close(fd) != 0 && status == GY_OK) status = fail("write the file", path);
    if (status == GY_OK) return gy_output_commit(output);
    gy_output_abort(output);
    return status;
}

gy_status gy_file_append(gy_context *ctx, int fd, const char *path, const void *bytes, size_t n)
{
    return write_all(ctx, fd, bytes, n) ? GY_OK : fail("write the file", path);
}

/* Reads to the end, or to one byte beyond the limit. */
static gy_status read_all(gy_buffer *b, int fd, const char *path, int64_t limit, gy_status status)
{
    static const char what[] = "cannot read the file";
    char piece[4096];
    while ((int64_t)b->bytes <= limit && b->status == GY_OK) {
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return gy_raise(status, "%s" GY_AT "%s" GY_WHY "%s", what, path, strerror(errno));
        if (got == 0) return GY_OK;
        gy_buffer_add_bytes(b, piece, (size_t)got);
    }
    GY_TRY(b->status);
    return gy_raise(status, "%s" GY_AT "%s" GY_WHY "it is longer than %lld bytes", what, path,
                    (long long)limit);
}

gy_status gy_file_look(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), reason = errno;
    if (fd >= 0) (void)close(fd);
    GY_REQUIRE(fd >= 0 || reason == ENOENT || reason == ENOTDIR || reason == ELOOP ||
                   reason == ENXIO,
               GY_E_IO, "cannot open the file" GY_AT "%s" GY_WHY "%s", path, strerror(reason));
    return GY_OK;
}

gy_status gy_file_read(gy_context *ctx, const char *path, int64_t limit, gy_status status,
                       char **bytes, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    GY_REQUIRE(fd >= 0, status, "cannot open the file" GY_AT "%s" GY_WHY "%s", path,
               strerror(errno));
    gy_buffer b;
    gy_buffer_init(&b, ctx);
    gy_status result = read_all(&b, fd, path, limit, status);
    (void)close(fd);
    if (result == GY_OK && b.text == NULL) { /* an empty file is an empty text */
        gy_buffer_add_bytes(&b, "", 0);
        result = b.status;
    }
    if (result != GY_OK) {
        gy_buffer_clear(&b);
        return result;
    }
    *bytes = b.text;
    *n = b.bytes;
    return GY_OK;
}
