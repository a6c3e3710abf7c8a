/*
 * A file that one process holds at a time. The lock is the kernel's, on the open file: it ends with its
 * holder however that ends, also over NFS and Lustre where those lock. The file stays; what it says is
 * who holds it, or held it last.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "disk_impl.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK /* held by the open file: two runs of one process are two */
#else
#define SET_LOCK F_SETLK
#endif

/* Who holds it, as its first line says. */
static void read_holder(int fd, char holder[GY_LOCK_TEXT])
{
    ssize_t n = pread(fd, holder, GY_LOCK_TEXT - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (holder[0] == '\0') memcpy(holder, "somebody", sizeof "somebody");
}

/* A courtesy: a disk that is full is told by those who need it. */
static void write_holder(gy_context *ctx, int fd, const char *text)
{
    if (ftruncate(fd, 0) == 0 && gy_disk_write(ctx, fd, text, strlen(text)) > 0)
        (void)!gy_disk_write(ctx, fd, "\n", 1);
}

/* Whether it is fine that a file which is not to be made cannot be written: then nothing is. */
static bool is_no_writer(int reason)
{
    return reason == ENOENT || reason == ENOTDIR || reason == EACCES || reason == EPERM ||
           reason == EROFS;
}

gy_status gy_lock_take(gy_context *ctx, const char *path, const char *text, bool create,
                       gy_lock *out, char holder[GY_LOCK_TEXT])
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    holder[0] = '\0';
    *out =
        (gy_lock){.fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0666)};
    if (out->fd < 0 && !create && is_no_writer(errno)) return GY_OK;
    GY_REQUIRE(out->fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path,
               errno == ELOOP ? "it is a link" : strerror(errno));
    out->is_sure = fcntl(out->fd, SET_LOCK, &whole) == 0;
    if (out->is_sure || (errno != EAGAIN && errno != EACCES)) {
        write_holder(ctx, out->fd, text);
        return GY_OK;
    }
    read_holder(out->fd, holder);
    gy_lock_release(out);
    return GY_OK;
}

void gy_lock_release(gy_lock *lock)
{
    if (lock->fd >= 0) (void)close(lock->fd);
    *lock = (gy_lock){.fd = -1};
}
