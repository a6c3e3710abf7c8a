/** The forms of tensors. To add one: kinds/NAME.c and a line here. */
#ifndef GY_FORM_FORM_LIST_H
#define GY_FORM_FORM_LIST_H

#include "form.h"

#define GY_FORM_LIST(X)                                                                            \
    X(int8)                                                                                        \
    X(int4)                                                                                        \
    X(float16)                                                                                     \
    X(bfloat16)                                                                                    \
    X(shared)                                                                                      \
    X(sparse)

#define GY_FORM_DECLARE(name) extern const gy_form_kind gy_form_##name;
GY_FORM_LIST(GY_FORM_DECLARE)
#undef GY_FORM_DECLARE

#endif
