/**
 * Numbers of 16 bits: IEEE 754 binary16, and bfloat16, the upper half of a float32. To the nearest, ties to
 * even; infinity and NaN stay. Local.
 */
#ifndef GY_BASE_HALF_H
#define GY_BASE_HALF_H

#include "bits.h"

/* To the nearest, ties to even; small ones by an addition that shifts the last bit to its place. */
static inline uint16_t gy_half_of(float x)
{
    uint32_t u = gy_bits_of(x), sign = u & 0x80000000u, odd = u >> 13 & 1;
    u ^= sign;
    uint32_t normal = (u - (112u << 23) + 0xfff + odd) >> 13;
    uint32_t small = gy_bits_of(gy_float_of(u) + 0.5f) - gy_bits_of(0.5f);
    uint32_t large = u > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t h = u < 113u << 23 ? small : u < 143u << 23 ? normal : large;
    return (uint16_t)(sign >> 16 | h);
}

static inline float gy_float_of_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, u = (uint32_t)(h & 0x7fff) << 13;
    float small = gy_float_of(u + (113u << 23)) - gy_float_of(113u << 23);
    float large = gy_float_of(u + (224u << 23)), normal = gy_float_of(u + (112u << 23));
    float x = u < 1u << 23 ? small : u < 31u << 23 ? normal : large;
    return gy_float_of(gy_bits_of(x) | sign);
}

static inline uint16_t gy_bfloat_of(float x)
{
    uint32_t u = gy_bits_of(x);
    uint32_t up = u + 0x7fff + (u >> 16 & 1);
    uint32_t quiet = u | 0x400000; /* what is no number stays none */
    return (uint16_t)(((u & 0x7fffffff) > 0x7f800000 ? quiet : up) >> 16);
}

static inline float gy_float_of_bfloat(uint16_t h)
{
    return gy_float_of((uint32_t)h << 16);
}

#endif
