/* A growing text. */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void gy_buffer_init(gy_buffer *b, gy_context *ctx)
{
    *b = (gy_buffer){.ctx = ctx};
}

void gy_buffer_clear(gy_buffer *b)
{
    gy_free(b->ctx, b->text);
    gy_buffer_init(b, b->ctx);
}

void gy_buffer_reset(gy_buffer *b)
{
    b->bytes = 0;
    b->status = GY_OK;
    if (b->text != NULL) b->text[0] = '\0';
}

/* Makes room for n more bytes and the zero. */
static bool grow(gy_buffer *b, size_t n)
{
    if (b->status != GY_OK) return false;
    size_t needed = b->bytes + n + 1;
    if (needed <= b->room) return true;
    size_t room = b->room * 2 > needed ? b->room * 2 : needed + 64;
    char *text;
    b->status = gy_alloc(b->ctx, room, (void **)&text);
    if (b->status != GY_OK) return false;
    if (b->bytes > 0) memcpy(text, b->text, b->bytes);
    gy_free(b->ctx, b->text);
    b->text = text;
    b->room = room;
    return true;
}

void gy_buffer_add_bytes(gy_buffer *b, const void *bytes, size_t n)
{
    if (!grow(b, n)) return;
    if (n > 0) memcpy(b->text + b->bytes, bytes, n);
    b->bytes += n;
    b->text[b->bytes] = '\0';
}

void gy_buffer_add(gy_buffer *b, const char *text)
{
    gy_buffer_add_bytes(b, text, strlen(text));
}

void gy_buffer_format(gy_buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !grow(b, (size_t)n)) return;
    va_start(args, format);
    (void)vsnprintf(b->text + b->bytes, (size_t)n + 1, format, args);
    va_end(args);
    b->bytes += (size_t)n;
}

const char *gy_buffer_text(const gy_buffer *b)
{
    return b->text == NULL ? "" : b->text;
}
