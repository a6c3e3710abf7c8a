/** A growing text, always closed by a zero byte. A failed growth is remembered, not lost. */
#ifndef GY_BASE_BUFFER_H
#define GY_BASE_BUFFER_H

#include "alloc.h"

typedef struct gy_buffer {
    gy_context *ctx;
    char *text;   /* never NULL after the first append; owned */
    size_t bytes; /* without the zero */
    size_t room;
    gy_status status; /* the first failure; later appends do nothing */
} gy_buffer;

void gy_buffer_init(gy_buffer *b, gy_context *ctx);
void gy_buffer_clear(gy_buffer *b);

/** Empties it, keeps the memory. */
void gy_buffer_reset(gy_buffer *b);

void gy_buffer_add(gy_buffer *b, const char *text);
void gy_buffer_add_bytes(gy_buffer *b, const void *bytes, size_t n);
void gy_buffer_format(gy_buffer *b, const char *format, ...) GY_FORMAT(2, 3);

/** The text, "" if empty; owned by the buffer until the next change. */
const char *gy_buffer_text(const gy_buffer *b);

#endif
