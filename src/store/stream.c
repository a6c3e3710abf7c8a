/*
 * A file read from front to back, gzip or plain, known by its first bytes (RFC 1952: 1f 8b 08).
 *
 * gzip by zlib's inflate(); several members follow one another. A gzip file that ends within a
 * member is an error: it must not pass for a shorter one.
 */
#include "file.h"
#include "zlib_impl.h"

#include "base/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

struct gy_stream {
    gy_context *ctx;
    char *path;
    int fd;
    int64_t size;                   /* uncompressed; −1: not known yet */
    int64_t at;                     /* place in the uncompressed data */
    int64_t begin;                  /* place in the file where it begins */
    bool is_gzip, ready, in_member; /* ready: z is set up */
    bool is_part, ended;            /* deflated without a head, other bytes follow; all is read */
    z_stream z;
    unsigned char *piece; /* [PIECE] compressed bytes */
    char *skipped;        /* [PIECE] of no interest */
};

static gy_status fail(const gy_stream *s, const char *why)
{
    return gy_raise(GY_E_DATA, "cannot read the file" GY_AT "%s" GY_WHY "%s", s->path, why);
}

static void *zlib_alloc(void *ctx, unsigned n, unsigned size)
{
    void *memory;
    return gy_alloc_array(ctx, n, size, &memory) == GY_OK ? memory : NULL;
}

static void zlib_free(void *ctx, void *memory)
{
    gy_free(ctx, memory);
}

static gy_status open_file(gy_stream *s)
{
    struct stat info;
    unsigned char head[3] = {0};
    s->fd = open(s->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &info) != 0) return fail(s, strerror(errno));
    if (S_ISDIR(info.st_mode)) return fail(s, "it is a directory");
    if (!S_ISREG(info.st_mode)) return fail(s, "it is no regular file");
    if (pread(s->fd, head, sizeof head, 0) < 0) return fail(s, strerror(errno));
    s->is_gzip = head[0] == 0x1f && head[1] == 0x8b && head[2] == 8;
    s->size = s->is_gzip ? -1 : (int64_t)info.st_size;
    return GY_OK;
}

static gy_status open_gzip(gy_stream *s)
{
    GY_TRY(gy_new_array(s->ctx, PIECE, &s->piece));
    GY_TRY(gy_new_array(s->ctx, PIECE, &s->skipped));
    s->z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = s->ctx};
    /* the largest window; a gzip head, or none */
    int result = inflateInit2(&s->z, s->is_part ? -15 : 15 + 16);
    GY_REQUIRE(result == Z_OK, GY_E_NOMEM, "out of memory" GY_AT "%s" GY_WHY "no room to unpack it",
               s->path);
    s->ready = true;
    return GY_OK;
}

gy_status gy_stream_open(gy_context *ctx, const char *path, gy_stream **out)
{
    gy_status status;
    gy_stream *s;
    GY_TRY(gy_new(ctx, &s));
    s->ctx = ctx;
    s->fd = -1;
    GY_TRY_GOTO(fail, gy_copy_string(ctx, path, &s->path));
    GY_TRY_GOTO(fail, open_file(s));
    if (s->is_gzip) GY_TRY_GOTO(fail, open_gzip(s));
    *out = s;
    return GY_OK;
fail:
    gy_stream_close(s);
    return status;
}

static gy_status rewind_file(gy_stream *s)
{
    if (lseek(s->fd, (off_t)s->begin, SEEK_SET) < 0) return fail(s, strerror(errno));
    s->at = 0;
    s->z.avail_in = 0;
    s->in_member = s->ended = false;
    (void)inflateReset(&s->z);
    return GY_OK;
}

gy_status gy_stream_open_deflated(gy_context *ctx, const char *path, int64_t begin, gy_stream **out)
{
    gy_status status;
    gy_stream *s;
    GY_TRY(gy_stream_open(ctx, path, &s));
    if (s->is_gzip) GY_TRY_GOTO(fail, fail(s, "it is packed as a whole"));
    s->is_gzip = s->is_part = true;
    s->begin = begin;
    s->size = -1;
    GY_TRY_GOTO(fail, open_gzip(s));
    GY_TRY_GOTO(fail, rewind_file(s));
    *out = s;
    return GY_OK;
fail:
    gy_stream_close(s);
    return status;
}

