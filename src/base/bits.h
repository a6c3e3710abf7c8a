/** A float's bits, and the float that bits stand for. Local. */
#ifndef GY_BASE_BITS_H
#define GY_BASE_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t gy_bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float gy_float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
