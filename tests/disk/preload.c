/*
 * A disk that fails, for a program that knows nothing of it: loaded before the C library, it counts the
 * calls on paths below a directory, and lets the k-th fail.
 *
 *     GYRE_DISK_BELOW=DIR   an absolute path
 *     GYRE_DISK_KIND=…      which calls count: change (what changes the disk), look (what asks for what is
 *                           there), read, link (symbolic ones), lock, words (writes that have these in them)
 *     GYRE_DISK_WORDS=TEXT  those words
 *     GYRE_DISK_AT=K        the call that fails; 0: none
 *     GYRE_DISK_HOW=…       kill (before it), full (ENOSPC), quota (EDQUOT, and all after it), late (done,
 *                           and EIO), stale (ESTALE), access (EACCES), io (EIO), half (of a write), never
 *                           (ENOSYS, and all after it), stop (done, and the process stands still: SIGSTOP)
 *     GYRE_DISK_COUNT=FILE  how many calls there were is written there at the end; then the directories, a
 *                           line each, in which one was made and that were not flushed since
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

enum { MOST_MADE = 64 };
static char
    made_in[MOST_MADE]
           [PATH_MAX]; /* directories not flushed since one was made in them; by one thread */
static atomic_int n_made;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *setting(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? "" : text;
}

/* The path from the root. */
static bool find_whole(const char *path, char whole[2 * PATH_MAX])
{
    char here[PATH_MAX] = "";
    if (path == NULL || (path[0] != '/' && getcwd(here, sizeof here) == NULL)) return false;
    (void)snprintf(whole, 2 * PATH_MAX, "%s%s%s", here, path[0] == '/' ? "" : "/", path);
    return true;
}

static bool is_below(const char *path)
{
    const char *dir = setting("GYRE_DISK_BELOW");
    char whole[2 * PATH_MAX];
    if (dir[0] == '\0' || !find_whole(path, whole)) return false;
    size_t n = strlen(dir);
    return strncmp(whole, dir, n) == 0 && (whole[n] == '/' || whole[n] == '\0');
}

static bool find_open(int fd, char path[PATH_MAX])
{
    char link[32];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = REAL(readlink)(link, path, PATH_MAX - 1);
    if (n <= 0) return false;
    path[n] = '\0';
    return true;
}

static bool is_open_below(int fd)
{
    char path[PATH_MAX];
    return find_open(fd, path) && is_below(path);
}

static void note_made(const char *path)
{
    char whole[2 * PATH_MAX];
    if (!is_below(path) || !find_whole(path, whole) || n_made == MOST_MADE) return;
    *strrchr(whole, '/') = '\0';
    (void)snprintf(made_in[n_made++], PATH_MAX, "%s", whole);
}

static void note_flushed(int fd)
{
    char path[PATH_MAX];
    if (!find_open(fd, path)) return;
    for (int i = 0; i < n_made; i++)
        if (strcmp(made_in[i], path) == 0) made_in[i][0] = '\0';
}

/* What becomes of a call: nothing; it fails; it is done and fails; half of it is done; it is done and the
 * process stops. */
typedef enum fate { GOES, FAILS, FAILS_LATE, HALVES, STOPS } fate;

static fate strike(const char *kind)
{
    const char *how = setting("GYRE_DISK_HOW");
    if (strcmp(kind, setting("GYRE_DISK_KIND")) != 0) return GOES;
    long k = atoi(setting("GYRE_DISK_AT")), now = ++calls;
    bool after = strcmp(how, "quota") == 0 || strcmp(how, "never") == 0;
    if (k == 0 || (after ? now < k : now != k)) return GOES;
    if (strcmp(how, "kill") == 0) (void)kill(getpid(), SIGKILL);
    if (strcmp(how, "half") == 0) return HALVES;
    if (strcmp(how, "stop") == 0) return STOPS;
    errno = EIO;
    if (strcmp(how, "late") == 0) return FAILS_LATE;
    if (strcmp(how, "full") == 0) errno = ENOSPC;
    if (strcmp(how, "quota") == 0) errno = EDQUOT;
    if (strcmp(how, "stale") == 0) errno = ESTALE;
    if (strcmp(how, "access") == 0) errno = EACCES;
    if (strcmp(how, "never") == 0) errno = ENOSYS;
    return FAILS;
}

static fate at_path(const char *kind, const char *path)
{
    return is_below(path) ? strike(kind) : GOES;
}

static fate at_file(const char *kind, int fd)
{
    return is_open_below(fd) ? strike(kind) : GOES;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = setting("GYRE_DISK_COUNT");
    FILE *out = path[0] == '\0' ? NULL : fopen(path, "w");
    if (out == NULL) return;
    (void)fprintf(out, "%ld\n", (long)calls);
    for (int i = 0; i < n_made; i++)
        if (made_in[i][0] != '\0') (void)fprintf(out, "%s\n", made_in[i]);
    (void)fclose(out);
}

