/* Plain files, written and read in pieces. */
#include "plain.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4 << 20 };

static gy_status fill(gy_context *ctx, const gy_plain *p, int fd)
{
    for (int64_t at = 0, n; at < p->bytes; at += n) {
        const int64_t in = at % p->there;
        n = gy_least(gy_least(p->bytes - at, PIECE), p->there - in);
        GY_TRY(gy_file_append(ctx, fd, p->path, (const char *)p->from + in, (size_t)n));
    }
    return GY_OK;
}

gy_status gy_plain_write(gy_context *ctx, const gy_plain *p, double *write_s, double *flush_s)
{
    double start = gy_clock_s();
    int fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    GY_REQUIRE(fd >= 0, GY_E_IO, "cannot write the file" GY_AT "%s" GY_WHY "%s", p->path,
               strerror(errno));
    gy_status status = fill(ctx, p, fd);
    *write_s = gy_clock_s() - start;
    start = gy_clock_s();
    if (status == GY_OK) status = gy_path_sync(ctx, p->path);
    *flush_s = gy_clock_s() - start;
    (void)close(fd);
    return status;
}

gy_status gy_plain_read(gy_context *ctx, const gy_plain *p, double *read_s)
{
    char *piece;
    GY_TRY(gy_alloc(ctx, PIECE, (void **)&piece));
    gy_path_forget(ctx, p->path);
    double start = gy_clock_s();
    int fd = open(p->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) got = read(fd, piece, PIECE);
    *read_s = gy_clock_s() - start;
    const int reason = errno;
    if (fd >= 0) (void)close(fd);
    gy_free(ctx, piece);
    GY_REQUIRE(got == 0, GY_E_IO, "cannot read the file" GY_AT "%s" GY_WHY "%s", p->path,
               strerror(reason));
    return gy_file_remove(p->path);
}
