/*
 * A file that one process holds at a time. The lock is the kernel's, on the open file: it ends with its
 * holder however that ends, also over NFS and Lustre where those lock. The file stays; what it says is
 * who holds it, or held it last.
 *
 * Where the holder's whole host is gone these keep its lock until a lease ends. Whoever knows better
 * inherits it: a new file, locked already, is renamed to the old one's name.
 *
 * Invariants
 *  1. Who locked a file holds it only if that still has the name: it may have been opened before a renaming.
 *  2. A holder that was taken for gone finds another's text under the name, and writes no more.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "disk_impl.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK /* held by the open file: two runs of one process are two */
#else
#define SET_LOCK F_SETLK
#endif

static void read_text(int fd, char text[GY_LOCK_TEXT])
{
    ssize_t n = pread(fd, text, GY_LOCK_TEXT - 1, 0);
    text[n > 0 ? n : 0] = '\0';
}

/* @return whether all of it is there */
static bool write_text(gy_context *ctx, gy_lock *lock, const char *text)
{
    const size_t n = strlen(text);
    if (ftruncate(lock->fd, 0) != 0 || gy_disk_write(ctx, lock->fd, text, n) != (ssize_t)n)
        return false;
    (void)snprintf(lock->text, sizeof lock->text, "%s", text);
    return true;
}

/* Whether it is fine that a file which is not to be made cannot be written: then nothing is. */
static bool is_no_writer(int reason)
{
    return reason == ENOENT || reason == ENOTDIR || reason == EACCES || reason == EPERM ||
           reason == EROFS;
}

/* @return 0, or why not */
static int lock_whole(gy_lock *lock)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    lock->is_sure = fcntl(lock->fd, SET_LOCK, &whole) == 0;
    return lock->is_sure ? 0 : errno;
}

bool gy_lock_has_name(const gy_lock *lock)
{
    struct stat open, named;
    return fstat(lock->fd, &open) == 0 && lstat(lock->path, &named) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

gy_status gy_lock_take(gy_context *ctx, const char *path, const char *text, bool create,
                       gy_lock *out, char holder[GY_LOCK_TEXT])
{
    holder[0] = '\0';
    *out =
        (gy_lock){.fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0666),
                  .path = path};
    if (out->fd < 0 && !create && is_no_writer(errno)) return GY_OK;
    GY_REQUIRE(out->fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path,
               errno == ELOOP ? "it is a link" : strerror(errno));
    const int why = lock_whole(out);
    if (why != EAGAIN && why != EACCES && gy_lock_has_name(out)) {
        (void)write_text(ctx, out, text); /* a disk that is full is told by those who need it */
        return GY_OK;
    }
    read_text(out->fd, holder);
    if (holder[0] == '\0') memcpy(holder, "somebody", sizeof "somebody");
    gy_lock_release(out);
    return GY_OK;
}

/* Under a name that nobody looks for. By its text alone the holder of before knows that it is one no more. */
static gy_status make(gy_context *ctx, const char *name, const char *text, gy_lock *out)
{
    out->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    GY_REQUIRE(out->fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", name, strerror(errno));
    (void)lock_whole(out);
    errno = 0;
    GY_REQUIRE(write_text(ctx, out, text), GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", name,
               errno != 0 ? strerror(errno) : "not all of it could be written");
    return gy_path_rename(ctx, name, out->path);
}

gy_status gy_lock_inherit(gy_context *ctx, gy_pool *pool, const char *path, const char *text,
                          gy_lock *out)
{
    const char *name;
    *out = (gy_lock){.fd = -1, .path = path};
    GY_TRY(gy_temporary_name(pool, path, &name));
    gy_status status = make(ctx, name, text, out);
    if (status == GY_OK) return GY_OK;
    gy_lock_release(out);
    (void)unlink(name);
    return status;
}

/* It is opened anew each time: shared file systems look at the server then. */
gy_status gy_lock_check(const gy_lock *lock)
{
    char text[GY_LOCK_TEXT];
    if (lock->fd < 0 || lock->text[0] == '\0') return GY_OK;
    const int fd = open(lock->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return GY_OK;
    read_text(fd, text);
    (void)close(fd);
    if (text[0] == '\0' || strcmp(text, lock->text) == 0) return GY_OK;
    return gy_raise(GY_E_IO,
                    "this process may not write there any more" GY_AT "%s" GY_WHY
                    "the place was taken over by %.*s" GY_HINT
                    "it was taken for dead, or its file system does not lock",
                    lock->path, (int)strcspn(text, "\n"), text);
}

void gy_lock_release(gy_lock *lock)
{
    if (lock->fd >= 0) (void)close(lock->fd);
    *lock = (gy_lock){.fd = -1};
}
