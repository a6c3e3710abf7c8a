/* The upper halves of float32: each rounded by itself. */
#include "../form_list.h"

#include "base/half.h"

enum { VALUES };

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    (void)settings;
    const int64_t n = f->rows * f->columns;
    GY_TRY(gy_form_part_new(pool, f, VALUES, GY_ELEMENT_int16, n));
    uint16_t *values = GY_FORM_V(f, VALUES, uint16_t);
    for (int64_t i = 0; i < n; i++) values[i] = gy_bfloat_of(w[i]);
    return GY_OK;
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    const uint16_t *values = GY_FORM_V(f, VALUES, uint16_t) + from * f->columns;
    for (int64_t i = 0; i < n * f->columns; i++) out[i] = gy_float_of_bfloat(values[i]);
}

static bool is_valid(const gy_form *f)
{
    return f->parts[VALUES].count == f->rows * f->columns;
}

const gy_form_kind gy_form_bfloat16 = {
    .kind = {"bfloat16", "the upper halves of float32", NULL, 0},
    .parts = {{"values", 1U << GY_ELEMENT_int16}},
    .pack = pack,
    .expand = expand,
    .is_valid = is_valid,
};
