/** A directory of a test's own below the working directory or TMPDIR; removed by the test's end. */
#ifndef GY_TEMPDIR_H
#define GY_TEMPDIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GY_TEMPDIR = 512 };

typedef struct gy_tempdir {
    char path[GY_TEMPDIR], joined[8][GY_TEMPDIR];
    int next;
} gy_tempdir;

static inline void gy_tempdir_make(gy_tempdir *t)
{
    const char *above = getenv("TMPDIR");
    *t = (gy_tempdir){.next = 0};
    (void)snprintf(t->path, sizeof t->path, "%s/gyre-test-XXXXXX", above == NULL ? "/tmp" : above);
    if (mkdtemp(t->path) == NULL) abort();
}

static inline void gy_tempdir_remove(gy_tempdir *t)
{
    char command[GY_TEMPDIR + 16];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", t->path);
    if (system(command) != 0) abort();
}

/** PATH/name; holds until the eighth call after it. */
static inline const char *gy_tempdir_join(gy_tempdir *t, const char *name)
{
    char *joined = t->joined[t->next++ % 8];
    size_t n = strlen(t->path), m = strlen(name);
    if (n + m + 2 > GY_TEMPDIR) abort();
    memcpy(joined, t->path, n);
    joined[n] = '/';
    memcpy(joined + n + 1, name, m + 1);
    return joined;
}

/** Turns over one bit of a file. */
static inline void gy_flip_bit(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    if (file == NULL || fseek(file, at, SEEK_SET) != 0) abort();
    int byte = fgetc(file);
    if (byte == EOF || fseek(file, at, SEEK_SET) != 0) abort();
    if (fputc(byte ^ 4, file) == EOF || fclose(file) != 0) abort();
}

static inline long gy_file_bytes(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
    long bytes = ftell(file);
    (void)fclose(file);
    return bytes;
}

#endif
