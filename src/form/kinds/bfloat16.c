/* The upper halves of float32: each rounded by itself. */
#include "../halves.h"

#include "base/half.h"

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    (void)settings;
    return gy_halves_pack(pool, w, f, gy_bfloat_of);
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    gy_halves_expand(f, from, n, out, gy_float_of_bfloat);
}

const gy_form_kind gy_form_bfloat16 = {
    .kind = {"bfloat16", "the upper halves of float32", NULL, 0},
    .parts = {{"values", 1U << GY_ELEMENT_int16}},
    .pack = pack,
    .expand = expand,
    .is_valid = gy_halves_are_valid,
};
