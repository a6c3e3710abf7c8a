/*
 * Records of cells. The file passes through a block; a record is gathered in a text buffer in which
 * each cell is closed by a zero, then the pointers are laid over it.
 */
#include "cells.h"

#include "base/buffer.h"
#include "store/file.h"
#include "text/utf8.h"

#include <string.h>

enum { BLOCK_BYTES = 1 << 16, RECORD_BYTES = 1 << 26 };

struct gy_cells {
    gy_context *ctx;
    char *path;
    gy_stream *stream;
    char separator;
    int64_t skip, line;
    char *block; /* [BLOCK_BYTES] */
    int64_t at, n;
    gy_buffer text;     /* the record's cells, each closed by a zero */
    const char **cells; /* [room] */
    int64_t room;
};

/* The next byte, −1 at the end; not taken away. */
static gy_status peek(gy_cells *r, int *out)
{
    if (r->at == r->n) {
        r->at = 0;
        GY_TRY(gy_stream_read(r->stream, r->block, BLOCK_BYTES, &r->n));
    }
    *out = r->n == 0 ? -1 : (unsigned char)r->block[r->at];
    return GY_OK;
}

static void take(gy_cells *r)
{
    if (r->block[r->at++] == '\n') r->line++;
}

char gy_cells_separator(const char *line, size_t n)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = 0;
    int64_t most = 0;
    for (size_t c = 0; c < sizeof candidates; c++) {
        int64_t count = 0;
        bool quoted = false;
        for (size_t i = 0; i < n && line[i] != '\n'; i++) {
            if (line[i] == '"') quoted = !quoted;
            count += !quoted && line[i] == candidates[c];
        }
        if (count <= most) continue;
        most = count;
        best = candidates[c];
    }
    for (size_t i = 0; i + 1 < n && line[i] != '\n' && most == 0; i++)
        if (line[i] == ' ' && line[i + 1] > ' ' && i > 0) return ' ';
    return best;
}

static gy_status skip_lines(gy_cells *r)
{
    int c;
    while (r->line <= r->skip) {
        GY_TRY(peek(r, &c));
        if (c < 0) return GY_OK;
        take(r);
    }
    return GY_OK;
}

gy_status gy_cells_rewind(gy_cells *r)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    int c;
    GY_TRY(gy_stream_seek(r->stream, 0));
    r->at = r->n = 0;
    r->line = 1;
    GY_TRY(peek(r, &c));
    if (r->n >= 3 && memcmp(r->block, mark, sizeof mark) == 0) r->at = 3;
    GY_TRY(skip_lines(r));
    GY_TRY(peek(r, &c)); /* has the line's first bytes in the block */
    if (r->separator == 0 && c >= 0)
        r->separator = gy_cells_separator(r->block + r->at, (size_t)(r->n - r->at));
    if (r->separator == 0) r->separator = ',';
    return GY_OK;
}

gy_status gy_cells_open(gy_context *ctx, const char *path, char separator, int64_t skip,
                        gy_cells **out)
{
    gy_status status;
    gy_cells *r = NULL;
    GY_TRY_GOTO(fail, gy_new(ctx, &r));
    r->ctx = ctx;
    r->separator = separator;
    r->skip = skip;
    gy_buffer_init(&r->text, ctx);
    GY_TRY_GOTO(fail, gy_copy_string(ctx, path, &r->path));
    GY_TRY_GOTO(fail, gy_new_array(ctx, BLOCK_BYTES, &r->block));
    GY_TRY_GOTO(fail, gy_stream_open(ctx, path, &r->stream));
    GY_TRY_GOTO(fail, gy_cells_rewind(r));
    *out = r;
    return GY_OK;
fail:
    gy_cells_close(r);
    return status;
}

