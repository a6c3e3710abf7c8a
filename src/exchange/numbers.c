#include "numbers.h"

#include <math.h>
#include <string.h>

static uint64_t bits(const unsigned char *b, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | b[i];
    return v;
}

static float as_F32(uint64_t v)
{
    float x;
    uint32_t b = (uint32_t)v;
    memcpy(&x, &b, sizeof x);
    return x;
}

static float as_F64(uint64_t v)
{
    double x;
    memcpy(&x, &v, sizeof x);
    return (float)x;
}

/* 1 sign, 5 exponent, 10 fraction. */
static float as_F16(uint64_t v)
{
    int exponent = (int)(v >> 10 & 31);
    float fraction = (float)(v & 1023), sign = v >> 15 & 1 ? -1.0f : 1.0f;
    if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
    if (exponent == 0) return sign * ldexpf(fraction, -24);
    return sign * ldexpf(fraction + 1024, exponent - 25);
}

static float as_BF16(uint64_t v)
{
    return as_F32(v << 16);
}

#define WHOLE(name, type)                                                                          \
    static float as_##name(uint64_t v)                                                             \
    {                                                                                              \
        return (float)(type)v;                                                                     \
    }
WHOLE(I64, int64_t)
WHOLE(I32, int32_t)
WHOLE(I16, int16_t)
WHOLE(I8, int8_t)
WHOLE(U64, uint64_t)
WHOLE(U32, uint32_t)
WHOLE(U16, uint16_t)
WHOLE(U8, uint8_t)
WHOLE(BOOL, uint8_t)

#define CONVERT(name, size)                                                                        \
    static void convert_##name(int64_t n, const unsigned char *from, float *to)                    \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) to[i] = as_##name(bits(from + i * (size), size));          \
    }
GY_NUMBER_LIST(CONVERT)

#define ENTRY(name, size) {#name, size, convert_##name},
const gy_number_kind gy_numbers[GY_NUMBERS] = {GY_NUMBER_LIST(ENTRY)};

int gy_numbers_find(const char *name)
{
    for (int i = 0; i < GY_NUMBERS; i++)
        if (strcmp(gy_numbers[i].name, name) == 0) return i;
    return -1;
}
