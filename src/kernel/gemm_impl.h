/** A product and its two ways. Inside the kernel room only. */
#ifndef GY_KERNEL_GEMM_IMPL_H
#define GY_KERNEL_GEMM_IMPL_H

#include "gemm.h"
#include "kernel_impl.h"

/** C = alpha op(A) op(B) + beta C and, with y, C += bias, y = activation(C). */
typedef struct gy_product {
    bool transpose_a, transpose_b;
    int64_t m, n, inner;
    float alpha, beta;
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc;
    const float *bias; /* [n] or NULL */
    gy_activation activation;
    float *y; /* [m, ldc]; NULL: no epilogue */
} gy_product;

/** Rows [m0, m1), columns [n0, n1) of C. */
typedef struct gy_block_of {
    int64_t m0, m1, n0, n1;
} gy_block_of;

/** Activation, and bias unless it is in already, of a block that is done. */
void gy_product_epilogue(const gy_kernel *k, const gy_product *p, gy_block_of b, bool bias_done);

/** Whether a block is better made of panels than by BLAS. */
bool gy_panels_suit(const gy_product *p, gy_block_of b);

/** Makes a block, with its epilogue, in the thread's part of the handle's work space. */
void gy_panels_run(const gy_kernel *k, const gy_product *p, gy_block_of b, int thread);

#endif
