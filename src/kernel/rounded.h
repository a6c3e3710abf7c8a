/**
 * Numbers as products of 8 bits see them, for training that is to stand them: weights as the form int8 has
 * them, a scale for each row; inputs as whole numbers of 7 bits, by the range of their row. What is not finite
 * stays so.
 */
#ifndef GY_KERNEL_ROUNDED_H
#define GY_KERNEL_ROUNDED_H

#include "kernel.h"

/** w [rows, columns] in place. */
void gy_round_weights(const gy_kernel *k, int64_t rows, int64_t columns, float *w);

/** y of x [rows, columns]; apart. */
void gy_round_inputs(const gy_kernel *k, int64_t rows, int64_t columns, const float *x, float *y);

#endif
