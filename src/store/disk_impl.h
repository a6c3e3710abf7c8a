/** The system's calls that change the disk, where they can be made to fail (base/fault.h). */
#ifndef GY_STORE_DISK_IMPL_H
#define GY_STORE_DISK_IMPL_H

#include <gyre/context.h>

#include <sys/types.h>

/* As write, pwrite, fsync and rename: −1 and errno on failure. */
ssize_t gy_disk_write(gy_context *ctx, int fd, const void *bytes, size_t n);
ssize_t gy_disk_write_at(gy_context *ctx, int fd, const void *bytes, size_t n, off_t at);
int gy_disk_flush(gy_context *ctx, int fd);
int gy_disk_rename(gy_context *ctx, const char *from, const char *to);

/** Cuts a file that is to be torn in half, as if its end had never reached the disk. */
void gy_disk_tear(gy_context *ctx, int fd);

#endif
