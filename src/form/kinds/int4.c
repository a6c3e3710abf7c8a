/*
 * Whole numbers of 4 bits, two in a byte, with a scale for 32 of a row: w = scale (code − 8), codes from 1
 * to 15, so that zero stays zero. What is missing in the last group of a row is zero.
 */
#include "../form_list.h"

#include "../int4.h"
#include "base/count.h"

#include <math.h>

enum { MOST = 7 };

static int64_t groups_of(const gy_form *f)
{
    return gy_pieces(f->columns, GY_INT4_GROUP);
}

static void pack_group(int64_t n, const float *w, uint8_t *codes, float *scale)
{
    float most = 0;
    for (int64_t i = 0; i < n; i++) most = fmaxf(most, fabsf(w[i]));
    *scale = most > 0 ? most / MOST : 1;
    for (int64_t i = 0; i < GY_INT4_GROUP; i++) {
        const float code = i < n ? rintf(w[i] / *scale) : 0;
        const unsigned u = (unsigned)((int)code + GY_INT4_ZERO);
        codes[i % GY_INT4_BYTES] |= (uint8_t)(i < GY_INT4_BYTES ? u : u << 4);
    }
}

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    (void)settings;
    const int64_t groups = groups_of(f), all = f->rows * groups;
    for (int64_t i = 0; i < f->rows * f->columns; i++)
        GY_REQUIRE(isfinite(w[i]), GY_E_DATA, "cannot quantize" GY_WHY "a value is not finite");
    GY_TRY(gy_form_part_new(pool, f, GY_INT4_CODES, GY_ELEMENT_uint8, all * GY_INT4_BYTES));
    GY_TRY(gy_form_part_new(pool, f, GY_INT4_SCALES, GY_ELEMENT_float32, all));
    for (int64_t i = 0; i < all; i++) {
        const int64_t row = i / groups, at = i % groups * GY_INT4_GROUP;
        pack_group(gy_least(GY_INT4_GROUP, f->columns - at), w + row * f->columns + at,
                   GY_FORM_V(f, GY_INT4_CODES, uint8_t) + i * GY_INT4_BYTES,
                   GY_FORM_V(f, GY_INT4_SCALES, float) + i);
    }
    return GY_OK;
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    const int64_t groups = groups_of(f);
    for (int64_t r = from; r < from + n; r++)
        for (int64_t i = 0; i < f->columns; i++) {
            const int64_t g = r * groups + i / GY_INT4_GROUP, k = i % GY_INT4_GROUP;
            const uint8_t *codes = GY_FORM_V(f, GY_INT4_CODES, uint8_t) + g * GY_INT4_BYTES;
            const int both = codes[k % GY_INT4_BYTES],
                      code = k < GY_INT4_BYTES ? both & 15 : both >> 4;
            *out++ = GY_FORM_V(f, GY_INT4_SCALES, float)[g] * (float)(code - GY_INT4_ZERO);
        }
}

static bool is_valid(const gy_form *f)
{
    const int64_t all = f->rows * groups_of(f);
    return f->parts[GY_INT4_CODES].count == all * GY_INT4_BYTES &&
           f->parts[GY_INT4_SCALES].count == all;
}

const gy_form_kind gy_form_int4 = {
    .kind = {"int4", "whole numbers of 4 bits, a scale for 32 of them", NULL, 0},
    .parts = {{"codes", 1U << GY_ELEMENT_uint8}, {"scales", 1U << GY_ELEMENT_float32}},
    .pack = pack,
    .expand = expand,
    .is_valid = is_valid,
};
