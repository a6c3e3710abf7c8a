/* The upper half of a float32, rounded to the nearest, ties to even: its range, 8 bits of precision.
 * What is above the largest by half a place becomes infinite, what is below 2^-133 loses places. */
#include "../wire_list.h"

#include "base/half.h"

static void encode(int64_t n, const float *x, void *out)
{
    uint16_t *h = out;
    for (int64_t i = 0; i < n; i++) h[i] = gy_bfloat_of(x[i]);
}

static void decode(int64_t n, const void *in, float *x)
{
    const uint16_t *h = in;
    for (int64_t i = 0; i < n; i++) x[i] = gy_float_of_bfloat(h[i]);
}

static void add(int64_t n, const void *in, float *x)
{
    const uint16_t *h = in;
    for (int64_t i = 0; i < n; i++) x[i] += gy_float_of_bfloat(h[i]);
}

static const gy_wire wire = {
    .bytes = sizeof(uint16_t), .error = 0x1p-8, .encode = encode, .decode = decode, .add = add};

const gy_wire_kind gy_wire_bfloat16 = {
    .kind = {.name = "bfloat16", .help = "16 bits: the range of float32, 8 bits of precision"},
    .wire = &wire,
};
