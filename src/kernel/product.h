/**
 * Products with an operand in a form (form/form.h): computed from the form as it lies, or of a few rows of it
 * at a time as floats. Who asks for one does not know the form.
 */
#ifndef GY_KERNEL_PRODUCT_H
#define GY_KERNEL_PRODUCT_H

#include "activation.h"
#include "form/form.h"

/** Whether products read the form itself; else it must be expanded before. */
bool gy_product_can(const gy_form *w);

/**
 * y = a(x Wᵀ + b): x [rows, W's columns], y [rows, W's rows], bias [W's rows] or NULL. Spread over the
 * kernel's threads.
 */
void gy_product_forward(const gy_kernel *k, int64_t rows, const float *x, const gy_form *w,
                        const float *bias, gy_activation a, float *y);
/** The same without an activation, rows of y being y_row floats apart. */
void gy_product_forward_rows(const gy_kernel *k, int64_t rows, const float *x, const gy_form *w,
                             const float *bias, float *y, int64_t y_row);

/** Tells a form that is asked for it (gy_form.seen) what n numbers it is multiplied with. */
void gy_product_note(const gy_kernel *k, const gy_form *w, int64_t n, const float *x);

/** All of a form as floats; spread over the kernel's threads. */
void gy_product_expand(const gy_kernel *k, const gy_form *w, float *out);

#endif
