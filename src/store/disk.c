/* The system's calls that change the disk: what they take, and their failures made on purpose. */
#include "disk_impl.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/pulse.h"
#include "base/spent.h"

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
    if (fails(ctx, GY_FAULT_WRITE, ENOSPC)) return -1;
    double start = gy_clock_s();
    ssize_t put = write(fd, bytes, n);
    gy_spent_since(ctx, GY_SPENT_WRITE, start);
    gy_pulse_beat(ctx);
    return put;
}

ssize_t gy_disk_write_at(gy_context *ctx, int fd, const void *bytes, size_t n, off_t at)
{
    if (fails(ctx, GY_FAULT_WRITE, ENOSPC)) return -1;
    double start = gy_clock_s();
    ssize_t put = pwrite(fd, bytes, n, at);
    gy_spent_since(ctx, GY_SPENT_WRITE, start);
    gy_pulse_beat(ctx);
    return put;
}

int gy_disk_flush(gy_context *ctx, int fd)
{
    if (fails(ctx, GY_FAULT_FLUSH, EIO)) return -1;
    if (gy_fault_strikes(ctx, GY_FAULT_HANG))
        for (;;) (void)pause();
    double start = gy_clock_s();
    int result = fsync(fd);
    gy_spent_since(ctx, GY_SPENT_FLUSH, start);
    gy_pulse_beat(ctx);
    return result;
}

int gy_disk_rename(gy_context *ctx, const char *from, const char *to)
{
    if (fails(ctx, GY_FAULT_RENAME, EIO)) return -1;
    double start = gy_clock_s();
    int result = rename(from, to);
    gy_spent_since(ctx, GY_SPENT_RENAME, start);
    return result;
}

void gy_disk_tear(gy_context *ctx, int fd)
{
    struct stat info;
    if (!gy_fault_strikes(ctx, GY_FAULT_TEAR) || fstat(fd, &info) != 0) return;
    if (ftruncate(fd, info.st_size / 2) != 0) {} /* then it stays whole */
}
