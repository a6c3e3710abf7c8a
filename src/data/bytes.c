/* Bytes of a file at any place. */
#include "bytes.h"

#include "store/file.h"

#include <string.h>

struct gy_bytes {
    gy_context *ctx;
    gy_stream *stream; /* of a plain file */
    uint8_t *memory;   /* of a gzip file, or what was given */
    int64_t size;
    char *path;
};

static gy_status unpack(gy_bytes *b)
{
    int64_t got;
    GY_TRY(gy_alloc_array(b->ctx, b->size, 1, (void **)&b->memory));
    GY_TRY(gy_stream_seek(b->stream, 0));
    GY_TRY(gy_stream_read(b->stream, b->memory, b->size, &got));
    GY_REQUIRE(got == b->size, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "the file changed while it was read",
               b->path);
    gy_stream_close(b->stream);
    b->stream = NULL;
    return GY_OK;
}

gy_status gy_bytes_open(gy_context *ctx, const char *path, gy_bytes **out)
{
    gy_status status;
    gy_bytes *b = NULL;
    GY_TRY_GOTO(fail, gy_new(ctx, &b));
    b->ctx = ctx;
    GY_TRY_GOTO(fail, gy_copy_string(ctx, path, &b->path));
    GY_TRY_GOTO(fail, gy_stream_open(ctx, path, &b->stream));
    GY_TRY_GOTO(fail, gy_stream_size(b->stream, &b->size));
    if (gy_stream_is_gzip(b->stream)) GY_TRY_GOTO(fail, unpack(b));
    *out = b;
    return GY_OK;
fail:
    gy_bytes_close(b);
    return status;
}

gy_status gy_bytes_of(gy_context *ctx, const char *path, const void *bytes, int64_t n,
                      gy_bytes **out)
{
    gy_status status;
    gy_bytes *b = NULL;
    GY_TRY_GOTO(fail, gy_new(ctx, &b));
    b->ctx = ctx;
    b->size = n;
    GY_TRY_GOTO(fail, gy_copy_string(ctx, path, &b->path));
    GY_TRY_GOTO(fail, gy_alloc_array(ctx, n, 1, (void **)&b->memory));
    memcpy(b->memory, bytes, (size_t)n);
    *out = b;
    return GY_OK;
fail:
    gy_bytes_close(b);
    return status;
}

void gy_bytes_close(gy_bytes *b)
{
    if (b == NULL) return;
    gy_stream_close(b->stream);
    gy_free(b->ctx, b->memory);
    gy_free(b->ctx, b->path);
    gy_free(b->ctx, b);
}

gy_context *gy_bytes_context(const gy_bytes *b)
{
    return b->ctx;
}

int64_t gy_bytes_size(const gy_bytes *b)
{
    return b->size;
}

gy_status gy_bytes_read(gy_bytes *b, int64_t offset, int64_t n, void *out)
{
    int64_t got = b->size - offset < n ? b->size - offset : n;
    if (got == n && b->memory != NULL) {
        if (n > 0) memcpy(out, b->memory + offset, (size_t)n);
        return GY_OK;
    }
    if (got == n) {
        GY_TRY(gy_stream_seek(b->stream, offset));
        GY_TRY(gy_stream_read(b->stream, out, n, &got));
    }
    GY_REQUIRE(got == n, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "the file ends before byte %lld", b->path,
               (long long)(offset + n));
    return GY_OK;
}
