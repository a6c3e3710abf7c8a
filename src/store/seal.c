/*
 * Seals: a checksum of a whole file in its first 512 bytes, which HDF5 leaves to others (the "user
 * block"; MATLAB's files have one too).
 *
 *     0        gyre seal xxh3 0123456789abcdef of 1234567 bytes\n, then zeros
 *     512      the file that HDF5 knows
 *
 * The checksums of data sets do not cover HDF5's own bytes; with the seal, no byte of a file can
 * change unseen. Readers that know nothing of it are not hindered.
 */
#include "base/hash.h"
#include "disk_impl.h"
#include "file.h"
#include "seal_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static gy_status fail(const char *path, const char *what, const char *why)
{
    return gy_raise(GY_E_IO, "%s" GY_AT "%s" GY_WHY "%s", what, path, why);
}

/* The seal that the bytes behind the first 512 ask for. */
static gy_status compute(gy_context *ctx, const char *path, int fd, char seal[GY_SEAL_BYTES],
                         int64_t *bytes)
{
    gy_status status = GY_OK;
    gy_hasher *hasher = NULL;
    char *piece;
    int64_t at = GY_SEAL_BYTES;
    GY_TRY(gy_alloc(ctx, PIECE, (void **)&piece));
    status = gy_hasher_create(ctx, &hasher);
    while (status == GY_OK) {
        ssize_t got = pread(fd, piece, PIECE, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = fail(path, "cannot read the file", strerror(errno));
        if (got <= 0) break;
        gy_hasher_add(hasher, piece, (size_t)got);
        at += got;
    }
    if (status == GY_OK) {
        memset(seal, 0, GY_SEAL_BYTES);
        (void)snprintf(seal, GY_SEAL_BYTES, "gyre seal xxh3 %016llx of %lld bytes\n",
                       (unsigned long long)gy_hasher_value(hasher), (long long)at);
        *bytes = at;
    }
    gy_hasher_free(hasher);
    gy_free(ctx, piece);
    return status;
}

gy_status gy_seal_put(gy_context *ctx, const char *path, int fd)
{
    char seal[GY_SEAL_BYTES];
    int64_t bytes;
    GY_TRY(compute(ctx, path, fd, seal, &bytes));
    ssize_t put = gy_disk_write_at(ctx, fd, seal, sizeof seal, 0);
    if (put == (ssize_t)sizeof seal) return GY_OK;
    return fail(path, "cannot write the file", put < 0 ? strerror(errno) : "the disk is full");
}

/* Whether a file that cannot be opened is not there. */
static bool is_none(int reason)
{
    return reason == ENOENT || reason == ENOTDIR;
}

gy_status gy_seal_read(const char *path, uint64_t *seal, bool *there)
{
    static const char before[] = "gyre seal xxh3 ";
    char text[sizeof before + 16] = "", *end = text;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    *seal = 0;
    *there = fd >= 0;
    if (fd < 0 && is_none(errno)) return GY_OK;
    if (fd < 0) return fail(path, "cannot open the file", strerror(errno));
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    int reason = errno;
    (void)close(fd);
    if (got < 0 && reason == ESTALE) return fail(path, "cannot read the file", strerror(reason));
    if (got < 0 || strncmp(text, before, sizeof before - 1) != 0) return GY_OK;
    uint64_t value = strtoull(text + sizeof before - 1, &end, 16);
    if (end == text + sizeof text - 1) *seal = value;
    return GY_OK;
}

static gy_status check(gy_context *ctx, const char *path, int fd, int64_t *bytes)
{
    static const char what[] = "the file is damaged";
    static const char hdf5[] = "\211HDF\r\n\032\n";
    char seal[GY_SEAL_BYTES], there[GY_SEAL_BYTES];
    struct stat info;
    if (fstat(fd, &info) != 0) return fail(path, "cannot read the file", strerror(errno));
    if (!S_ISREG(info.st_mode)) return fail(path, what, "it is no regular file");
    *bytes = (int64_t)info.st_size;
    ssize_t got = pread(fd, there, sizeof there, 0);
    if (got < 0) return fail(path, "cannot read the file", strerror(errno));
    if (got >= 8 && memcmp(there, hdf5, 8) == 0) return GY_OK; /* made elsewhere: no seal */
    if (got < (ssize_t)sizeof there) return fail(path, what, "it is cut off");
    GY_TRY(compute(ctx, path, fd, seal, bytes));
    if (memcmp(seal, there, sizeof seal) == 0) return GY_OK;
    return fail(path, what, "its bytes do not have the checksum that it was sealed with");
}

gy_status gy_seal_check(gy_context *ctx, const char *path, int64_t *bytes)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return fail(path, "cannot open the file", strerror(errno));
    gy_status status = check(ctx, path, fd, bytes);
    (void)close(fd);
    return status;
}
