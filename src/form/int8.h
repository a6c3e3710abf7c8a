/** How int8 lies in its parts: codes of a row times its scale, and its offset where there is one. */
#ifndef GY_FORM_INT8_H
#define GY_FORM_INT8_H

#include "form.h"

enum { GY_INT8_CODES, GY_INT8_SCALES, GY_INT8_OFFSETS };

static inline bool gy_int8_is_affine(const gy_form *form)
{
    return form->parts[GY_INT8_OFFSETS].count > 0;
}

#endif