void gy_cells_close(gy_cells *r)
{
    if (r == NULL) return;
    gy_stream_close(r->stream);
    gy_buffer_clear(&r->text);
    gy_free(r->ctx, r->cells);
    gy_free(r->ctx, r->block);
    gy_free(r->ctx, r->path);
    gy_free(r->ctx, r);
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_cell(const gy_cells *r, int c)
{
    return c < 0 || c == '\n' || c == r->separator || (r->separator == ' ' && is_blank(c));
}

/* Takes the n bytes at hand into the record. */
static gy_status gather(gy_cells *r, int64_t n)
{
    const char *from = r->block + r->at;
    GY_REQUIRE(memchr(from, 0, (size_t)n) == NULL, GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld" GY_WHY "there is a zero byte in the text",
               r->path, (long long)r->line);
    GY_REQUIRE(r->text.bytes + (size_t)n < RECORD_BYTES, GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld" GY_WHY "a line is longer than 64 MiB",
               r->path, (long long)r->line);
    gy_buffer_add_bytes(&r->text, from, (size_t)n);
    for (int64_t i = 0; i < n; i++) r->line += from[i] == '\n';
    r->at += n;
    return r->text.status;
}

/* "a ""b"" c": the cell ends at a quote that is not doubled. */
static gy_status quoted_cell(gy_cells *r)
{
    const long long begun = (long long)r->line;
    int c;
    take(r);
    for (;;) {
        GY_TRY(peek(r, &c));
        GY_REQUIRE(c >= 0, GY_E_DATA,
                   "cannot read the data" GY_AT "%s:%lld" GY_WHY "a quote is not closed", r->path,
                   begun);
        if (c == '"') {
            take(r);
            GY_TRY(peek(r, &c));
            if (c != '"') break;
        }
        GY_TRY(gather(r, 1));
    }
    while (is_blank(c) && !ends_cell(r, c)) {
        take(r);
        GY_TRY(peek(r, &c));
    }
    GY_REQUIRE(ends_cell(r, c), GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld" GY_WHY "text follows a closing quote",
               r->path, (long long)r->line);
    return GY_OK;
}

static gy_status plain_cell(gy_cells *r)
{
    size_t begin = r->text.bytes;
    int c;
    GY_TRY(peek(r, &c));
    while (!ends_cell(r, c)) {
        int64_t n = 1;
        while (r->at + n < r->n && !ends_cell(r, (unsigned char)r->block[r->at + n])) n++;
        GY_TRY(gather(r, n));
        GY_TRY(peek(r, &c));
    }
    while (r->text.bytes > begin && is_blank(r->text.text[r->text.bytes - 1])) r->text.bytes--;
    return GY_OK;
}

/* Reads a cell and what ends it. @param last out: whether the record ends with it */
static gy_status read_cell(gy_cells *r, bool *last)
{
    int c;
    GY_TRY(peek(r, &c));
    while (is_blank(c) && c != r->separator) { /* before a cell */
        take(r);
        GY_TRY(peek(r, &c));
    }
    if (c == '"')
        GY_TRY(quoted_cell(r));
    else
        GY_TRY(plain_cell(r));
    gy_buffer_add_bytes(&r->text, "", 1);
    GY_TRY(r->text.status);
    GY_TRY(peek(r, &c));
    while (r->separator == ' ' && is_blank(c)) {
        take(r);
        GY_TRY(peek(r, &c));
    }
    *last = c < 0 || c == '\n';
    if (c == '\n' || (c >= 0 && r->separator != ' ')) take(r);
    return GY_OK;
}

static gy_status lay_out(gy_cells *r, int64_t n, gy_record *out)
{
    if (n > r->room) {
        gy_free(r->ctx, r->cells);
        r->cells = NULL;
        r->room = 0;
        GY_TRY(gy_new_array(r->ctx, 2 * n, &r->cells));
        r->room = 2 * n;
    }
    GY_REQUIRE(gy_utf8_valid(r->text.text, r->text.bytes) == r->text.bytes, GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld" GY_WHY "it is no UTF-8" GY_HINT
               "convert it, e.g. with iconv -f latin1 -t utf8",
               r->path, (long long)out->line);
    const char *cell = r->text.text;
    for (int64_t i = 0; i < n; i++, cell += strlen(cell) + 1) r->cells[i] = cell;
    out->n = n;
    out->cells = r->cells;
    return GY_OK;
}

gy_status gy_cells_next(gy_cells *r, gy_record *out)
{
    for (;;) {
        int c;
        *out = (gy_record){.line = r->line};
        GY_TRY(peek(r, &c));
        while (c == ' ' && r->separator == ' ') { /* before the first of blank-separated cells */
            take(r);
            GY_TRY(peek(r, &c));
        }
        if (c < 0) return GY_OK;
        gy_buffer_reset(&r->text);
        int64_t n = 0;
        for (bool last = false; !last; n++) GY_TRY(read_cell(r, &last));
        if (n > 1 || r->text.bytes > 1) return lay_out(r, n, out);
    }
}
