/*
 * The directory of a zip archive: it stands at the end, and its own end says where; with numbers that
 * do not fit 32 bits in records beside (zip64). Nothing is believed: places and lengths are held
 * against the file's.
 */
#include "zip.h"

#include "store/file.h"

#include <string.h>

enum { END = 22, END64 = 56, LOCATOR = 20, CENTRAL = 46, LOCAL = 30, COMMENT = 65535 };

static const int64_t most_entries = 1 << 16;

/* A number of n bytes, the lowest first. */
static int64_t number(const uint8_t *b, int n)
{
    uint64_t v = 0;
    for (int i = n - 1; i >= 0; i--) v = v << 8 | b[i];
    return (int64_t)(v & INT64_MAX);
}

static bool is(const uint8_t *b, const char *signature)
{
    return b[0] == 'P' && b[1] == 'K' && memcmp(b + 2, signature, 2) == 0;
}

static gy_status damaged(const char *path)
{
    return gy_raise(GY_E_DATA,
                    "cannot read the archive" GY_AT "%s" GY_WHY "its directory is damaged" GY_HINT
                    "get or make it again",
                    path);
}

/* Where the directory stands and how many entries it has. */
typedef struct place {
    int64_t offset, bytes, n;
} place;

/* With zip64, the record before the end says where another one is. */
static gy_status find_large(gy_bytes *b, const char *path, int64_t end, place *out)
{
    uint8_t record[END64];
    if (end < LOCATOR) return GY_OK;
    GY_TRY(gy_bytes_read(b, end - LOCATOR, LOCATOR, record));
    if (!is(record, "\6\7")) return GY_OK;
    int64_t at = number(record + 8, 8);
    if (at > gy_bytes_size(b) - END64) return damaged(path);
    GY_TRY(gy_bytes_read(b, at, END64, record));
    if (!is(record, "\6\6")) return damaged(path);
    *out = (place){number(record + 48, 8), number(record + 40, 8), number(record + 32, 8)};
    return GY_OK;
}

static gy_status find_directory(gy_context *ctx, gy_bytes *b, const char *path, place *out)
{
    const int64_t size = gy_bytes_size(b);
    const int64_t n = size < END + COMMENT ? size : END + COMMENT;
    uint8_t *tail;
    GY_TRY(gy_new_array(ctx, n + 1, &tail));
    gy_status status = gy_bytes_read(b, size - n, n, tail);
    int64_t at = n - END;
    while (at >= 0 && !is(tail + at, "\5\6")) at--;
    if (status == GY_OK && at < 0) status = damaged(path);
    if (status == GY_OK) {
        const uint8_t *end = tail + at;
        *out = (place){number(end + 16, 4), number(end + 12, 4), number(end + 10, 2)};
        status = find_large(b, path, size - n + at, out);
    }
    gy_free(ctx, tail);
    GY_TRY(status);
    bool sane = out->offset <= size && out->bytes <= size - out->offset && out->n <= most_entries &&
                out->n <= out->bytes / CENTRAL;
    return sane ? GY_OK : damaged(path);
}

/* What does not fit 32 bits stands in an extra field: of the three, in this order, those that do not. */
static void take_large(const uint8_t *extra, int64_t n, int64_t *unpacked, int64_t *packed,
                       int64_t *offset)
{
    int64_t *values[] = {unpacked, packed, offset};
    for (int64_t at = 0; at + 4 <= n;) {
        const int64_t id = number(extra + at, 2), bytes = number(extra + at + 2, 2);
        int64_t from = at + 4;
        at = from + bytes;
        if (id != 1 || at > n) continue;
        for (int i = 0; i < 3; i++) {
            if (*values[i] != UINT32_MAX || from + 8 > at) continue;
            *values[i] = number(extra + from, 8);
            from += 8;
        }
    }
}

