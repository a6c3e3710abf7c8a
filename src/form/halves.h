/** What the forms of 16 bits have alike: a number a word, each rounded by itself. Inside the room only. */
#ifndef GY_FORM_HALVES_H
#define GY_FORM_HALVES_H

#include "form_list.h"

enum { GY_HALVES };

static inline gy_status gy_halves_pack(gy_pool *pool, const float *w, gy_form *f,
                                       uint16_t (*of)(float))
{
    const int64_t n = f->rows * f->columns;
    GY_TRY(gy_form_part_new(pool, f, GY_HALVES, GY_ELEMENT_int16, n));
    uint16_t *values = GY_FORM_V(f, GY_HALVES, uint16_t);
    for (int64_t i = 0; i < n; i++) values[i] = of(w[i]);
    return GY_OK;
}

static inline void gy_halves_expand(const gy_form *f, int64_t from, int64_t n, float *out,
                                    float (*as)(uint16_t))
{
    const uint16_t *values = GY_FORM_V(f, GY_HALVES, uint16_t) + from * f->columns;
    for (int64_t i = 0; i < n * f->columns; i++) out[i] = as(values[i]);
}

static inline bool gy_halves_are_valid(const gy_form *f)
{
    return f->parts[GY_HALVES].count == f->rows * f->columns;
}

#endif
