/*
 * Names of what is in the making: .tmp-HOST-PROCESS-DRAWN-NAME. Nobody else makes the same one, and what
 * a crash left can be told from what somebody is still writing: its process is gone, or it is old.
 */
#define _GNU_SOURCE /* gethostname */
#include "file.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/number.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = ".tmp-";
enum { PREFIX = sizeof prefix - 1, HOST = 64, DRAWN = 8, NAME = 120 };
static const double old_s = 24 * 3600;

/* This host, in letters and digits. */
static void name_host(char host[HOST])
{
    if (gethostname(host, HOST) != 0) host[0] = '\0';
    host[HOST - 1] = '\0';
    for (char *c = host; *c != '\0'; c++)
        if (*c == '-' || *c == '/' || (unsigned char)*c <= ' ') *c = '_';
    if (host[0] == '\0') memcpy(host, "host", sizeof "host");
}

uint64_t gy_temporary_draw(void)
{
    uint64_t drawn;
    if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) == (ssize_t)sizeof drawn) return drawn;
    double now = gy_clock_s();
    return gy_hash(&now, sizeof now);
}

gy_status gy_temporary_name(gy_pool *pool, const char *path, const char **out)
{
    char host[HOST];
    const char *slash = strrchr(path, '/');
    int above = slash == NULL ? 0 : (int)(slash - path) + 1;
    name_host(host);
    return gy_pool_format(pool, out, "%.*s%s%s-%ld-%0*lx-%.*s", above, path, prefix, host,
                          (long)getpid(), (int)DRAWN, (unsigned long)(uint32_t)gy_temporary_draw(),
                          (int)NAME, path + above);
}

/* What stands between two dashes of a name. @return behind the second; NULL: there is none */
static const char *next_part(const char *at, char *part, size_t room)
{
    const char *dash = strchr(at, '-');
    if (dash == NULL || (size_t)(dash - at) >= room) return NULL;
    memcpy(part, at, (size_t)(dash - at));
    part[dash - at] = '\0';
    return dash + 1;
}

/* Who makes a thing of that name, and what it will be. */
static bool parse(const char *name, char host[HOST], int64_t *process, const char **what)
{
    char number[24], drawn[DRAWN + 1];
    if (strncmp(name, prefix, PREFIX) != 0) return false;
    const char *at = next_part(name + PREFIX, host, HOST);
    if (at == NULL || (at = next_part(at, number, sizeof number)) == NULL) return false;
    if (!gy_number_int(number, process) || *process < 1 || *process > INT_MAX) return false;
    if ((at = next_part(at, drawn, sizeof drawn)) == NULL) return false;
    *what = at;
    return strlen(drawn) == DRAWN;
}

const char *gy_temporary_of(const char *name)
{
    char host[HOST];
    int64_t process;
    const char *what;
    return parse(name, host, &process, &what) ? what : NULL;
}

bool gy_temporary_is_own(const char *name)
{
    char host[HOST], here[HOST];
    int64_t process;
    const char *what;
    name_host(here);
    return parse(name, host, &process, &what) && strcmp(host, here) == 0 &&
           process == (int64_t)getpid();
}

bool gy_temporary_is_left(const char *path)
{
    char host[HOST], here[HOST];
    int64_t process;
    const char *what, *slash = strrchr(path, '/');
    struct stat info;
    name_host(here);
    if (parse(slash == NULL ? path : slash + 1, host, &process, &what) && strcmp(host, here) == 0)
        return kill((pid_t)process, 0) != 0 && errno == ESRCH;
    return lstat(path, &info) == 0 && difftime(time(NULL), info.st_mtime) > old_s;
}
