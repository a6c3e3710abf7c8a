/** Rows of a table chosen by number: y[i] = w[token i]. */
#ifndef GY_KERNEL_EMBEDDING_H
#define GY_KERNEL_EMBEDDING_H

#include "form/form.h"
#include "kernel.h"

/**
 * @param tokens  [n] whole numbers from 0 to vocabulary − 1; any other gives a row of NaN, and no
 *                gradient
 * @param w       [vocabulary, units]
 * @param y       [n, units]
 */
void gy_embedding_forward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                          const float *tokens, const float *w, float *y);

/** The same of a table in a form, of which rows become floats one by one. */
void gy_embedding_forward_form(const gy_kernel *k, int64_t n, const float *tokens, const gy_form *w,
                               float *y);

/**
 * dw[token i] += dy[i]; with beta = 0 all rows are set to 0 first. Rows without a token are not
 * touched otherwise. Each element is added to in the order of the tokens, whatever the threads.
 */
void gy_embedding_backward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                           const float *tokens, const float *dy, float beta, float *dw);

#endif
