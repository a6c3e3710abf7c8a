/* Numbers as files hold them. */
#include "element.h"

#include "base/half.h"

#include <string.h>

const char *gy_element_name(gy_element_type type)
{
    static const char *const names[3][4] = {{"uint8", "uint16", "uint32", "uint64"},
                                            {"int8", "int16", "int32", "int64"},
                                            {"float8", "float16", "float32", "float64"}};
    int size = type.bytes == 1 ? 0 : type.bytes == 2 ? 1 : type.bytes == 4 ? 2 : 3;
    return names[type.kind == 'u' ? 0 : type.kind == 'i' ? 1 : 2][size];
}

static uint64_t bits_of(gy_element_type type, const uint8_t *b)
{
    uint64_t v = 0;
    for (int i = 0; i < type.bytes; i++) v = v << 8 | b[type.big ? i : type.bytes - 1 - i];
    return v;
}

static float element(gy_element_type type, const uint8_t *b)
{
    const uint64_t bits = bits_of(type, b);
    if (type.kind == 'u') return (float)bits;
    if (type.kind == 'i') { /* carry the sign up */
        const int unused = 64 - 8 * type.bytes;
        return (float)((int64_t)(bits << unused) >> unused);
    }
    if (type.bytes == 2) return gy_float_of_half((uint16_t)bits);
    if (type.bytes == 4) return gy_float_of((uint32_t)bits);
    double v;
    memcpy(&v, &bits, sizeof v);
    return (float)v;
}

void gy_elements_read(gy_element_type type, const uint8_t *from, int64_t n, float *out)
{
    const uint16_t one = 1;
    const bool native = type.big == (*(const uint8_t *)&one == 0);
    if (type.kind == 'u' && type.bytes == 1) {
        for (int64_t i = 0; i < n; i++) out[i] = (float)from[i];
    } else if (type.kind == 'f' && type.bytes == 4 && native) {
        memcpy(out, from, (size_t)n * sizeof *out);
    } else {
        for (int64_t i = 0; i < n; i++) out[i] = element(type, from + i * type.bytes);
    }
}
