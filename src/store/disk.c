/* The system's calls that change the disk, and their failures made on purpose. */
#include "disk_impl.h"

#include "base/fault.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a call fails on purpose; sets errno then. */
static bool fails(gy_context *ctx, gy_fault fault, int reason)
{
    if (!gy_fault_strikes(ctx, fault)) return false;
    errno = reason;
    return true;
}

ssize_t gy_disk_write(gy_context *ctx, int fd, const void *bytes, size_t n)
{
    return fails(ctx, GY_FAULT_WRITE, ENOSPC) ? -1 : write(fd, bytes, n);
}

ssize_t gy_disk_write_at(gy_context *ctx, int fd, const void *bytes, size_t n, off_t at)
{
    return fails(ctx, GY_FAULT_WRITE, ENOSPC) ? -1 : pwrite(fd, bytes, n, at);
}

int gy_disk_flush(gy_context *ctx, int fd)
{
    return fails(ctx, GY_FAULT_FLUSH, EIO) ? -1 : fsync(fd);
}

int gy_disk_rename(gy_context *ctx, const char *from, const char *to)
{
    return fails(ctx, GY_FAULT_RENAME, EIO) ? -1 : rename(from, to);
}

void gy_disk_tear(gy_context *ctx, int fd)
{
    struct stat info;
    if (!gy_fault_strikes(ctx, GY_FAULT_TEAR) || fstat(fd, &info) != 0) return;
    if (ftruncate(fd, info.st_size / 2) != 0) {} /* then it stays whole */
}
