/**
 * Protocol Buffers' wire format: fields of numbers, floats and bytes, of which messages are made. What is
 * read is not believed: a field that does not end within its message ends the reading. Local.
 */
#ifndef GY_EXCHANGE_WIRE_H
#define GY_EXCHANGE_WIRE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Writing: each appends a field. */
void gy_wire_int(gy_buffer *b, int field, int64_t value);
void gy_wire_float(gy_buffer *b, int field, float value);
void gy_wire_bytes(gy_buffer *b, int field, const void *bytes, size_t n);
void gy_wire_text(gy_buffer *b, int field, const char *text);
/** Of numbers: one field with all of them. */
void gy_wire_ints(gy_buffer *b, int field, const int64_t *v, int n);
/** The head of a field of n bytes, which the caller writes then. */
void gy_wire_head(gy_buffer *b, int field, uint64_t n);

/** A message while it is read. */
typedef struct gy_wire {
    const unsigned char *at, *end;
    bool broken; /* it does not end where it should */
} gy_wire;

typedef struct gy_wire_field {
    int number;
    int64_t value; /* of numbers; else 0 */
    gy_wire bytes; /* of texts, messages and packed numbers; of a float its 4 bytes; else empty */
} gy_wire_field;

/** The next field; false at the end, or where it is broken. */
bool gy_wire_next(gy_wire *w, gy_wire_field *out);
/** The next of packed numbers. */
bool gy_wire_next_int(gy_wire *w, int64_t *out);

static inline size_t gy_wire_left(const gy_wire *w)
{
    return (size_t)(w->end - w->at);
}

#endif