/* The entry at `record` [left]; *used bytes. */
static gy_status read_entry(gy_pool *pool, gy_bytes *b, const char *path, const uint8_t *record,
                            int64_t left, gy_zip_entry *out, int64_t *used)
{
    if (left < CENTRAL || !is(record, "\1\2")) return damaged(path);
    const int64_t method = number(record + 10, 2), name = number(record + 28, 2),
                  extra = number(record + 30, 2);
    int64_t packed = number(record + 20, 4), unpacked = number(record + 24, 4),
            offset = number(record + 42, 4);
    *used = CENTRAL + name + extra + number(record + 32, 2);
    if (*used > left) return damaged(path);
    take_large(record + CENTRAL + name, extra, &unpacked, &packed, &offset);
    GY_TRY(gy_pool_format(pool, &out->name, "%.*s", (int)name, (const char *)record + CENTRAL));
    GY_REQUIRE(method == 0 || method == 8, GY_E_DATA,
               "cannot read the archive" GY_AT "%s" GY_WHY "%s is packed by the method %lld", path,
               out->name, (long long)method);
    uint8_t local[LOCAL];
    if (offset > gy_bytes_size(b) - LOCAL) return damaged(path);
    GY_TRY(gy_bytes_read(b, offset, LOCAL, local));
    if (!is(local, "\3\4")) return damaged(path);
    out->deflated = method == 8;
    out->offset = offset + LOCAL + number(local + 26, 2) + number(local + 28, 2);
    out->bytes = unpacked;
    const int64_t there = gy_bytes_size(b) - out->offset;
    bool fits = packed <= there && (out->deflated ? unpacked / 1100 <= packed : unpacked == packed);
    return fits ? GY_OK : damaged(path);
}

static gy_status read_directory(gy_pool *pool, gy_bytes *b, const char *path, gy_zip *out)
{
    place p;
    uint8_t *records;
    GY_TRY(find_directory(pool->ctx, b, path, &p));
    GY_TRY(gy_pool_array(pool, p.bytes + 1, &records));
    GY_TRY(gy_pool_array(pool, p.n + 1, &out->entries));
    GY_TRY(gy_bytes_read(b, p.offset, p.bytes, records));
    for (int64_t at = 0, used = 0; out->n < p.n; at += used, out->n++)
        GY_TRY(read_entry(pool, b, path, records + at, p.bytes - at, &out->entries[out->n], &used));
    return GY_OK;
}

gy_status gy_zip_open(gy_pool *pool, const char *path, gy_zip *out)
{
    gy_bytes *b;
    *out = (gy_zip){.path = path};
    GY_TRY(gy_bytes_open(pool->ctx, path, &b));
    gy_status status = read_directory(pool, b, path, out);
    gy_bytes_close(b);
    return status;
}

const gy_zip_entry *gy_zip_find(const gy_zip *zip, const char *name)
{
    for (int64_t i = 0; i < zip->n; i++)
        if (strcmp(zip->entries[i].name, name) == 0) return &zip->entries[i];
    return NULL;
}

static gy_status unpack(gy_context *ctx, const gy_zip *zip, const gy_zip_entry *entry,
                        gy_bytes **out)
{
    uint8_t *memory = NULL;
    gy_stream *stream = NULL;
    int64_t got = 0;
    gy_status status = gy_alloc_array(ctx, entry->bytes + 1, 1, (void **)&memory);
    if (status == GY_OK) status = gy_stream_open_deflated(ctx, zip->path, entry->offset, &stream);
    if (status == GY_OK) status = gy_stream_read(stream, memory, entry->bytes + 1, &got);
    if (status == GY_OK && got != entry->bytes) status = damaged(zip->path);
    if (status == GY_OK) status = gy_bytes_of(ctx, zip->path, memory, got, out);
    gy_stream_close(stream);
    gy_free(ctx, memory);
    return status;
}

gy_status gy_zip_bytes(gy_context *ctx, const gy_zip *zip, const gy_zip_entry *entry,
                       gy_bytes **out, int64_t *offset)
{
    *offset = entry->deflated ? 0 : entry->offset;
    return entry->deflated ? unpack(ctx, zip, entry, out) : gy_bytes_open(ctx, zip->path, out);
}
