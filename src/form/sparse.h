/** Compressed rows: for those who compute with them. */
#ifndef GY_FORM_SPARSE_H
#define GY_FORM_SPARSE_H

#include "form.h"

/* Row r has elements starts[r] … starts[r + 1] − 1: their columns, ascending, and values; these are
 * numbers of 8 bits with a scale for each row where there are scales. */
enum { GY_SPARSE_STARTS, GY_SPARSE_COLUMNS, GY_SPARSE_VALUES, GY_SPARSE_SCALES };

static inline int32_t gy_sparse_column(const gy_form *f, int64_t i)
{
    return f->parts[GY_SPARSE_COLUMNS].type == GY_ELEMENT_int16
               ? GY_FORM_V(f, GY_SPARSE_COLUMNS, int16_t)[i]
               : GY_FORM_V(f, GY_SPARSE_COLUMNS, int32_t)[i];
}

static inline float gy_sparse_value(const gy_form *f, int64_t row, int64_t i)
{
    return f->parts[GY_SPARSE_SCALES].count == 0
               ? GY_FORM_V(f, GY_SPARSE_VALUES, float)[i]
               : GY_FORM_V(f, GY_SPARSE_SCALES, float)[row] *
                     (float)GY_FORM_V(f, GY_SPARSE_VALUES, int8_t)[i];
}

#endif
