/* A field is its number and type in a varint, then a varint, 4 or 8 bytes, or a length and so many bytes. */
#include "wire.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void add_varint(gy_buffer *b, uint64_t v)
{
    unsigned char bytes[10];
    size_t n = 0;
    do {
        bytes[n] = (unsigned char)(v & 0x7f);
        v >>= 7;
        if (v > 0) bytes[n] |= 0x80;
        n++;
    } while (v > 0);
    gy_buffer_add_bytes(b, bytes, n);
}

static void add_key(gy_buffer *b, int field, int type)
{
    add_varint(b, (uint64_t)field << 3 | (uint64_t)type);
}

void gy_wire_int(gy_buffer *b, int field, int64_t value)
{
    add_key(b, field, VARINT);
    add_varint(b, (uint64_t)value);
}

void gy_wire_float(gy_buffer *b, int field, float value)
{
    uint32_t bits;
    unsigned char bytes[4];
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(bits >> (8 * i));
    add_key(b, field, FIXED32);
    gy_buffer_add_bytes(b, bytes, sizeof bytes);
}

void gy_wire_head(gy_buffer *b, int field, uint64_t n)
{
    add_key(b, field, BYTES);
    add_varint(b, n);
}

void gy_wire_bytes(gy_buffer *b, int field, const void *bytes, size_t n)
{
    gy_wire_head(b, field, n);
    if (n > 0) gy_buffer_add_bytes(b, bytes, n);
}

void gy_wire_text(gy_buffer *b, int field, const char *text)
{
    gy_wire_bytes(b, field, text, strlen(text));
}

void gy_wire_ints(gy_buffer *b, int field, const int64_t *v, int n)
{
    for (int i = 0; i < n; i++) gy_wire_int(b, field, v[i]);
}

static bool take_varint(gy_wire *w, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; w->at < w->end && shift < 64; shift += 7) {
        unsigned char byte = *w->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    w->broken = true;
    return false;
}

static bool take_bytes(gy_wire *w, uint64_t n, gy_wire *out)
{
    if (n > gy_wire_left(w)) {
        w->broken = true;
        return false;
    }
    *out = (gy_wire){.at = w->at, .end = w->at + n};
    w->at += n;
    return true;
}

bool gy_wire_next_int(gy_wire *w, int64_t *out)
{
    uint64_t v;
    if (w->at == w->end || !take_varint(w, &v)) return false;
    *out = (int64_t)v;
    return true;
}

bool gy_wire_next(gy_wire *w, gy_wire_field *out)
{
    uint64_t key, v = 0;
    *out = (gy_wire_field){.bytes = {w->at, w->at, false}};
    if (w->broken || w->at == w->end || !take_varint(w, &key)) return false;
    if (key >> 3 == 0 || key >> 3 > 1 << 29) w->broken = true;
    out->number = (int)(key >> 3 & 0x1fffffff);
    switch (key & 7) {
    case VARINT:
        if (take_varint(w, &v)) out->value = (int64_t)v;
        break;
    case FIXED64:
        (void)take_bytes(w, 8, &out->bytes);
        break;
    case BYTES:
        if (take_varint(w, &v)) (void)take_bytes(w, v, &out->bytes);
        break;
    case FIXED32:
        (void)take_bytes(w, 4, &out->bytes);
        break;
    default: /* groups, which nobody writes any more */
        w->broken = true;
    }
    return !w->broken;
}
