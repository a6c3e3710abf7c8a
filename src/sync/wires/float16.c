/* IEEE 754 binary16, each message scaled by a power of two so that its largest number lies between
 * 2^14 and 2^15: nothing overflows, and what is lost is below 2^-39 of the largest.
 *
 * The scale is chosen a little up, for numbers that round up to the next power of two: so it is the
 * same, or finer, when what was decoded is encoded again, and the numbers are the same. The message
 * begins with the factor that undoes it. */
#include "../wire_list.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* To the nearest, ties to even; small ones by an addition that shifts the last bit to its place. */
static uint16_t rounded(float x)
{
    uint32_t u = bits_of(x), sign = u & 0x80000000u, odd = u >> 13 & 1;
    u ^= sign;
    uint32_t normal = (u - (112u << 23) + 0xfff + odd) >> 13;
    uint32_t small = bits_of(float_of(u) + 0.5f) - bits_of(0.5f);
    uint32_t large = u > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t h = u < 113u << 23 ? small : u < 143u << 23 ? normal : large;
    return (uint16_t)(sign >> 16 | h);
}

static float widened(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, u = (uint32_t)(h & 0x7fff) << 13;
    float small = float_of(u + (113u << 23)) - float_of(113u << 23);
    float large = float_of(u + (224u << 23)), normal = float_of(u + (112u << 23));
    float x = u < 1u << 23 ? small : u < 31u << 23 ? normal : large;
    return float_of(bits_of(x) | sign);
}

static float largest(int64_t n, const float *x)
{
    uint32_t most = 0; /* numbers without sign are ordered as their bits are */
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = bits_of(x[i]) & 0x7fffffff;
        most = u > most ? u : most;
    }
    return float_of(most);
}

static void encode(int64_t n, const float *x, void *out)
{
    float most = largest(n, x), back = 1.0f;
    if (isfinite(most) && most >= 0x1p-100f)
        back = ldexpf(1.0f, ilogbf(most * (1 + 0x1p-11f)) - 14);
    uint16_t *h = (uint16_t *)out + sizeof back / sizeof *h;
    memcpy(out, &back, sizeof back);
    const float scale = 1 / back;
    for (int64_t i = 0; i < n; i++) h[i] = rounded(x[i] * scale);
}

static void decode(int64_t n, const void *in, float *x)
{
    float back;
    memcpy(&back, in, sizeof back);
    const uint16_t *h = (const uint16_t *)in + sizeof back / sizeof *h;
    for (int64_t i = 0; i < n; i++) x[i] = widened(h[i]) * back;
}

static void add(int64_t n, const void *in, float *x)
{
    float back;
    memcpy(&back, in, sizeof back);
    const uint16_t *h = (const uint16_t *)in + sizeof back / sizeof *h;
    for (int64_t i = 0; i < n; i++) x[i] += widened(h[i]) * back;
}

static const gy_wire wire = {.bytes = sizeof(uint16_t),
                             .head = sizeof(float),
                             .encode = encode,
                             .decode = decode,
                             .add = add};

const gy_wire_kind gy_wire_float16 = {
    .kind = {.name = "float16", .help = "16 bits: 11 bits of precision, scaled message by message"},
    .wire = &wire,
};
