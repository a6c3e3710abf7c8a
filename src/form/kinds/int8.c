/*
 * Whole numbers of 8 bits with a scale for each row: w = scale code, codes from −127 to 127, so that zero
 * stays zero. Affine: w = scale code + offset, from the row's least value to its greatest.
 */
#include "../form_list.h"

#include "../int8.h"

#include <math.h>

enum { MOST = 127 };

typedef struct int8 {
    bool affine;
} int8;

static void pack_row(const gy_form *f, int64_t row, const float *w)
{
    float low = w[0], high = w[0];
    for (int64_t i = 0; i < f->columns; i++) {
        low = w[i] < low ? w[i] : low;
        high = w[i] > high ? w[i] : high;
    }
    const bool affine = gy_int8_is_affine(f);
    const float middle = affine ? low + (high - low) / 2 : 0;
    const float most = affine ? high - middle : fmaxf(-low, high);
    const float scale = most > 0 ? most / MOST : 1;
    int8_t *codes = GY_FORM_V(f, GY_INT8_CODES, int8_t) + row * f->columns;
    for (int64_t i = 0; i < f->columns; i++) {
        const float code = rintf((w[i] - middle) / scale);
        codes[i] = (int8_t)(code < -MOST ? -MOST : code > MOST ? MOST : code);
    }
    GY_FORM_V(f, GY_INT8_SCALES, float)[row] = scale;
    if (affine) GY_FORM_V(f, GY_INT8_OFFSETS, float)[row] = middle;
}

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    const int8 *s = settings;
    for (int64_t i = 0; i < f->rows * f->columns; i++)
        GY_REQUIRE(isfinite(w[i]), GY_E_DATA, "cannot quantize" GY_WHY "a value is not finite");
    GY_TRY(gy_form_part_new(pool, f, GY_INT8_CODES, GY_ELEMENT_int8, f->rows * f->columns));
    GY_TRY(gy_form_part_new(pool, f, GY_INT8_SCALES, GY_ELEMENT_float32, f->rows));
    if (s != NULL && s->affine)
        GY_TRY(gy_form_part_new(pool, f, GY_INT8_OFFSETS, GY_ELEMENT_float32, f->rows));
    for (int64_t r = 0; r < f->rows; r++) pack_row(f, r, w + r * f->columns);
    return GY_OK;
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    const int8_t *codes = GY_FORM_V(f, GY_INT8_CODES, int8_t) + from * f->columns;
    for (int64_t r = from; r < from + n; r++) {
        const float scale = GY_FORM_V(f, GY_INT8_SCALES, float)[r];
        const float offset = gy_int8_is_affine(f) ? GY_FORM_V(f, GY_INT8_OFFSETS, float)[r] : 0;
        for (int64_t i = 0; i < f->columns; i++) *out++ = scale * (float)*codes++ + offset;
    }
}

static bool is_valid(const gy_form *f)
{
    return f->parts[GY_INT8_CODES].count == f->rows * f->columns &&
           f->parts[GY_INT8_SCALES].count == f->rows &&
           (f->parts[GY_INT8_OFFSETS].count == 0 || f->parts[GY_INT8_OFFSETS].count == f->rows);
}

static const gy_setting rows[] = {
    {.key = "affine",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(int8, affine),
     .standard = "false",
     .help = "codes from the least value of a row to its greatest, by an offset"},
    GY_SETTING_END,
};

const gy_form_kind gy_form_int8 = {
    .kind = {"int8", "whole numbers of 8 bits, a scale for each row", rows, sizeof(int8)},
    .parts = {{"codes", 1U << GY_ELEMENT_int8},
              {"scales", 1U << GY_ELEMENT_float32},
              {"offsets", 1U << GY_ELEMENT_float32}},
    .pack = pack,
    .expand = expand,
    .is_valid = is_valid,
};
