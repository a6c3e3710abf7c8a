/* PNG (ISO/IEC 15948): signature, then chunks of length, type, bytes, checksum: IHDR, IDAT, IEND. */
#include "png.h"

#include "zlib_impl.h"

#include <string.h>

static void put_number(unsigned char out[4], uint32_t v)
{
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void add_chunk(gy_buffer *out, const char type[5], const unsigned char *bytes, uint32_t n)
{
    unsigned char number[4];
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (n > 0) crc = crc32(crc, bytes, n);
    put_number(number, n);
    gy_buffer_add_bytes(out, number, sizeof number);
    gy_buffer_add_bytes(out, type, 4);
    if (n > 0) gy_buffer_add_bytes(out, bytes, n);
    put_number(number, (uint32_t)crc);
    gy_buffer_add_bytes(out, number, sizeof number);
}

/* Rows behind a byte each that says how they are filtered: not at all. @param packed  [compressBound()] */
static bool pack(int width, int height, const unsigned char *rgb, unsigned char *plain,
                 unsigned char *packed, uLongf *n)
{
    const size_t row = 3 * (size_t)width;
    for (int i = 0; i < height; i++) {
        plain[(size_t)i * (row + 1)] = 0;
        memcpy(plain + (size_t)i * (row + 1) + 1, rgb + (size_t)i * row, row);
    }
    return compress(packed, n, plain, (uLong)((row + 1) * (size_t)height)) == Z_OK;
}

void gy_png_print(int width, int height, const unsigned char *rgb, gy_buffer *out)
{
    enum { HEAD = 13, BITS = 8, COLOURS = 2 };
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char head[HEAD] = {0}, *plain = NULL, *packed = NULL;
    const size_t bytes = (3 * (size_t)width + 1) * (size_t)height;
    uLongf n = compressBound((uLong)bytes);
    gy_status status = gy_new_array(out->ctx, (int64_t)bytes, &plain);
    if (status == GY_OK) status = gy_new_array(out->ctx, (int64_t)n, &packed);
    if (status == GY_OK && !pack(width, height, rgb, plain, packed, &n)) status = GY_E_NOMEM;
    if (status == GY_OK) {
        put_number(head, (uint32_t)width);
        put_number(head + 4, (uint32_t)height);
        head[8] = BITS;
        head[9] = COLOURS;
        gy_buffer_add_bytes(out, signature, sizeof signature);
        add_chunk(out, "IHDR", head, HEAD);
        add_chunk(out, "IDAT", packed, (uint32_t)n);
        add_chunk(out, "IEND", NULL, 0);
    }
    if (out->status == GY_OK) out->status = status;
    gy_free(out->ctx, packed);
    gy_free(out->ctx, plain);
}
