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

/** All of a form as floats; spread over the kernel's threads. */
void gy_product_expand(const gy_kernel *k, const gy_form *w, float *out);

#endif
