/*
 * metrics.jsonl as it was at an earlier step: cut from its end, however long it is.
 *
 * Steps only rise from line to line, but for checkpoints, which are told when they are written, some
 * steps later. So back from the end, in strides that double, to a line that is early enough for all
 * before it to stay; and on from there, line by line. The file is cut at the first line that goes;
 * of those after it checkpoints alone may stay, and are written again.
 */
#include "train_impl.h"

#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 12 };

typedef struct cutting {
    gy_context *ctx;
    const char *path;
    int fd;
    int64_t size, step;
    char *text; /* [room] */
    size_t room;
    int64_t end;    /* of what stays as it is; −1: all so far */
    gy_buffer kept; /* what stays after that */
} cutting;

typedef enum verdict { BROKEN, EARLY, LATE } verdict;

static gy_status fail(const cutting *c, const char *what)
{
    return gy_raise(GY_E_IO, "cannot %s" GY_AT "%s" GY_WHY "%s", what, c->path, strerror(errno));
}

/* @param got  fewer than n at the end of the file */
static gy_status read_at(const cutting *c, int64_t at, size_t n, char *text, size_t *got)
{
    for (*got = 0; *got < n;) {
        ssize_t part = pread(c->fd, text + *got, n - *got, (off_t)at + (off_t)*got);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return fail(c, "read");
        if (part == 0) break;
        *got += (size_t)part;
    }
    return GY_OK;
}

static bool skip(const char **at, const char *end, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(end - *at) < n || memcmp(*at, word, n) != 0) return false;
    *at += n;
    return true;
}

/* Of a line as gy_event_print writes it. @param is_checkpoint  out: may be late */
static verdict judge(const cutting *c, const char *line, size_t n, bool *is_checkpoint)
{
    const char *at = line, *end = line + n;
    int64_t step = 0;
    if (n == 0 || end[-1] != '}') return BROKEN;
    if (!skip(&at, end, "{\"event\": \"")) return BROKEN;
    const char *word = at;
    *is_checkpoint = skip(&at, end, "checkpoint\"");
    at = memchr(word, '"', (size_t)(end - word));
    if (at == NULL || !skip(&at, end, "\", \"step\": ") || at == end) return BROKEN;
    if (*at < '0' || *at > '9') return BROKEN;
    for (; at < end && *at >= '0' && *at <= '9' && step <= c->step; at++)
        step = 10 * step + (*at - '0');
    return step <= c->step ? EARLY : LATE;
}

/* Whether a line of a block, the first whole one that tells, lets all before it stay. */
static bool find_early(const cutting *c, size_t n, size_t *out)
{
    const char *end = c->text + n, *stop, *line = memchr(c->text, '\n', n);
    for (; line != NULL; line = stop) {
        bool is_checkpoint = false;
        line++;
        stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL) return false;
        verdict v = judge(c, line, (size_t)(stop - line), &is_checkpoint);
        if (v == BROKEN || is_checkpoint) continue;
        *out = (size_t)(line - c->text);
        return v == EARLY;
    }
    return false;
}

static gy_status find_start(cutting *c, int64_t *from)
{
    *from = 0;
    for (int64_t back = BLOCK; back < c->size; back *= 2) {
        size_t n, line;
        GY_TRY(read_at(c, c->size - back, BLOCK, c->text, &n));
        if (!find_early(c, n, &line)) continue;
        *from = c->size - back + (int64_t)line;
        break;
    }
    return GY_OK;
}

/* The whole lines of text, which lies at `at` in the file. @return their bytes */
static size_t take_lines(cutting *c, int64_t at, size_t n)
{
    const char *line = c->text, *end = c->text + n, *stop;
    for (; (stop = memchr(line, '\n', (size_t)(end - line))) != NULL; line = stop + 1) {
        size_t bytes = (size_t)(stop - line);
        bool is_checkpoint, stays = judge(c, line, bytes, &is_checkpoint) == EARLY;
        if (stays && c->end >= 0) gy_buffer_add_bytes(&c->kept, line, bytes + 1);
        if (!stays && c->end < 0) c->end = at + (line - c->text);
    }
    return (size_t)(line - c->text);
}

/* A line that is longer than the room. */
static gy_status make_room(cutting *c)
{
    char *text;
    GY_TRY(gy_new_array(c->ctx, 2 * (int64_t)c->room, &text));
    memcpy(text, c->text, c->room);
    gy_free(c->ctx, c->text);
    c->text = text;
    c->room *= 2;
    return GY_OK;
}

/* What is left at the end is torn. */
static gy_status sort_lines(cutting *c, int64_t at)
{
    size_t held = 0, got = 1;
    while (got > 0) {
        if (held == c->room) GY_TRY(make_room(c));
        GY_TRY(read_at(c, at + (int64_t)held, c->room - held, c->text + held, &got));
        size_t taken = take_lines(c, at, held + got);
        held += got - taken;
        memmove(c->text, c->text + taken, held);
        at += (int64_t)taken;
    }
    if (held > 0 && c->end < 0) c->end = at;
    return c->kept.status;
}

static gy_status cut(cutting *c)
{
    struct stat info;
    int64_t from = 0;
    if (fstat(c->fd, &info) != 0) return fail(c, "look at");
    c->size = (int64_t)info.st_size;
    if (c->step > 0) {
        GY_TRY(find_start(c, &from));
        GY_TRY(sort_lines(c, from));
    } else {
        c->end = 0; /* a new run */
    }
    if (c->end < 0) return GY_OK;
    if (ftruncate(c->fd, (off_t)c->end) != 0) return fail(c, "cut");
    if (lseek(c->fd, 0, SEEK_END) < 0) return fail(c, "cut");
    return gy_file_append(c->ctx, c->fd, c->path, gy_buffer_text(&c->kept), c->kept.bytes);
}

gy_status gy_journal_rewind(gy_context *ctx, const char *path, int64_t step)
{
    cutting c = {.ctx = ctx, .path = path, .step = step, .room = BLOCK, .end = -1};
    c.fd = open(path, O_RDWR | O_CLOEXEC);
    if (c.fd < 0 && errno == ENOENT) return GY_OK;
    if (c.fd < 0) return fail(&c, "open");
    gy_buffer_init(&c.kept, ctx);
    gy_status status = gy_new_array(ctx, BLOCK, &c.text);
    if (status == GY_OK) status = cut(&c);
    gy_free(ctx, c.text);
    gy_buffer_clear(&c.kept);
    (void)close(c.fd);
    return status;
}
