#include "numbers.h"

#include "base/half.h"

#include <string.h>

static uint64_t bits(const unsigned char *b, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | b[i];
    return v;
}

static float as_F32(uint64_t v)
{
    return gy_float_of((uint32_t)v);
}

static float as_F64(uint64_t v)
{
    double x;
    memcpy(&x, &v, sizeof x);
    return (float)x;
}

static float as_F16(uint64_t v)
{
    return gy_float_of_half((uint16_t)v);
}

static float as_BF16(uint64_t v)
{
    return gy_float_of_bfloat((uint16_t)v);
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
