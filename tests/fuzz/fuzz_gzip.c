/*
 * Streams, plain or gzip: any bytes are read to their end or to an error with the file's name; pieces of
 * any size are the same bytes, and as many as the size says.
 */
#include "base/hash.h"
#include "store/file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MOST = 1 << 22, PIECE = 4096 };

static void check(bool holds)
{
    if (!holds) abort();
}

static gy_status say(gy_status status, const char *path)
{
    check(status == GY_OK || (status == GY_E_DATA && strstr(gy_error_last()->text, path) != NULL));
    return status;
}

/* @return how it ended; @param all  out: how much came, up to MOST */
static gy_status read_in(gy_stream *s, const char *path, int64_t piece, int64_t *all,
                         uint64_t *hash)
{
    static char bytes[PIECE];
    gy_status status = GY_OK;
    int64_t got = piece;
    *hash = 1;
    for (*all = 0; status == GY_OK && got == piece && *all < MOST; *all += got) {
        status = say(gy_stream_read(s, bytes, piece, &got), path);
        if (status != GY_OK) break;
        check(got >= 0 && got <= piece);
        for (int64_t i = 0; i < got; i++) *hash = 31 * *hash + (unsigned char)bytes[i];
    }
    return status;
}

static void read_it(gy_stream *s, const char *path, int64_t piece)
{
    int64_t all, again, size;
    uint64_t once, twice;
    gy_status first = read_in(s, path, PIECE, &all, &once);
    if (all >= MOST) return;
    gy_status sized = say(gy_stream_size(s, &size), path);
    check(sized == first && (sized != GY_OK || size == all));
    if (first != GY_OK) return;
    check(gy_stream_seek(s, 0) == GY_OK && read_in(s, path, piece, &again, &twice) == GY_OK);
    check(again == all && once == twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[] = "/tmp/gyre-fuzz-XXXXXX";
    gy_context *ctx = NULL;
    gy_stream *s = NULL;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    int file = mkstemp(path);
    check(file >= 0 && write(file, bytes, n) == (ssize_t)n && close(file) == 0);
    if (say(gy_stream_open(ctx, path, &s), path) == GY_OK)
        read_it(s, path, n == 0 ? 7 : 1 + bytes[n - 1]);
    gy_stream_close(s);
    check(unlink(path) == 0);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