void gy_stream_close(gy_stream *s)
{
    if (s == NULL) return;
    if (s->ready) (void)inflateEnd(&s->z);
    if (s->fd >= 0) (void)close(s->fd);
    gy_free(s->ctx, s->skipped);
    gy_free(s->ctx, s->piece);
    gy_free(s->ctx, s->path);
    gy_free(s->ctx, s);
}

bool gy_stream_is_gzip(const gy_stream *s)
{
    return s->is_gzip;
}

/* Plain bytes from the file; *got = 0 at its end. */
static gy_status read_some(gy_stream *s, void *bytes, int64_t n, int64_t *got)
{
    for (;;) {
        ssize_t result = read(s->fd, bytes, (size_t)n);
        if (result < 0 && errno == EINTR) continue;
        if (result < 0) return fail(s, strerror(errno));
        gy_pulse_beat(s->ctx);
        *got = (int64_t)result;
        return GY_OK;
    }
}

/* Zeros behind a member are padding, of a tape or of blocks. */
static void skip_padding(gy_stream *s)
{
    while (s->z.avail_in > 0 && *s->z.next_in == 0) {
        s->z.next_in++;
        s->z.avail_in--;
    }
}

/* Unpacks up to n bytes; *got = 0 at the end of the last member. */
static gy_status unpack(gy_stream *s, void *bytes, int64_t n, int64_t *got)
{
    const int64_t most = 1 << 30;
    unsigned room = (unsigned)(n < most ? n : most);
    s->z.next_out = bytes;
    s->z.avail_out = room;
    while (s->z.avail_out == room && !s->ended) {
        int64_t packed = 0;
        if (s->z.avail_in == 0) {
            GY_TRY(read_some(s, s->piece, PIECE, &packed));
            s->z.next_in = s->piece;
            s->z.avail_in = (unsigned)packed;
            if (packed == 0 && s->in_member) return fail(s, "it is cut off; get or make it again");
            if (packed == 0) break;
        }
        if (!s->in_member && !s->is_part) skip_padding(s);
        if (s->z.avail_in == 0) continue;
        s->in_member = true;
        int result = inflate(&s->z, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR) return gy_raise(GY_E_NOMEM, "out of memory" GY_AT "%s", s->path);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return fail(s, s->z.msg == NULL ? "it is damaged" : s->z.msg);
        if (result != Z_STREAM_END) continue;
        s->in_member = false;
        s->ended = s->is_part;
        (void)inflateReset(&s->z); /* another member may follow */
    }
    *got = (int64_t)(room - s->z.avail_out);
    return GY_OK;
}

gy_status gy_stream_read(gy_stream *s, void *bytes, int64_t n, int64_t *got)
{
    int64_t sum = 0;
    while (sum < n) {
        int64_t part = 0;
        char *to = (char *)bytes + sum;
        GY_TRY(s->is_gzip ? unpack(s, to, n - sum, &part) : read_some(s, to, n - sum, &part));
        if (part == 0) break;
        sum += part;
        s->at += part;
    }
    *got = sum;
    return GY_OK;
}

gy_status gy_stream_seek(gy_stream *s, int64_t offset)
{
    if (!s->is_gzip) {
        if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0) return fail(s, strerror(errno));
        s->at = offset;
        return GY_OK;
    }
    if (offset < s->at) GY_TRY(rewind_file(s));
    while (s->at < offset) {
        int64_t n = offset - s->at < PIECE ? offset - s->at : PIECE, got = 0;
        GY_TRY(gy_stream_read(s, s->skipped, n, &got));
        if (got < n) break;
    }
    return GY_OK;
}

gy_status gy_stream_size(gy_stream *s, int64_t *out)
{
    if (s->size < 0) {
        int64_t here = s->at, got = 0;
        do {
            GY_TRY(gy_stream_read(s, s->skipped, PIECE, &got));
        } while (got == PIECE);
        s->size = s->at;
        GY_TRY(gy_stream_seek(s, here));
    }
    *out = s->size;
    return GY_OK;
}
