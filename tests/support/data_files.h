/** Small files for tests of data formats, in a directory of their own; and a source read whole. */
#ifndef GY_DATA_FILES_H
#define GY_DATA_FILES_H

#include "gy_test.h"

#include "data/data.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILES_PATH = 256, FILES_MOST = 16 };

typedef struct files {
    char directory[FILES_PATH];
    char made[FILES_MOST][FILES_PATH + 64];
    int n;
} files;

static inline void files_begin(files *f)
{
    const char *base = getenv("TMPDIR");
    f->n = 0;
    snprintf(f->directory, sizeof f->directory, "%s/gyre-test-XXXXXX", base ? base : "/tmp");
    if (mkdtemp(f->directory) == NULL) abort();
}

static inline void files_end(files *f)
{
    for (int i = 0; i < f->n; i++) unlink(f->made[i]);
    rmdir(f->directory);
}

/** The path of a file, removed at the end. */
static inline const char *files_path(files *f, const char *name)
{
    if (f->n == FILES_MOST) abort();
    char *path = f->made[f->n++];
    size_t n = strlen(f->directory);
    if (n + strlen(name) + 2 > sizeof f->made[0]) abort();
    memcpy(path, f->directory, n);
    path[n] = '/';
    memcpy(path + n + 1, name, strlen(name) + 1);
    return path;
}

static inline const char *files_write(files *f, const char *name, const void *bytes, size_t n)
{
    const char *path = files_path(f, name);
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(bytes, 1, n, out) != n || fclose(out) != 0) abort();
    return path;
}

static inline const char *files_text(files *f, const char *name, const char *text)
{
    return files_write(f, name, text, strlen(text));
}

static inline uint32_t files_crc(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

/** The bytes as a gzip file (RFC 1952) of one stored block; n < 65536. */
static inline const char *files_gzip(files *f, const char *name, const void *bytes, size_t n)
{
    static uint8_t out[65536 + 64];
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    size_t at = sizeof head;
    memcpy(out, head, at);
    out[at++] = 1; /* the last block, stored */
    out[at++] = (uint8_t)(n & 255);
    out[at++] = (uint8_t)(n >> 8);
    out[at++] = (uint8_t)(~n & 255);
    out[at++] = (uint8_t)(~n >> 8 & 255);
    memcpy(out + at, bytes, n);
    at += n;
    uint32_t ends[2] = {files_crc(bytes, n), (uint32_t)n};
    for (int i = 0; i < 8; i++) out[at++] = (uint8_t)(ends[i / 4] >> 8 * (i % 4));
    return files_write(f, name, out, at);
}

/** Opens a source or fails the test. */
static inline gy_source *open_source(gy_context *ctx, const char *text,
                                     const gy_source_options *options)
{
    gy_source *s = NULL;
    gy_status status = gy_source_open(ctx, text, options, &s);
    if (status != GY_OK) printf("\n    %s\n", gy_error_last()->text);
    CU_ASSERT_EQUAL_FATAL(status, GY_OK);
    return s;
}

/** Opening it fails as data, and the line holds `part`. */
static inline void refuse_source(gy_context *ctx, const char *text,
                                 const gy_source_options *options, const char *part)
{
    gy_source *s = NULL;
    CU_ASSERT_EQUAL(gy_source_open(ctx, text, options, &s), GY_E_DATA);
    bool found = strstr(gy_error_last()->text, part) != NULL;
    if (!found) printf("\n    '%s' has no '%s'\n", gy_error_last()->text, part);
    CU_ASSERT_TRUE(found);
    gy_source_close(s);
}

/** Reads one sample. */
static inline void read_one(gy_source *s, int64_t i, float *x, float *y)
{
    gy_status status = gy_source_read(s, &i, 1, x, y);
    if (status != GY_OK) printf("\n    %s\n", gy_error_last()->text);
    CU_ASSERT_EQUAL(status, GY_OK);
}

#endif
