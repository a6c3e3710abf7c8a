/* What the ways to a matrix product share: gemm.c by BLAS, gemm_packed.c by panels, gemm_few.c by packed ones. */
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
    const float
        *packed; /* op(B) in panels [panels, gy_units(inner), 16]; NULL: b is to be packed */
    float *c;
    int64_t lda, ldb, ldc;
    const float *bias; /* [n] or NULL */
    gy_activation activation;
    float *y; /* [m, ldc]; NULL: no epilogue */
    float *
        sums; /* with transpose_a, by panels, alpha 1: [m] = beta_sums sums + Σ op(A)[m, …]; or NULL */
    float beta_sums;
} gy_product;

/** Rows [from, to) and columns likewise of a product. */
typedef struct gy_block_of {
    int64_t m0, m1, n0, n1;
} gy_block_of;

/** A product, spread over the kernel's threads. */
void gy_gemm_run(const gy_kernel *k, const gy_product *p);

/**
 * A product without epilogue, of a positive inner dimension, on the calling thread alone, for use inside a kernel's
 * own parallel loop.
 * @param thread  its number in the loop's team
 */
void gy_gemm_alone(const gy_kernel *k, int thread, const gy_product *p);

/** Floats of work that a thread needs for gy_gemm_packed(). */
extern const int64_t gy_gemm_packed_work;

/** Whether panels do it: in bfloat16 always, in float32 where they are likely faster than BLAS, by level and shape. */
bool gy_gemm_packs(const gy_kernel *k, int64_t m, int64_t n, int64_t inner);

/** Whether this machine's second-level cache holds a block of B: what comes next of B is then fetched ahead. */
bool gy_gemm_fetches(void);

/** Numbers of the inner dimension that are added up at once, but for the last. */
int64_t gy_gemm_depth(const gy_kernel *k, int64_t inner);

/** Whether a product is better off without the care that many rows are worth. */
bool gy_gemm_is_few(const gy_kernel *k, const gy_product *p);

/** A block of it on this thread; same work and polls as of gy_gemm_packed(). */
void gy_gemm_few(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls, float *work);

/** A block of a product on this thread, which polls if it is the one that called. */
void gy_gemm_packed(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls,
                    float *work);

/** Flop on a thread since it polled last, which it does if it is the one that called. */
typedef struct gy_polls {
    bool polls;
    double flop;
} gy_polls;

/** Adds to them, and polls each 50 MFLOP. */
void gy_gemm_poll(const gy_kernel *k, gy_polls *since, double flop);

/** Activation, and bias where wanted, of a block of C. */
void gy_gemm_finish(const gy_kernel *k, const gy_product *p, gy_block_of at, bool bias);

#endif