/* Calls the real one, unless the fate is another. */
#define PASS(type, fate, call, failed)                                                             \
    do {                                                                                           \
        switch (fate) {                                                                            \
        case FAILS:                                                                                \
            return failed;                                                                         \
        case FAILS_LATE:                                                                           \
            (void)!(call);                                                                         \
            errno = EIO;                                                                           \
            return failed;                                                                         \
        case STOPS: {                                                                              \
            type result = call;                                                                    \
            (void)raise(SIGSTOP);                                                                  \
            return result;                                                                         \
        }                                                                                          \
        default:                                                                                   \
            return call;                                                                           \
        }                                                                                          \
    } while (0)

static int open_at(int above, const char *path, int flags, mode_t mode)
{
    bool writes = (flags & (O_CREAT | O_TRUNC)) != 0;
    PASS(int, at_path(writes ? "change" : "look", path), REAL(openat)(above, path, flags, mode),
         -1);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;                           \
        va_end(rest);                                                                              \
        return open_at(AT_FDCWD, path, flags, mode);                                               \
    }
OPEN(open)
OPEN(open64)

static bool has_words(const void *bytes, size_t n)
{
    const char *words = setting("GYRE_DISK_WORDS");
    return words[0] != '\0' && memmem(bytes, n, words, strlen(words)) != NULL;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    fate f = at_file("change", fd);
    if (f == GOES && has_words(bytes, n)) f = at_file("words", fd);
    if (f == HALVES) n = (n + 1) / 2;
    PASS(ssize_t, f, REAL(write)(fd, bytes, n), -1);
}

#define WRITE_AT(name)                                                                             \
    ssize_t name(int fd, const void *bytes, size_t n, off_t at)                                    \
    {                                                                                              \
        fate f = at_file("change", fd);                                                            \
        if (f == HALVES) n = (n + 1) / 2;                                                          \
        PASS(ssize_t, f, REAL(pwrite)(fd, bytes, n, at), -1);                                      \
    }
WRITE_AT(pwrite)
WRITE_AT(pwrite64)

ssize_t read(int fd, void *bytes, size_t n)
{
    PASS(ssize_t, at_file("read", fd), REAL(read)(fd, bytes, n), -1);
}

#define READ_AT(name)                                                                              \
    ssize_t name(int fd, void *bytes, size_t n, off_t at)                                          \
    {                                                                                              \
        PASS(ssize_t, at_file("read", fd), REAL(pread)(fd, bytes, n, at), -1);                     \
    }
READ_AT(pread)
READ_AT(pread64)

int close(int fd)
{
    PASS(int, at_file("change", fd), REAL(close)(fd), -1);
}

int fsync(int fd)
{
    note_flushed(fd);
    PASS(int, at_file("change", fd), REAL(fsync)(fd), -1);
}

int ftruncate(int fd, off_t n)
{
    PASS(int, at_file("change", fd), REAL(ftruncate)(fd, n), -1);
}

int rename(const char *from, const char *to)
{
    PASS(int, at_path("change", from), REAL(rename)(from, to), -1);
}

int unlink(const char *path)
{
    PASS(int, at_path("change", path), REAL(unlink)(path), -1);
}

int unlinkat(int above, const char *path, int flags)
{
    bool below = above == AT_FDCWD ? is_below(path) : is_open_below(above);
    PASS(int, below ? strike("change") : GOES, REAL(unlinkat)(above, path, flags), -1);
}

int mkdir(const char *path, mode_t mode)
{
    fate f = at_path("change", path);
    if (f == GOES) {
        int result = REAL(mkdir)(path, mode), reason = errno;
        if (result == 0) note_made(path);
        errno = reason;
        return result;
    }
    PASS(int, f, REAL(mkdir)(path, mode), -1);
}

int symlink(const char *target, const char *path)
{
    fate f = at_path("link", path);
    if (f == GOES) f = at_path("change", path);
    PASS(int, f, REAL(symlink)(target, path), -1);
}

/* Locks are taken by it, of an open file or of a process. */
#define FCNTL(name)                                                                                \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, command);                                                                   \
        void *what = va_arg(rest, void *);                                                         \
        va_end(rest);                                                                              \
        bool locks = command == F_OFD_SETLK || command == F_SETLK;                                 \
        PASS(int, locks ? at_file("lock", fd) : GOES, REAL(name)(fd, command, what), -1);          \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int stat(const char *restrict path, struct stat *restrict out)
{
    PASS(int, at_path("look", path), REAL(stat)(path, out), -1);
}

ssize_t readlink(const char *restrict path, char *restrict out, size_t n)
{
    PASS(ssize_t, at_path("look", path), REAL(readlink)(path, out, n), -1);
}

DIR *opendir(const char *path)
{
    PASS(DIR *, at_path("look", path), REAL(opendir)(path), NULL);
}

struct dirent *readdir(DIR *directory)
{
    PASS(struct dirent *, at_file("look", dirfd(directory)), REAL(readdir)(directory), NULL);
}
