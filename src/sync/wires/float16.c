/* IEEE 754 binary16, each message scaled by a power of two so that its largest finite number lies
 * between 2^14 and 2^15: what is lost is below 2^-39 of the largest, or a number's own 2^-11.
 *
 * The scale is that of the largest rounded up to 11 bits: so it is the same when what was decoded is
 * encoded again, and so are the numbers. The message begins with the factor that undoes it, 2^-126 at
 * least: by then all places of a float32 are kept. Infinity and NaN arrive as they are, and what is
 * above the largest float32 of 11 bits by half a place as infinity; the others are not touched by
 * them. */
#include "../wire_list.h"

#include "base/half.h"

#include <math.h>
#include <string.h>

/* The exponent of the largest finite one, rounded to 11 bits. */
static int exponent(int64_t n, const float *x)
{
    uint32_t most = 0; /* numbers without sign are ordered as their bits are */
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = gy_bits_of(x[i]) & 0x7fffffff;
        u = u < 0x7f800000 ? u : 0;
        most = u > most ? u : most;
    }
    return (int)((most + 0x1000) >> 23) - 127;
}

static void encode(int64_t n, const float *x, void *out)
{
    const int least = -112, e = exponent(n, x), shift = 14 - (e > least ? e : least);
    const float back = ldexpf(1, -shift), scale = ldexpf(1, shift);
    uint16_t *h = (uint16_t *)out + sizeof back / sizeof *h;
    memcpy(out, &back, sizeof back);
    for (int64_t i = 0; i < n; i++) h[i] = gy_half_of(x[i] * scale);
}

static void decode(int64_t n, const void *in, float *x)
{
    float back;
    memcpy(&back, in, sizeof back);
    const uint16_t *h = (const uint16_t *)in + sizeof back / sizeof *h;
    for (int64_t i = 0; i < n; i++) x[i] = gy_float_of_half(h[i]) * back;
}

static void add(int64_t n, const void *in, float *x)
{
    float back;
    memcpy(&back, in, sizeof back);
    const uint16_t *h = (const uint16_t *)in + sizeof back / sizeof *h;
    for (int64_t i = 0; i < n; i++) x[i] += gy_float_of_half(h[i]) * back;
}

static const gy_wire wire = {.bytes = sizeof(uint16_t),
                             .head = sizeof(float),
                             .error = 0x1p-11,
                             .floor = 0x1p-39,
                             .encode = encode,
                             .decode = decode,
                             .add = add};

const gy_wire_kind gy_wire_float16 = {
    .kind = {.name = "float16", .help = "16 bits: 11 bits of precision, scaled message by message"},
    .wire = &wire,
};
