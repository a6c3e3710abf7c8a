/**
 * Products of our own, over a right side that is packed into panels of 16 columns: for operands
 * that many products share (recurrent weights), for few rows, and inside gy_gemm. The sums of an
 * element are made in the order of the inner dimension.
 */
#ifndef GY_KERNEL_PACKED_H
#define GY_KERNEL_PACKED_H

#include "kernel.h"

#include <stdbool.h>

/** Floats of op(B) [inner, n] when packed. */
int64_t gy_packed_floats(int64_t n, int64_t inner);

/**
 * Packs alpha op(B) [inner, n].
 *
 * @param packed  [gy_packed_floats(n, inner)], 64-byte aligned; must not overlap b
 */
void gy_pack(const gy_kernel *k, bool transpose, int64_t n, int64_t inner, float alpha,
             const float *b, int64_t ldb, float *packed);

/** C = A B + bias, or C += A B with add (then without bias), for B packed. */
typedef struct gy_packed_product {
    int64_t m, n, inner;
    const float *a; /* [m, inner], rows lda apart */
    int64_t lda;
    const float *packed;
    const float *bias; /* [n]; NULL: none */
    bool add;
    float *c; /* [m, n], rows ldc apart; no part of it may lie in a */
    int64_t ldc;
} gy_packed_product;

/** Spread over the kernel's threads. The same bits for any number of threads. */
void gy_packed_multiply(const gy_kernel *k, const gy_packed_product *p);

/** Columns [from, to) on the calling thread, for use within a kernel's own loop; from in 16s. */
void gy_packed_columns(const gy_kernel *k, const gy_packed_product *p, int64_t from, int64_t to);

#endif
